"""One SFTP session: what its sender may see, send and rename. Knows nothing of SFTP.

A sender sees his own uploads (those of this session with their size, as clients check after closing;
of earlier ones what the worker has not taken yet), what was torn under ``NAME.torn``, and his reports.
He may write new files, rename his own, and read reports; he may read, change or remove nothing else.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ingest.notices import Arrival, Fault
from ingest.sftp_accounts import DoorEvent
from ingest.sftp_limits import MIB
from ingest.sftp_paths import Kind, Spot
from ingest.sftp_porter import Label
from ingest.sftp_premises import Listed, Premises, Visitor
from ingest.sftp_upload import Upload


log = structlog.get_logger(__name__)

# Free disk is asked for again after so many bytes.
DISK_STEP = 16 * MIB


class Session:
    """What one visitor does; every call comes from the session's own thread."""

    def __init__(self, premises: Premises, visitor: Visitor) -> None:
        self.id = secrets.token_hex(8)
        self.visitor = visitor
        self.porter = premises.porter
        self.states = premises.states
        self._premises = premises
        self._uploads: dict[tuple[str, str], Upload] = {}
        self._files = 0
        self._bytes = 0
        self._unchecked = 0

    # UPLOADS -------------------------------------------------------------------------------------------
    def begin(self, spot: Spot) -> Upload:
        """A new upload, whatever else bears the name.

        Raises:
            PermissionError: uploads do not go there, or the account was closed meanwhile.
            OSError: a limit is reached, the disk is nearly full, or the audit trail cannot be written.
        """
        if spot.kind is not Kind.UPLOAD:
            raise PermissionError("Uploads go to /incoming, under a plain file name.")
        self._require_open()
        limits, now = self._premises.limits, self.porter.clock()
        self._files += 1
        today = self._premises.day_count.add(self.visitor.account, now)
        if self._files > limits.session_files or today > limits.day_files:
            raise OSError(errno.EDQUOT, "This session or account has sent as many files as it may.")
        if self._disk_is_full():
            raise OSError(errno.ENOSPC, "There is no room for more files just now.")
        # Before the first byte: what cannot be written in the audit trail does not happen.
        self._note(DoorEvent.UPLOAD_OPENED, folder=spot.folder, file=spot.name)
        draft = self.porter.begin(self.label(spot.folder, spot.name))
        upload = self._uploads[spot.folder, spot.name] = Upload(self, spot.folder, spot.name, draft, now)
        return upload

    def allowance(self, end: int, grown: int) -> Fault | None:
        """Why a file may not reach to `end`, growing by so many bytes; None if it may."""
        limits = self._premises.limits
        if end > limits.file_bytes:
            return Fault.TOO_BIG
        self._bytes += grown
        self._unchecked += grown
        if self._bytes > limits.session_bytes:
            return Fault.QUOTA
        if self._unchecked >= DISK_STEP:
            self._unchecked = 0
            return Fault.DISK_FULL if self._disk_is_full() else None
        return None

    def settled(self, upload: Upload) -> None:
        """Write down what became of an upload that was closed."""
        facts = {"folder": upload.folder, "file": upload.name, "size": str(upload.size)}
        if upload.arrival is None:
            if self._uploads.get((upload.folder, upload.name)) is upload:
                del self._uploads[upload.folder, upload.name]
            self._note_if_possible(DoorEvent.UPLOAD_TORN, **facts, why=str(upload.fault))
            log.warning("upload torn", session=self.id, fault=upload.fault, size=upload.size)
        else:
            marks = {"submission": upload.arrival.id, "digest": upload.arrival.digest}
            self._note_if_possible(DoorEvent.UPLOAD_TAKEN, **facts, **marks)
            log.info("upload taken", session=self.id, size=upload.size, **marks)

    def rename(self, old: Spot, new: Spot) -> None:
        """Give an own upload another name, over whatever bears it.

        Raises:
            FileNotFoundError: there is no such upload.
            PermissionError: it may not be called that, or the account was closed meanwhile.
        """
        self._require_open()
        upload = self._uploads.get((old.folder, old.name))
        arrival = self._earlier(old) if upload is None else upload.arrival
        if upload is None and arrival is None:
            raise FileNotFoundError("There is no such upload.")
        if new.kind is not Kind.UPLOAD:
            raise PermissionError("Uploads stay in /incoming, under a plain file name.")
        if arrival is not None:
            arrival = self.porter.rename(arrival, new.folder, new.name) or arrival
        if upload is not None:
            del self._uploads[old.folder, old.name]
            upload.folder, upload.name, upload.arrival = new.folder, new.name, arrival
            self._uploads[new.folder, new.name] = upload
        marks = {} if arrival is None else {"submission": arrival.id}
        self._note_if_possible(DoorEvent.UPLOAD_RENAMED, folder=new.folder, file=new.name, **marks)

    def label(self, folder: str, name: str) -> Label:
        """What is written on an upload."""
        return Label(self.visitor.account, folder, name, self.visitor.peer, self.id)

    # WHAT IS SEEN --------------------------------------------------------------------------------------
    def find(self, spot: Spot) -> Listed | None:
        """The file at a spot, if this sender has one there."""
        if spot.kind is Kind.REPORT:
            return next((report for report in self._all_reports() if report.name == spot.name), None)
        if spot.kind is not Kind.UPLOAD:
            return None
        upload = self._uploads.get((spot.folder, spot.name))
        if upload is not None:
            return Listed(upload.name, upload.size, upload.opened_at)
        return next((file for file in self.uploads(spot.folder) if file.name == spot.name), None)

    def uploads(self, folder: str) -> list[Listed]:
        """What this sender put in a folder, and what was torn there; the newest, oldest first."""
        spool, account = self.porter.spool, self.visitor.account
        files = [(one.folder, Listed(f"{one.name}.torn", one.size, one.torn_at)) for one in spool.torn(account)]
        files += [(one.folder, Listed(one.name, one.size, one.received_at)) for one in spool.of_account(account)]
        files += [(one.folder, Listed(one.name, one.size, one.opened_at)) for one in self._uploads.values()]
        by_name = {file.name: file for place, file in files if place == folder}
        return sorted(by_name.values(), key=lambda file: file.at)[-self._premises.limits.listed :]

    def reports(self) -> list[Listed]:
        """This sender's status reports, the newest, oldest first.

        Raises:
            PermissionError: the account was closed meanwhile.
        """
        self._require_open()
        return sorted(self._all_reports(), key=lambda file: file.at)[-self._premises.limits.listed :]

    def open_report(self, spot: Spot) -> int:
        """A descriptor to read a report from.

        Raises:
            FileNotFoundError: there is no such report.
            PermissionError: the account was closed meanwhile.
            OSError: the audit trail cannot be written.
        """
        self._require_open()
        report = self.find(spot)
        if report is None or not report.report:
            raise FileNotFoundError("There is no such report.")
        self._note(DoorEvent.REPORT_READ, file=report.name)
        # The name comes from our own listing of the folder, never from the client.
        return os.open(self._reports_folder() / report.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    # BEGIN AND END -------------------------------------------------------------------------------------
    def started(self) -> None:
        """The session begins; raises if that cannot be written in the audit trail."""
        self._note(DoorEvent.SESSION_OPENED)

    def over(self) -> None:
        """The session has ended, and every file in it was closed."""
        self.porter.session_over(self.id)
        self._note_if_possible(DoorEvent.SESSION_ENDED, size=str(self._bytes))

    def refused(self, request: str, path: str) -> None:
        """Something was asked that this door does not do, or not with this path."""
        self._note_if_possible(DoorEvent.REQUEST_REFUSED, request=request, file=ascii(path)[:200])

    def _earlier(self, spot: Spot) -> Arrival | None:
        """The newest upload of this name that the worker has not taken, from another session."""
        ours = self.porter.spool.of_account(self.visitor.account)
        return next((one for one in reversed(ours) if (one.folder, one.name) == (spot.folder, spot.name)), None)

    def _all_reports(self) -> Iterator[Listed]:
        with suppress(FileNotFoundError), os.scandir(self._reports_folder()) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                    facts = entry.stat(follow_symlinks=False)
                    at = datetime.fromtimestamp(facts.st_mtime, UTC)
                    yield Listed(entry.name, facts.st_size, at, report=True)

    def _reports_folder(self) -> Path:
        return self._premises.accounts.reports(self.visitor.account)

    def _require_open(self) -> None:
        """An account that is closed is closed at once, also to the sessions it has."""
        if self._premises.accounts.account_of(self.visitor.login) != self.visitor.account:
            raise PermissionError("This account may no longer use this door.")

    def _disk_is_full(self) -> bool:
        return shutil.disk_usage(self.porter.spool.root).free < self._premises.limits.free_bytes

    def _note(self, event: DoorEvent, **detail: str) -> None:
        self._premises.accounts.note(event, self.visitor.account, self.visitor.peer, {"session": self.id, **detail})

    def _note_if_possible(self, event: DoorEvent, **detail: str) -> None:
        """Write an event of what has happened already: that it cannot be written undoes nothing."""
        try:
            self._note(event, **detail)
        except Exception:
            log.exception("an event at the door could not be written in the audit trail", audit_event=event)
