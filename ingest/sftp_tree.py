"""The virtual tree in SFTP's words: between paramiko and `ingest.sftp_session`."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import paramiko  # type: ignore[import-untyped]  # it ships no types
import structlog

from ingest.sftp_handles import ReportHandle, UploadHandle
from ingest.sftp_limits import Limits
from ingest.sftp_paths import INCOMING, REPORTS, Kind, Spot, canonical, locate
from ingest.sftp_premises import Listed
from ingest.sftp_session import Session
from ingest.sftp_status import Status


log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
WRITING = os.O_WRONLY | os.O_RDWR


class Tree(paramiko.SFTPServerInterface):  # type: ignore[misc]  # untyped base
    """Answers a session's requests; errors become status codes here, and nowhere else.

    Attributes:
        limits: the door's.
        active: to be called at each request; the door closes connections that are idle.
    """

    def __init__(self, session: Session, limits: Limits, active: Callable[[], None]) -> None:
        super().__init__(None)
        self.limits = limits
        self.active = active
        self._session = session
        self._started = session.porter.clock()

    def session_started(self) -> None:
        """Raises, and so ends the session, if the audit trail cannot be written."""
        try:
            self._session.started()
        except Exception:
            log.exception("a session could not begin")
            raise

    def session_ended(self) -> None:
        """All files are closed."""
        self._session.over()

    def canonicalize(self, path: str) -> str:
        """The path from the root."""
        return canonical(path)

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        """The files of a folder."""
        spot = self._locate(path)
        if spot.kind is Kind.REPORTS:
            return self._answer("list", path, lambda: [self._file(report) for report in self._session.reports()])
        if spot.kind is not Kind.FOLDER:
            return Status.NO_SUCH_FILE
        inner = [INCOMING[1:], REPORTS[1:], *self._session.states] if spot.folder == "/" else []
        folders = [self._folder(name) for name in inner]
        return self._answer(
            "list", path, lambda: [*folders, *(self._file(file) for file in self._session.uploads(spot.folder))]
        )

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        """Size and time of a file, or that it is a folder."""
        spot = self._locate(path)
        if spot.kind in {Kind.FOLDER, Kind.REPORTS}:
            return self._folder(spot.folder)
        found = self._session.find(spot)
        return Status.NO_SUCH_FILE if found is None else self._file(found)

    # There are no links to follow.
    lstat = stat

    def open(self, path: str, flags: int, _attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        """Open a report to read, or a new upload to write."""
        spot = self._locate(path)
        if not flags & WRITING:
            return self._answer("read", path, lambda: self._open_report(spot))
        if flags & os.O_APPEND or (not flags & os.O_CREAT and self._session.find(spot) is not None):
            # To resume would be to trust what is left of a torn file: it is sent again whole.
            self._session.refused("resume", path)
            return Status.OP_UNSUPPORTED
        if not flags & os.O_CREAT:
            return Status.NO_SUCH_FILE
        if flags & os.O_EXCL and self._session.find(spot) is not None:
            return Status.FAILURE
        return self._answer("write", path, lambda: UploadHandle(self._session.begin(spot), self))

    def rename(self, oldpath: str, newpath: str) -> int:
        """Give an own upload another name."""
        old, new = self._locate(oldpath), self._locate(newpath)

        def renamed() -> int:
            self._session.rename(old, new)
            return Status.OK

        return self._answer("rename", newpath, renamed)

    posix_rename = rename

    def mkdir(self, path: str, _attr: paramiko.SFTPAttributes) -> int:
        """Senders make a sub-folder for each state: ours is there already, others are not."""
        return Status.OK if self._locate(path).kind is Kind.FOLDER else self._refuse("mkdir", path)

    def rmdir(self, path: str) -> int:
        """Refused."""
        return self._refuse("rmdir", path)

    def remove(self, path: str) -> int:
        """Refused; some clients remove the target before they rename to it, and expect it to be missing."""
        if self._session.find(self._locate(path)) is None:
            return Status.NO_SUCH_FILE
        return self._refuse("remove", path)

    def chattr(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        """Times and permissions are accepted and mean nothing; a size is refused."""
        if attr.st_size is not None:
            return self._refuse("resize", path)
        found = self.stat(path)
        return found if isinstance(found, int) else Status.OK

    def symlink(self, _target_path: str, path: str) -> int:
        """Refused."""
        return self._refuse("symlink", path)

    def readlink(self, _path: str) -> int:
        """There are no links."""
        return Status.NO_SUCH_FILE

    def attributes(self, name: str, size: int, at: datetime) -> paramiko.SFTPAttributes:
        """What SFTP says of a file."""
        found = paramiko.SFTPAttributes()
        found.filename = name
        found.st_size = size
        found.st_mode = stat.S_IFREG | 0o600
        found.st_uid = found.st_gid = 0
        found.st_atime = found.st_mtime = int(at.timestamp())
        return found

    def _file(self, file: Listed) -> paramiko.SFTPAttributes:
        return self.attributes(file.name, file.size, file.at)

    def _folder(self, name: str) -> paramiko.SFTPAttributes:
        found = self.attributes(name, 0, self._started)
        found.st_mode = stat.S_IFDIR | 0o700
        return found

    def _locate(self, path: str) -> Spot:
        return locate(path, self._session.states)

    def _open_report(self, spot: Spot) -> ReportHandle:
        if spot.kind is not Kind.REPORT:
            raise PermissionError("Only reports can be fetched.")
        found = self.attributes(spot.name, 0, self._started)
        descriptor = self._session.open_report(spot)
        facts = os.fstat(descriptor)
        found.st_size, found.st_mtime = facts.st_size, int(facts.st_mtime)
        return ReportHandle(descriptor, found)

    def _refuse(self, act: str, path: str) -> int:
        self._session.refused(act, path)
        return Status.PERMISSION_DENIED

    def _answer(self, act: str, path: str, request: Callable[[], Answer]) -> Answer | int:
        """What `request` returns, or the status for what it raises."""
        try:
            return request()
        except FileNotFoundError:
            return Status.NO_SUCH_FILE
        except PermissionError:
            return self._refuse(act, path)
        except Exception as error:  # noqa: BLE001  whatever it was, the client is told "failure" and the log which
            log.warning("request failed", act=act, error=type(error).__name__)
            self._session.refused(act, path)
            return Status.FAILURE
