"""The bytes of an upload while they come in: on disk, readable by nobody but this process.

WHY A KEY THAT IS NEVER KEPT. Until a file is whole it is nobody's, and most of what a killed door
leaves behind would be patients' data in the clear. So each draft is encrypted with AES in counter mode
under a key in memory: what is left of it after a crash is noise. Counter mode lets pieces come in any
order, as clients send them. The draft is not authenticated: nobody trusts it once this process is gone.
"""

from __future__ import annotations

import os
import secrets
from bisect import bisect_left
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from ingest.durable import OWNER_ONLY


AES_BLOCK = 16
# Clients have some 64 pieces under way; who scatters more than this is not sending a file.
MOST_GAPS = 1024


class ScatteredError(OSError):
    """The pieces of an upload lie too far apart."""


class Coverage:
    """Which bytes of a file have been written, as spans that neither touch nor overlap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Mark ``[start, end)`` as written.

        Raises:
            ScatteredError: there are too many gaps.
        """
        if start == end:
            return
        first = bisect_left(self._ends, start)
        last = first
        while last < len(self._starts) and self._starts[last] <= end:
            last += 1
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
        if len(self._starts) > MOST_GAPS:
            raise ScatteredError("The pieces of this upload lie too far apart.")

    def cut(self, size: int) -> None:
        """Forget what lies beyond `size`."""
        spans = [(start, min(end, size)) for start, end in zip(self._starts, self._ends, strict=True) if start < size]
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def is_whole(self, size: int) -> bool:
        """True if every byte up to `size` was written."""
        return size == 0 or (self._starts == [0] and self._ends == [size])


class Draft:
    """A file being received at a path of our own making, and a note beside it that says whose it is."""

    def __init__(self, path: Path, note: bytes) -> None:
        self._path = path
        # The note first: so that what a killed door leaves behind can be listed as torn.
        self._note = path.with_suffix(".json")
        with os.fdopen(os.open(self._note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
            file.write(note)
        self._key = AES(secrets.token_bytes(32))
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY)
        self._coverage = Coverage()
        self.size = 0

    def write(self, offset: int, data: bytes) -> None:
        """Put `data` at `offset`.

        Raises:
            OSError: the disk is full or failed; what was written is undefined.
        """
        # Marked first: what is refused as scattered must not grow the file.
        self._coverage.add(offset, offset + len(data))
        self.size = max(self.size, offset + len(data))
        hidden = memoryview(self._at(offset).update(data))
        while hidden:
            written = os.pwrite(self._descriptor, hidden, offset)
            offset += written
            hidden = hidden[written:]

    def resize(self, size: int) -> None:
        """Cut to `size`, or grow to it; what was grown is a hole until it is written."""
        os.ftruncate(self._descriptor, size)
        self._coverage.cut(size)
        self.size = size

    def is_whole(self) -> bool:
        """True if it has no holes."""
        return self._coverage.is_whole(self.size)

    def part(self, offset: int, length: int) -> bytes:
        """The `length` bytes at `offset`; fewer at the end."""
        return self._at(offset).update(os.pread(self._descriptor, length, offset))

    def reader(self) -> DraftReader:
        """Read it from the beginning."""
        return DraftReader(self._descriptor, self._at(0))

    def discard(self) -> None:
        """Close and remove it and its note; again does nothing."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
            self._path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)

    def _at(self, offset: int) -> CipherContext:
        """The key stream from `offset` on."""
        blocks, rest = divmod(offset, AES_BLOCK)
        stream = Cipher(self._key, CTR(blocks.to_bytes(AES_BLOCK, "big"))).encryptor()
        stream.update(bytes(rest))
        return stream


class DraftReader:
    """Reads a draft in order; for `ingest.vault.Vault.keep`."""

    def __init__(self, descriptor: int, stream: CipherContext) -> None:
        self._descriptor = descriptor
        self._stream = stream
        self._offset = 0

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        parts = []
        while size > 0 and (hidden := os.pread(self._descriptor, size, self._offset)):
            parts.append(self._stream.update(hidden))
            self._offset += len(hidden)
            size -= len(hidden)
        return b"".join(parts)
