"""One upload, from its OPEN to its CLOSE. Knows nothing of SFTP."""

from __future__ import annotations

import errno
from datetime import datetime
from typing import TYPE_CHECKING

from ingest.envelope import END_BYTES, Envelope, look
from ingest.notices import SENTENCES, Arrival, Fault
from ingest.sftp_draft import Draft, ScatteredError


if TYPE_CHECKING:
    from ingest.sftp_session import Session


class UploadRefusedError(OSError):
    """An upload was not taken; its text is for its sender. To be sent again, as the sentence says."""

    retry = True

    def __init__(self, fault: Fault) -> None:
        super().__init__(SENTENCES[fault])
        self.fault = fault


class Upload:
    """A file on its way in.

    Attributes:
        folder: the virtual folder it was put in.
        name: what its sender calls it; may change until it is taken.
        opened_at: UTC.
        fault: the first thing that went wrong.
        arrival: what it became, once it was taken.
    """

    def __init__(self, session: Session, folder: str, name: str, draft: Draft, opened_at: datetime) -> None:
        self.folder = folder
        self.name = name
        self.opened_at = opened_at
        self.fault: Fault | None = None
        self.arrival: Arrival | None = None
        self.size = 0
        self._session = session
        self._draft = draft
        self._closed = False

    def write(self, offset: int, data: bytes) -> None:
        """Put a piece in its place.

        Raises:
            UploadRefusedError: it does not fit, or could not be written; so will be all further ones.
        """
        if self.fault is None:
            self.fault = self._session.allowance(offset + len(data), grown=max(0, offset + len(data) - self.size))
        if self.fault is not None:
            # Its bytes are of no more use, and may be what fills the disk.
            self._draft.discard()
            raise UploadRefusedError(self.fault)
        try:
            self._draft.write(offset, data)
        except ScatteredError:
            self.fault = Fault.HOLE
        except OSError as error:
            # Remembered: the client will still close politely, and a full disk must not become a short file.
            self.fault = _fault_of(error)
        if self.fault is not None:
            raise UploadRefusedError(self.fault)
        self.size = self._draft.size

    def resize(self, size: int) -> None:
        """Set the size, as scp does before it closes.

        Raises:
            UploadRefusedError: it does not fit.
        """
        if self.fault is None:
            self.fault = self._session.allowance(size, grown=max(0, size - self.size))
        if self.fault is not None:
            raise UploadRefusedError(self.fault)
        self._draft.resize(size)
        self.size = size

    def close(self, *, by_client: bool) -> None:
        """Take it if it is whole, else list it as torn; again does nothing.

        Args:
            by_client: the client asked for it; otherwise the connection ended with the file open.

        Raises:
            UploadRefusedError: it was not taken.
        """
        if self._closed:
            return
        self._closed = True
        label = self._session.label(self.folder, self.name)
        try:
            self.fault = self.fault or (self._flaw() if by_client else Fault.CONNECTION_LOST)
            if self.fault is None:
                self.arrival = self._session.porter.take_in(label, self._draft)
        except OSError as error:
            self.fault = _fault_of(error)
        finally:
            if self.fault is not None:
                self._session.porter.tear(label, self.size, self.fault)
            self._draft.discard()
            self._session.settled(self)
        if self.fault is not None:
            raise UploadRefusedError(self.fault)

    def _flaw(self) -> Fault | None:
        """What is missing from a file that its client calls finished."""
        if self.size == 0:
            return Fault.EMPTY
        if not self._draft.is_whole():
            return Fault.HOLE
        head = self._draft.part(0, END_BYTES)
        tail = self._draft.part(max(0, self.size - END_BYTES), END_BYTES)
        return Fault.CUT if look(head, tail) is Envelope.CUT else None


def _fault_of(error: OSError) -> Fault:
    return Fault.DISK_FULL if error.errno in {errno.ENOSPC, errno.EDQUOT} else Fault.WRITE_FAILED
