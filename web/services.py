"""What the web app works with: opened once by the front door, handed in whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from access.database import Database
from access.passwords import Passwords
from access.sessions import SessionRules
from ingest.acknowledge import Letterhead
from ingest.ledger import Ledger
from lookup.desk import Desk


if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class Services:
    """Shared by all requests and threads.

    Attributes:
        desk: what the questions need; holds the lake.
        database: people, register, ledger and audit; opened with the audit key.
        ledger: the register of submissions.
        letterhead: who answers dispensers.
        passwords: the process's one.
        session_rules: how long a session lasts.
        clock: gives the moment, UTC.
        version: of this program.
        most_body_bytes: the largest request body that is read.
    """

    desk: Desk
    database: Database = field(repr=False)
    ledger: Ledger = field(repr=False)
    letterhead: Letterhead
    passwords: Passwords = field(repr=False)
    session_rules: SessionRules
    clock: Callable[[], datetime]
    version: str
    # The largest honest request names twenty candidates of two thousand characters.
    most_body_bytes: int = 64 * 1024

    def today(self) -> date:
        """The day it is in the state."""
        return self.desk.today(self.clock())
