"""Who may report for whom: an account belongs to an organisation, which reports for dispensers of the register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from access import audit
from access.accounts import clean_name, find_row
from access.audit import Actor, AuditEvent
from access.audit_acts import AuditAct
from access.database import new_id
from access.errors import Conflict, NotVisible
from access.tables_people import DispenserTable, OrganisationDispenserTable, OrganisationTable


@dataclass(frozen=True)
class Organisation:
    """Who reports: a pharmacy, a chain, a clinic, or a vendor that reports for others.

    Attributes:
        id: of the organisation.
        name: as entered; no two have the same.
        dispensers: ids of those it may report for.
    """

    id: str
    name: str
    dispensers: frozenset[str]


def create_organisation(session: Session, name: str, *, by: Actor, now: datetime) -> Organisation:
    """Make an organisation that may report for nobody yet.

    Raises:
        Conflict: there is one of this name.
    """
    clean = clean_name(name)
    if session.scalar(select(OrganisationTable.id).where(OrganisationTable.name == clean)) is not None:
        raise Conflict("There is an organisation of this name; give it another, or use that one.")
    row = OrganisationTable(id=new_id("o"), name=clean, created_at=now)
    session.add(row)
    session.flush()
    audit.append(session, AuditEvent(AuditAct.ORGANISATION_CREATED, by, now, row.id))
    return Organisation(row.id, clean, frozenset())


def join_organisation(session: Session, account_id: str, organisation_id: str, *, by: Actor, now: datetime) -> None:
    """Put an account under an organisation, in place of the one it had."""
    row = find_row(session, account_id)
    _find(session, organisation_id)
    row.organisation_id = organisation_id
    session.flush()
    detail = {"organisation": organisation_id}
    audit.append(session, AuditEvent(AuditAct.ORGANISATION_JOINED, by, now, account_id, detail=detail))


def permit_dispenser(session: Session, organisation_id: str, dispenser_id: str, *, by: Actor, now: datetime) -> None:
    """Let an organisation report for a dispenser; permitting it again changes nothing."""
    _find(session, organisation_id)
    if session.get(DispenserTable, dispenser_id) is None:
        raise NotVisible(f"There is no dispenser {dispenser_id} on the register; add it first.")
    if session.get(OrganisationDispenserTable, (organisation_id, dispenser_id)) is not None:
        return
    session.add(OrganisationDispenserTable(organisation_id=organisation_id, dispenser_id=dispenser_id))
    session.flush()
    detail = {"dispenser": dispenser_id}
    audit.append(session, AuditEvent(AuditAct.DISPENSER_PERMITTED, by, now, organisation_id, detail=detail))


def withdraw_dispenser(session: Session, organisation_id: str, dispenser_id: str, *, by: Actor, now: datetime) -> None:
    """Let an organisation no longer report for a dispenser."""
    row = session.get(OrganisationDispenserTable, (organisation_id, dispenser_id))
    if row is None:
        raise NotVisible("The organisation does not report for this dispenser.")
    session.delete(row)
    session.flush()
    detail = {"dispenser": dispenser_id}
    audit.append(session, AuditEvent(AuditAct.DISPENSER_WITHDRAWN, by, now, organisation_id, detail=detail))


def list_organisations(session: Session) -> list[Organisation]:
    """Every organisation, by name."""
    permitted: dict[str, set[str]] = {}
    for organisation_id, dispenser_id in session.execute(
        select(OrganisationDispenserTable.organisation_id, OrganisationDispenserTable.dispenser_id)
    ):
        permitted.setdefault(organisation_id, set()).add(dispenser_id)
    rows = session.scalars(select(OrganisationTable).order_by(OrganisationTable.name))
    return [_organisation(row, permitted) for row in rows]


def _organisation(row: OrganisationTable, permitted: Mapping[str, set[str]]) -> Organisation:
    return Organisation(row.id, row.name, frozenset(permitted.get(row.id, ())))


def _find(session: Session, organisation_id: str) -> OrganisationTable:
    row = session.get(OrganisationTable, organisation_id)
    if row is None:
        raise NotVisible("There is no such organisation.")
    return row
