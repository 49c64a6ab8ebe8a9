"""A demo's log-ins work in a demo's home only."""

from __future__ import annotations

from datetime import datetime

from access.accounts import Status, disable_account, list_accounts
from access.audit import SYSTEM
from access.database import Database


# RFC 2606 keeps .invalid for names that can never exist, so no real account ends like this.
DEMO_DOMAIN = "@demo.invalid"


def close_demo_accounts(database: Database, now: datetime) -> int:
    """Close every demo account of a home that is no demo's: their passwords were printed on a screen."""
    with database.reading() as session:
        open_ones = [
            account for account in list_accounts(session, status=Status.ACTIVE) if account.email.endswith(DEMO_DOMAIN)
        ]
    for account in open_ones:
        with database.session() as session:
            disable_account(session, account.id, why="a demo log-in outside a demo home", by=SYSTEM, now=now)
    return len(open_ones)
