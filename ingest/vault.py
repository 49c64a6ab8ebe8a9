"""The vault: the bytes as received, encrypted, each file once, under the SHA-256 of what it says.

THE FORMAT. A mark, a salt of 32 bytes, then pieces of one MiB, each sealed with AES-256-GCM under a key
of the file's own (HKDF-SHA256 of the vault's key and the salt). A piece's nonce is its number and
whether it is the last, so that pieces cannot be exchanged, left out or cut off; and the digest of what
comes out must be the file's name. One piece is in memory at a time while a file is kept.

THE LAYOUT. ``<two digits>/<digest>`` for what is kept, ``drafts/`` for what is being written,
``key-check`` to tell a wrong key from a damaged file. Kept again, a file is written anew over the old
copy: this mends damage, and its time of retention begins again.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Container, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingest.durable import OWNER_ONLY, create_durably, flush_folder, make_folder
from ingest.errors import DamagedBytesError, NotInVaultError, WrongVaultKeyError


MARK = b"PDMPVLT1"
SALT_BYTES = 32
KEY_BYTES = 32
PIECE_BYTES = 1 << 20
TAG_BYTES = 16
DIGEST_DIGITS = 64


class Source(Protocol):
    """Bytes to be kept, read in order."""

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        ...


class Vault:
    """An encrypted, content-addressed store of files as they came; several processes may share one."""

    def __init__(self, root: Path, key: bytes) -> None:
        """Open the vault at `root`, made if it is not there.

        Raises:
            WrongVaultKeyError: it was made with another key, or the key is not of 32 bytes.
        """
        if len(key) != KEY_BYTES:
            raise WrongVaultKeyError(f"A vault's key has {KEY_BYTES} bytes; {len(key)} were given.")
        self.root = root
        self._key = key
        make_folder(root)
        self._drafts = root / "drafts"
        make_folder(self._drafts)
        self._check_key()

    def keep(self, source: bytes | Path | Source) -> str:
        """Keep the bytes of `source`; the SHA-256 of them, in hex.

        When it returns, they are durable. Any error leaves nothing behind but a draft, if that.

        Raises:
            OSError: the disk is full or failed.
        """
        with ExitStack() as stack:
            reader = _reader(source, stack)
            draft = self._drafts / secrets.token_hex(16)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            try:
                with os.fdopen(descriptor, "wb") as sealed:
                    digest = self._seal(reader, sealed)
                    sealed.flush()
                    os.fsync(sealed.fileno())
                place = self._place(digest)
                make_folder(place.parent)
                draft.rename(place)
            except BaseException:
                with suppress(OSError):
                    draft.unlink()
                raise
        flush_folder(place.parent)
        return digest

    def holds(self, digest: str) -> bool:
        """True if there is a file under this digest; whether it is sound shows when it is read."""
        return self._place(digest).is_file()

    def pieces(self, digest: str) -> Iterator[bytes]:
        """The bytes in pieces of up to one MiB; the digest is checked after the last one.

        Raises:
            NotInVaultError: there is nothing under this digest.
            DamagedBytesError: the file was altered, cut short, or is not what its name says.
        """
        whole = hashlib.sha256()
        try:
            with self._place(digest).open("rb") as sealed:
                head = sealed.read(len(MARK) + SALT_BYTES)
                if len(head) < len(MARK) + SALT_BYTES or not head.startswith(MARK):
                    raise self._damaged(digest)
                cipher = self._cipher(head[len(MARK) :])
                piece = sealed.read(PIECE_BYTES + TAG_BYTES)
                for number in count():
                    following = sealed.read(PIECE_BYTES + TAG_BYTES)
                    plain = cipher.decrypt(_nonce(number, last=not following), piece, MARK)
                    whole.update(plain)
                    yield plain
                    if not following:
                        break
                    piece = following
        except FileNotFoundError:
            raise NotInVaultError(
                f"The vault at {self.root} holds nothing under {digest}. If it was discarded, the retention was too "
                "short for what still waits; otherwise restore the vault from a backup."
            ) from None
        except InvalidTag:
            raise self._damaged(digest) from None
        if whole.hexdigest() != digest:
            raise self._damaged(digest)

    def read(self, digest: str) -> bytes:
        """All the bytes, checked before any is returned; errors as for `pieces`."""
        # BytesIO hands its buffer over without a copy, where joining pieces would hold the file twice.
        buffer = io.BytesIO()
        for piece in self.pieces(digest):
            buffer.write(piece)
        return buffer.getvalue()

    def discard_older_than(self, moment: datetime, spare: Container[str] = ()) -> list[str]:
        """Remove files last kept before `moment`, but those in `spare`; the digests removed, sorted."""
        gone = []
        for shard in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            aged = [
                place.name
                for place in sorted(shard.iterdir())
                if _kept_at(place) < moment and place.name not in spare and len(place.name) == DIGEST_DIGITS
            ]
            for digest in aged:
                (shard / digest).unlink(missing_ok=True)
            if aged:
                flush_folder(shard)
            gone += aged
        return gone

    def sweep_drafts(self, before: datetime) -> None:
        """Remove what killed processes left half written; `before` is long past for any living one."""
        for draft in self._drafts.iterdir():
            with suppress(FileNotFoundError):
                if _kept_at(draft) < before:
                    draft.unlink()

    def _seal(self, reader: Source, sealed: io.BufferedWriter) -> str:
        salt = secrets.token_bytes(SALT_BYTES)
        cipher = self._cipher(salt)
        sealed.write(MARK + salt)
        whole = hashlib.sha256()
        piece = reader.read(PIECE_BYTES)
        for number in count():
            following = reader.read(PIECE_BYTES)
            whole.update(piece)
            sealed.write(cipher.encrypt(_nonce(number, last=not following), piece, MARK))
            if not following:
                break
            piece = following
        return whole.hexdigest()

    def _cipher(self, salt: bytes) -> AESGCM:
        """The cipher of one file: with a key of its own, counting nonces can never repeat."""
        return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"open-pdmp vault file").derive(self._key))

    def _place(self, digest: str) -> Path:
        if len(digest) != DIGEST_DIGITS or not set(digest) <= set("0123456789abcdef"):
            raise NotInVaultError("Not a digest: the vault is asked by SHA-256, in 64 hexadecimal digits.")
        return self.root / digest[:2] / digest

    def _check_key(self) -> None:
        check = HKDF(SHA256(), KEY_BYTES, None, b"open-pdmp vault key check").derive(self._key)
        place = self.root / "key-check"
        if not place.exists():
            create_durably(place, check)
        if not secrets.compare_digest(place.read_bytes(), check):
            raise WrongVaultKeyError(
                f"The vault at {self.root} was made with another key. Give the key that belongs to it; "
                "without that key, what it holds cannot be read."
            )

    def _damaged(self, digest: str) -> DamagedBytesError:
        return DamagedBytesError(
            f"The file {digest} in the vault at {self.root} is damaged. Restore it from a backup, "
            "or ask its sender to send it again: that replaces it."
        )


def _reader(source: bytes | Path | Source, stack: ExitStack) -> Source:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, Path):
        return stack.enter_context(source.open("rb"))
    return source


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _kept_at(place: Path) -> datetime:
    return datetime.fromtimestamp(place.stat().st_mtime, UTC)
