"""A submission: one file as it came, and the states it goes through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubmissionState(StrEnum):
    """Where a submission stands, for the machine."""

    RECEIVED = "received"  # its bytes are safe and its ledger row written
    STORED = "stored"  # read, judged, and its accepted rows in the lake (or it had none to store)
    ANSWERED = "answered"  # the status report lies where the sender finds it
    FAILED = "failed"  # poison: it broke the worker too often and waits for a person


# Every allowed step. None is final.
TRANSITIONS: dict[SubmissionState, frozenset[SubmissionState]] = {
    SubmissionState.RECEIVED: frozenset({SubmissionState.STORED, SubmissionState.FAILED}),
    SubmissionState.STORED: frozenset({SubmissionState.ANSWERED, SubmissionState.FAILED}),
    # An administrator may have it ruled again once the reason why records were held is gone …
    SubmissionState.ANSWERED: frozenset({SubmissionState.RECEIVED}),
    # … and put a failed one back to the start once the cause is mended.
    SubmissionState.FAILED: frozenset({SubmissionState.RECEIVED}),
}


class Kind(StrEnum):
    """What a file is, by its content."""

    DISPENSING = "dispensing"
    ZERO = "zero"
    VOID = "void"
    MIXED = "mixed"
    UNREADABLE = "unreadable"


class Outcome(StrEnum):
    """What became of a file, for its sender."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    REFUSED = "refused"


class Disposition(StrEnum):
    """What became of one record."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings"
    REJECTED = "rejected"
    EXEMPT = "exempt"
    NOT_REPORTABLE = "not_reportable"
    HELD = "held"


@dataclass(frozen=True)
class Submission:
    """One file as it came.

    Attributes:
        id: sortable, unguessable, made when it was received; safe in a URL and a file name.
        sender: the account that sent it.
        name: the sender's own file name, cleaned for display.
        digest: SHA-256 of the bytes as received, in hex; also their address in the vault.
        size: bytes.
        received_at: UTC.
        channel: "sftp", "command" …
        state: where it stands.
        releases: how often it was ruled again because records had been held.
    """

    id: str
    sender: str
    name: str
    digest: str
    size: int
    received_at: datetime
    channel: str
    state: SubmissionState = SubmissionState.RECEIVED
    releases: int = 0
