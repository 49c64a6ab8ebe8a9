"""Which submissions there are, newest first, for the organisation that sent them or for everybody's keeper.

Pages are cut by the sorting submission id and go backwards in time, so that what arrives meanwhile
moves nothing (A7).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from access.tables_ledger import SubmissionTable
from access.tables_people import AccountTable


@dataclass(frozen=True)
class Whose:
    """Whose submissions somebody may see.

    Attributes:
        account_id: their own.
        organisation_id: and their organisation's; null where they belong to none.
        everybody: all of them.
    """

    account_id: str
    organisation_id: str | None
    everybody: bool


@dataclass(frozen=True)
class SubmissionLine:
    """One submission in a list.

    Attributes:
        submission_id: of the submission.
        file: the sender's own file name, cleaned for display.
        received_at: when it came, UTC.
        channel: how it came: "sftp", "command" …
        state: where it stands: received, stored, answered or failed.
        outcome: accepted, accepted_with_errors or refused; null while nothing is decided.
        kind: dispensing, zero, void, mixed or unreadable; null while nothing is decided.
        test: a test file: ruled and answered, never stored.
        totals: what became of its records; null while nothing is decided.
    """

    submission_id: str
    file: str
    received_at: datetime
    channel: str
    state: str
    outcome: str | None
    kind: str | None
    test: bool
    totals: Mapping[str, int] | None


@dataclass(frozen=True)
class SubmissionPage:
    """A page of the list.

    Attributes:
        submissions: newest first.
        next_before: pass it as ``before`` for the next page; null on the last one.
    """

    submissions: tuple[SubmissionLine, ...]
    next_before: str | None


def page(session: Session, whose: Whose, *, before: str | None, limit: int) -> SubmissionPage:
    """Up to `limit` submissions older than the one named `before`, newest first."""
    statement = _visible(whose).order_by(SubmissionTable.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(SubmissionTable.id < before)
    rows = session.scalars(statement).all()
    shown = rows[:limit]
    return SubmissionPage(
        submissions=tuple(_line(row) for row in shown),
        next_before=shown[-1].id if len(rows) > limit else None,
    )


def _visible(whose: Whose) -> Select[SubmissionTable]:
    statement = select(SubmissionTable)
    if whose.everybody:
        return statement
    # The account as it is today: whoever leaves an organisation takes nothing along and leaves its files there.
    senders = select(AccountTable.id).where(AccountTable.id == whose.account_id)
    if whose.organisation_id is not None:
        senders = select(AccountTable.id).where(AccountTable.organisation_id == whose.organisation_id)
    return statement.where(SubmissionTable.sender_account_id.in_(senders))


def _line(row: SubmissionTable) -> SubmissionLine:
    return SubmissionLine(
        submission_id=row.id,
        file=row.display_name,
        received_at=row.received_at,
        channel=row.channel,
        state=row.state,
        outcome=row.outcome,
        kind=row.kind,
        test=row.test,
        totals=None if row.totals is None else json.loads(row.totals),
    )
