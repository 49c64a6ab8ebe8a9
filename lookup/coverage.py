"""What each dispenser on the register has reported through, read from the ledger."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.tables_ledger import CoverageTable
from access.tables_people import DispenserTable
from lookup.freshness import ReportedThrough


def reported_through(session: Session) -> list[ReportedThrough]:
    """One entry per open dispenser, in the order of its id."""
    # Correlated, so that the index on (dispenser, day) answers each with one seek, however long the ledger.
    last_day = (
        select(func.max(CoverageTable.covers_to))
        .where(CoverageTable.dispenser_id == DispenserTable.dispenser_id)
        .scalar_subquery()
    )
    statement = (
        select(DispenserTable.dispenser_id, DispenserTable.cadence, last_day)
        .where(DispenserTable.closed_on.is_(None))
        .order_by(DispenserTable.dispenser_id)
    )
    return [
        ReportedThrough(dispenser_id, cadence, through) for dispenser_id, cadence, through in session.execute(statement)
    ]
