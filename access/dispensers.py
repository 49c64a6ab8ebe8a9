"""The register of dispensers: who must report, how often, and under which licence (P-017 to P-019)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from access import audit
from access.accounts import clean_name
from access.audit import Actor, AuditEvent
from access.audit_acts import AuditAct
from access.database import new_id
from access.errors import Conflict, Invalid, NotVisible
from access.tables_people import DispenserTable
from schemas import identifiers
from schemas.dispenser import REGISTER_SCHEMA, Cadence, DispenserKind, LicenceClass


@dataclass(frozen=True)
class Dispenser:
    """One dispenser; as in `schemas.dispenser.REGISTER_SCHEMA`.

    Attributes:
        name: as the licence has it.
        kind: what it is; decides which exemptions can apply.
        cadence: how often it must report.
        licence_class: the licence that exemptions ask for.
        dea: DEA number; None where it has none.
        ncpdp: NCPDP provider id; None where it has none.
        npi: NPI; None where it has none.
        dispenser_id: ours; made when the dispenser is added without one.
    """

    name: str
    kind: DispenserKind
    cadence: Cadence
    licence_class: LicenceClass
    dea: str | None = None
    ncpdp: str | None = None
    npi: str | None = None
    dispenser_id: str = ""


IDENTIFIERS = ("dea", "ncpdp", "npi")
COLUMNS = tuple(field.name for field in fields(Dispenser))

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def add_dispenser(session: Session, dispenser: Dispenser, *, by: Actor, now: datetime) -> str:
    """Enter a dispenser in the register; its id.

    Raises:
        Invalid: a name or an identifier does not hold up.
        Conflict: an open dispenser has one of its identifiers, or its id.
    """
    clean = _checked(dispenser)
    clean = replace(clean, dispenser_id=clean.dispenser_id or new_id("d"))
    if session.get(DispenserTable, clean.dispenser_id) is not None:
        raise Conflict(f"The register has a dispenser {clean.dispenser_id}.")
    _refuse_shared(session, clean)
    session.add(DispenserTable(**asdict(clean), added_at=now, closed_on=None))
    session.flush()
    detail = {"kind": clean.kind.value, "cadence": clean.cadence.value}
    audit.append(session, AuditEvent(AuditAct.DISPENSER_ADDED, by, now, clean.dispenser_id, detail=detail))
    return clean.dispenser_id


def change_dispenser(session: Session, dispenser: Dispenser, *, by: Actor, now: datetime) -> bool:
    """Bring a dispenser's entry to what is given; False where it was so already."""
    clean, row = _checked(dispenser), _open_row(session, dispenser.dispenser_id)
    changed = [name for name in COLUMNS if getattr(row, name) != getattr(clean, name)]
    if not changed:
        return False
    _refuse_shared(session, clean)
    for name in changed:
        setattr(row, name, getattr(clean, name))
    session.flush()
    event = AuditEvent(AuditAct.DISPENSER_CHANGED, by, now, row.dispenser_id, detail={"fields": changed})
    audit.append(session, event)
    return True


def close_dispenser(session: Session, dispenser_id: str, *, closed_on: date, by: Actor, now: datetime) -> None:
    """Take a dispenser off the open register: it need not report any more, and a successor may take its numbers."""
    row = _open_row(session, dispenser_id)
    row.closed_on = closed_on
    session.flush()
    detail = {"closed_on": closed_on.isoformat()}
    audit.append(session, AuditEvent(AuditAct.DISPENSER_CLOSED, by, now, dispenser_id, detail=detail))


def list_dispensers(session: Session, *, closed_too: bool = False) -> list[Dispenser]:
    """The dispensers, by name."""
    statement = select(DispenserTable).order_by(DispenserTable.name, DispenserTable.dispenser_id)
    if not closed_too:
        statement = statement.where(DispenserTable.closed_on.is_(None))
    return [_dispenser(row) for row in session.scalars(statement)]


def register_frame(session: Session) -> pl.DataFrame:
    """The open dispensers as the judge reads them, of `REGISTER_SCHEMA`, by id."""
    columns = [DispenserTable.__table__.c[name] for name in REGISTER_SCHEMA]
    statement = select(*columns).where(DispenserTable.closed_on.is_(None)).order_by(DispenserTable.dispenser_id)
    return pl.DataFrame([tuple(row) for row in session.execute(statement)], schema=REGISTER_SCHEMA, orient="row")


def _checked(dispenser: Dispenser) -> Dispenser:
    """The dispenser in its one spelling, if everything about it holds up."""
    if dispenser.dispenser_id and not _ID.fullmatch(dispenser.dispenser_id):
        raise Invalid("dispenser_id may hold letters, digits, - and _, at most 64.")
    dea, ncpdp, npi = (_bare(getattr(dispenser, name)) for name in IDENTIFIERS)
    if dea is not None and not identifiers.is_dea_number(dea):
        raise Invalid("dea: its form or check digit is wrong; copy it from the registration.")
    if ncpdp is not None and not re.fullmatch(r"[0-9]{7}", ncpdp):
        raise Invalid("ncpdp: it must have seven digits.")
    if npi is not None and not identifiers.is_npi_number(npi):
        raise Invalid("npi: its form or check digit is wrong; copy it from the registration.")
    if dea is None and ncpdp is None and npi is None:
        raise Invalid("A dispenser needs at least one of dea, ncpdp and npi; files name it by these.")
    return replace(dispenser, name=clean_name(dispenser.name), dea=dea, ncpdp=ncpdp, npi=npi)


def _bare(number: str | None) -> str | None:
    return re.sub(r"[\s.-]", "", number).upper() or None if number else None


def _refuse_shared(session: Session, dispenser: Dispenser) -> None:
    """Refuse an identifier that leads to another open dispenser: a file could not say which one it means."""
    for name in IDENTIFIERS:
        number = getattr(dispenser, name)
        if number is None:
            continue
        other = session.scalar(
            select(DispenserTable.dispenser_id).where(
                getattr(DispenserTable, name) == number,
                DispenserTable.closed_on.is_(None),
                DispenserTable.dispenser_id != dispenser.dispenser_id,
            )
        )
        if other is not None:
            raise Conflict(f"{name}: the open dispenser {other} has this number. Close that one, or leave it out here.")


def _open_row(session: Session, dispenser_id: str) -> DispenserTable:
    row = session.get(DispenserTable, dispenser_id)
    if row is None or row.closed_on is not None:
        raise NotVisible(f"There is no open dispenser {dispenser_id!r} on the register.")
    return row


def _dispenser(row: DispenserTable) -> Dispenser:
    return Dispenser(
        name=row.name,
        kind=DispenserKind(row.kind),
        cadence=Cadence(row.cadence),
        licence_class=LicenceClass(row.licence_class),
        dea=row.dea,
        ncpdp=row.ncpdp,
        npi=row.npi,
        dispenser_id=row.dispenser_id,
    )
