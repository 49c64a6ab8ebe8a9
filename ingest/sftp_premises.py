"""What the sessions of one door share, and the small things they hand about."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.sftp_accounts import Accounts
from ingest.sftp_limits import Limits
from ingest.sftp_porter import Porter


@dataclass(frozen=True)
class Visitor:
    """Who is at the door.

    Attributes:
        account: the account's id.
        login: the name it logged in with.
        peer: the address it comes from.
    """

    account: str
    login: str
    peer: str


@dataclass(frozen=True)
class Listed:
    """A file as its sender sees it."""

    name: str
    size: int
    at: datetime
    report: bool = False


class DayCount:
    """Files per account on the present day (UTC), counted since the door started."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()

    def add(self, account: str, now: datetime) -> int:
        """Count one more; how many that makes today."""
        today = now.astimezone(UTC).date().isoformat()
        with self._lock:
            day, count = self._counts.get(account, (today, 0))
            self._counts[account] = (today, count + 1 if day == today else 1)
            return self._counts[account][1]


@dataclass(frozen=True)
class Premises:
    """What all sessions of one door share."""

    porter: Porter
    accounts: Accounts
    limits: Limits
    states: Sequence[str]
    day_count: DayCount
