"""What the door must be told about people, and what it tells: it keeps no accounts and no audit of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class DoorEvent(StrEnum):
    """What happens at the door and is written in the audit trail (subject:object:act)."""

    LOGIN_GRANTED = "sftp:login:granted"
    LOGIN_REFUSED = "sftp:login:refused"
    SESSION_OPENED = "sftp:session:opened"
    SESSION_ENDED = "sftp:session:ended"
    UPLOAD_OPENED = "sftp:upload:opened"
    UPLOAD_TAKEN = "sftp:upload:taken"
    UPLOAD_TORN = "sftp:upload:torn"
    UPLOAD_RENAMED = "sftp:upload:renamed"
    REPORT_READ = "sftp:report:read"
    REQUEST_REFUSED = "sftp:request:refused"


class Accounts(Protocol):
    """Who may use the door. Called from several threads at once."""

    def check_password(self, name: str, password: str, peer: str) -> str | None:
        """The account's id if name and password are right and it may send files.

        An unknown name must cost as much work as a wrong password. Lock-outs are this function's own.
        """
        ...

    def public_keys(self, name: str) -> Sequence[str]:
        """The keys with which this name may log in, as lines of an authorized_keys file; none if unknown or closed."""
        ...

    def account_of(self, name: str) -> str | None:
        """The id of the account of this name while it may send files; asked at log-in and before each upload."""
        ...

    def note(self, event: str, account: str | None, peer: str, detail: Mapping[str, str]) -> None:
        """Write an event of `DoorEvent` in the audit trail; raises if it cannot.

        `detail` may have: method, fingerprint (of a log-in); why (of a refusal or a fault); session, folder,
        size, submission, digest; request; and in the sender's own words, to be kept as the trail keeps such
        words: name (tried at a log-in) and file.
        """
        ...

    def reports(self, account: str) -> Path:
        """The folder with this account's status reports; it need not exist yet."""
        ...
