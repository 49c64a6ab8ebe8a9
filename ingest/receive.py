"""Receiving: the bytes safe first, then the ledger row. Everything after that can be repeated.

What came over SFTP has its bytes in the vault before its sender was told "OK" (`ingest.arrivals`), so
`Intake.take` only enters it in the ledger. What comes from the command line or another channel goes
through `receive`, in the same order. Killed between the two, the bytes lie in the vault under their
digest, nobody was told "OK", and the file is sent again: one file, one submission.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog

from ingest.arrivals import Spool
from ingest.notices import Arrival
from ingest.vault import Vault
from schemas.submission import Submission


log = structlog.get_logger(__name__)


class Register(Protocol):
    """The ledger, as far as receiving needs it."""

    def submission_received(self, submission: Submission) -> None:
        """Enter a submission; entering the same id again changes nothing."""
        ...


@dataclass(frozen=True)
class Intake:
    """Where arrivals wait and where their bytes are."""

    spool: Spool
    vault: Vault

    def take(self, ledger: Register, limit: int) -> int:
        """Enter up to `limit` waiting arrivals in the ledger, oldest first; how many were entered.

        An arrival whose bytes are not in the vault is set aside for a person, so that it holds up
        no other: it can only come of a vault that was replaced or discarded too early.
        """
        taken = 0
        for arrival in self.spool.waiting(limit):
            if not self.vault.holds(arrival.digest):
                self.spool.set_aside(arrival)
                continue
            ledger.submission_received(submission_of(arrival))
            self.spool.finish(arrival)
            taken += 1
        return taken


def receive(
    source: bytes | Path, *, sender: str, shown_as: str, channel: str, vault: Vault, register: Register, now: datetime
) -> Submission:
    """Keep a file's bytes, then enter it in the ledger.

    Args:
        source: the bytes, or the file that holds them.
        sender: the account that sends it.
        shown_as: its name, made plain (`ingest.names.display_name`).
        channel: how it came, such as "command".
        vault: where the bytes are kept.
        register: the ledger.
        now: UTC.

    Raises:
        OSError: the file cannot be read, or the disk is full or failed; nothing was entered.
    """
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    submission = Submission(
        id=new_submission_id(now),
        sender=sender,
        name=shown_as,
        digest=vault.keep(source),
        size=size,
        received_at=now,
        channel=channel,
    )
    register.submission_received(submission)
    return submission


def submission_of(arrival: Arrival) -> Submission:
    """The submission that an arrival over SFTP becomes."""
    return Submission(
        id=arrival.id,
        sender=arrival.account,
        name=arrival.name,
        digest=arrival.digest,
        size=arrival.size,
        received_at=arrival.received_at,
        channel="sftp",
    )


def new_submission_id(now: datetime) -> str:
    """An id that sorts by time and cannot be guessed: microseconds, then 50 random bits.

    Microseconds, because a sender's correction may follow its original within a second, and the two
    must keep their order.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")
    mark = base64.b32encode(secrets.token_bytes(7)).decode().lower()[:10]
    return f"{stamp}-{mark}"
