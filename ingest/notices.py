"""The notices of the spool: one small file for each upload, whole or torn; names, digests and times only."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum


class Fault(StrEnum):
    """Why an upload was not taken: faults of the transport, never of the content."""

    CONNECTION_LOST = "connection_lost"
    CUT = "cut"
    HOLE = "hole"
    EMPTY = "empty"
    TOO_BIG = "too_big"
    QUOTA = "quota"
    DISK_FULL = "disk_full"
    WRITE_FAILED = "write_failed"
    DOOR_STOPPED = "door_stopped"
    NEVER_RENAMED = "never_renamed"


# What its sender is told: what happened, and what to do.
SENTENCES = {
    Fault.CONNECTION_LOST: "The connection ended before the file was closed. Send the file again.",
    Fault.CUT: "The file begins with a TH segment and does not end with its TT segment. Send the whole file again.",
    Fault.HOLE: "Parts of the file never came. Send the whole file again; resuming is not offered.",
    Fault.EMPTY: "The file is empty. If there was nothing to report, send a zero report.",
    Fault.TOO_BIG: "The file is larger than this door takes. Split it and send the parts.",
    Fault.QUOTA: "This session or account has sent as much as it may at once. Send the rest later.",
    Fault.DISK_FULL: "There is no room for the file just now. Send it again later; the operator has been told.",
    Fault.WRITE_FAILED: "The file could not be written. Send it again later; the operator has been told.",
    Fault.DOOR_STOPPED: "The server stopped before the file was closed. Send the file again.",
    Fault.NEVER_RENAMED: "The file kept its temporary name, so it was never taken. Send it under its final name.",
}


@dataclass(frozen=True)
class Arrival:
    """A whole upload whose bytes are safe in the vault.

    Attributes:
        id: the submission's id to be.
        account: who sent it.
        folder: where the sender put it, such as "/incoming".
        name: the sender's name for it, made plain.
        digest: its address in the vault.
        size: bytes.
        received_at: UTC, when it was closed.
        peer: the address it came from.
        session: the SFTP session it came in.
    """

    id: str
    account: str
    folder: str
    name: str
    digest: str
    size: int
    received_at: datetime
    peer: str
    session: str


@dataclass(frozen=True)
class Torn:
    """An upload that was not taken; its sender sees it listed, and sends it again.

    Attributes:
        id: of the notice.
        account: who sent it.
        folder: where the sender put it.
        name: the sender's name for it, made plain.
        size: bytes that came.
        torn_at: UTC.
        fault: why.
    """

    id: str
    account: str
    folder: str
    name: str
    size: int
    torn_at: datetime
    fault: Fault


def file_name(notice: Arrival | Torn) -> str:
    """Sorts by time; the tag finds an account's own without opening the others'."""
    return f"{notice.id}.{tag(notice.account)}.json"


def tag(account: str) -> str:
    """A short mark of an account, safe in a file name."""
    return hashlib.sha256(account.encode()).hexdigest()[:12]


def as_json(notice: Arrival | Torn) -> bytes:
    """The notice as it is written."""
    return json.dumps(asdict(notice), default=datetime.isoformat).encode()


def arrival_from(data: bytes) -> Arrival:
    """The arrival that `as_json` wrote; ValueError, TypeError or KeyError if it is not one."""
    fields = json.loads(data)
    return Arrival(**{**fields, "received_at": datetime.fromisoformat(fields["received_at"])})


def torn_from(data: bytes) -> Torn:
    """The torn upload that `as_json` wrote; ValueError, TypeError or KeyError if it is not one."""
    fields = json.loads(data)
    return Torn(**{**fields, "torn_at": datetime.fromisoformat(fields["torn_at"]), "fault": Fault(fields["fault"])})
