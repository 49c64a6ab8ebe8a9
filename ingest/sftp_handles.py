"""The SFTP requests of one session, and its open files, made safe: paramiko's server, with what it leaves open shut.

What is changed, and why:
    CLOSE          paramiko forgets nothing of a file whose close failed; here it is gone, and the client
                   is told the reason in words.
    lost files     those still open when the connection ends are told so: they are torn.
    check-file     not offered: a hash past the end of a file spins a thread for ever (paramiko 5.1).
    handles        bounded; a request of a megabyte or more ends the session.
    FSETSTAT       of an unknown handle is answered in the protocol.
    exit status    sent at the end.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import paramiko  # type: ignore[import-untyped]  # it ships no types
import structlog
from paramiko import sftp

from ingest.sftp_status import Status
from ingest.sftp_upload import Upload, UploadRefusedError


if TYPE_CHECKING:
    from ingest.sftp_tree import Tree


log = structlog.get_logger(__name__)

READ_BYTES = 1 << 18


class UploadHandle(paramiko.SFTPHandle):  # type: ignore[misc]  # untyped base
    """An upload in progress: written, never read back."""

    def __init__(self, upload: Upload, tree: Tree) -> None:
        super().__init__()
        self._upload = upload
        self._tree = tree

    def write(self, offset: int, data: bytes) -> int:
        """Put a piece in its place."""
        try:
            self._upload.write(offset, data)
        except UploadRefusedError:
            return Status.FAILURE
        return Status.OK

    def read(self, _offset: int, _length: int) -> int:
        """Refused: what was sent cannot be fetched."""
        return Status.PERMISSION_DENIED

    def stat(self) -> paramiko.SFTPAttributes:
        """Its size so far."""
        return self._tree.attributes(self._upload.name, self._upload.size, self._upload.opened_at)

    def chattr(self, attr: paramiko.SFTPAttributes) -> int:
        """Times and permissions are accepted and mean nothing; a size is set on our own descriptor."""
        if attr.st_size is not None:
            try:
                self._upload.resize(attr.st_size)
            except (UploadRefusedError, OSError):
                return Status.FAILURE
        return Status.OK

    def close(self) -> None:
        """The client says it is finished; raises if it is not taken."""
        self._upload.close(by_client=True)

    def lost(self) -> None:
        """The connection ended with the file open."""
        self._upload.close(by_client=False)


class ReportHandle(paramiko.SFTPHandle):  # type: ignore[misc]  # untyped base
    """A report being read."""

    def __init__(self, descriptor: int, attributes: paramiko.SFTPAttributes) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._attributes = attributes

    def read(self, offset: int, length: int) -> bytes | int:
        """Some bytes; none at the end."""
        if offset >= 1 << 63:
            return Status.EOF
        return os.pread(self._descriptor, min(length, READ_BYTES), offset)

    def write(self, _offset: int, _data: bytes) -> int:
        """Refused."""
        return Status.PERMISSION_DENIED

    def stat(self) -> paramiko.SFTPAttributes:
        """Its size and time."""
        return self._attributes

    def chattr(self, _attr: paramiko.SFTPAttributes) -> int:
        """Refused."""
        return Status.PERMISSION_DENIED

    def close(self) -> None:
        """Close it."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    lost = close


class Requests(paramiko.SFTPServer):  # type: ignore[misc]  # untyped base
    """The request loop of one session."""

    server: Tree

    def _send_server_version(self) -> int:
        """The greeting, without the extensions that paramiko would offer."""
        kind, data = self._read_packet()
        if kind != sftp.CMD_INIT or len(data) < 4:  # noqa: PLR2004  the version is a 32-bit number
            raise sftp.SFTPError("Incompatible sftp protocol")
        greeting = paramiko.Message()
        greeting.add_int(3)
        self._send_packet(sftp.CMD_VERSION, greeting)
        return int(struct.unpack(">I", data[:4])[0])

    def _read_packet(self) -> tuple[int, bytes]:
        (size,) = struct.unpack(">I", self._read_all(4))
        if not 1 <= size <= self.server.limits.packet_bytes:
            raise sftp.SFTPError("A request that is empty or too long")
        data = self._read_all(size)
        return data[0], data[1:]

    def _process(self, kind: int, request: int, message: paramiko.Message) -> None:
        self.server.active()
        if kind == sftp.CMD_CLOSE:
            self._close(request, message.get_binary())
        elif kind in {sftp.CMD_OPEN, sftp.CMD_OPENDIR} and self._too_many_open():
            self._send_status(request, Status.FAILURE, "Too many files are open; close some first.")
        elif kind == sftp.CMD_FSETSTAT and _handle_in(message) not in self.file_table:
            self._send_status(request, Status.BAD_MESSAGE, "Invalid handle")
        else:
            super()._process(kind, request, message)

    def _check_file(self, request: int, _message: paramiko.Message) -> None:
        self._send_status(request, Status.OP_UNSUPPORTED)

    def _too_many_open(self) -> bool:
        return len(self.file_table) + len(self.folder_table) >= self.server.limits.handles

    def _close(self, request: int, name: bytes) -> None:
        if self.folder_table.pop(name, None) is not None:
            self._send_status(request, Status.OK)
            return
        handle = self.file_table.pop(name, None)
        if handle is None:
            self._send_status(request, Status.BAD_MESSAGE, "Invalid handle")
            return
        try:
            handle.close()
        except UploadRefusedError as refusal:
            self._send_status(request, Status.FAILURE, str(refusal))
        else:
            self._send_status(request, Status.OK)

    def finish_subsystem(self) -> None:
        """The session has ended, whichever way; what is still open is torn."""
        lost: list[Any] = list(self.file_table.values())
        self.file_table.clear()
        self.folder_table.clear()
        for handle in lost:
            try:
                handle.lost()
            except UploadRefusedError:
                continue
            except Exception:
                log.exception("a file could not be closed at the end of its session")
        self.server.session_ended()
        # scp takes a session without an exit status for a failure.
        with suppress(Exception):
            self.sock.send_exit_status(0)
        paramiko.SubsystemHandler.finish_subsystem(self)


def _handle_in(message: paramiko.Message) -> bytes:
    """The handle that a request begins with, without consuming it."""
    place = message.packet.tell()
    try:
        name: bytes = message.get_binary()
    finally:
        message.packet.seek(place)
    return name
