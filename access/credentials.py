"""The numbers an account holds: its NPI, and one DEA number or several."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.orm import Session

from access import audit
from access.accounts import find_row
from access.audit import Actor, AuditEvent
from access.audit_acts import AuditAct
from access.errors import Conflict, Invalid, NotVisible
from access.roles import CredentialKind, role_named
from access.tables_people import CredentialTable
from schemas import identifiers


def add_credential(
    session: Session, account_id: str, kind: CredentialKind, number: str, *, by: Actor, now: datetime
) -> None:
    """Enter a number that the account holds.

    Raises:
        Invalid: its check digit is wrong, or the role holds no such number.
    """
    row, clean = find_row(session, account_id), canonical_number(kind, number)
    if kind not in role_named(row.role).credentials:
        raise Invalid(f"An account in the role {row.role} holds no {kind.upper()} number.")
    if session.get(CredentialTable, (account_id, kind.value, clean)) is not None:
        raise Conflict(f"The account already holds this {kind.upper()} number.")
    session.add(CredentialTable(account_id=account_id, kind=kind.value, number=clean, added_at=now))
    session.flush()
    detail = {"credential": kind.value, "number": clean}
    audit.append(session, AuditEvent(AuditAct.CREDENTIAL_ADDED, by, now, account_id, detail=detail))


def remove_credential(
    session: Session, account_id: str, kind: CredentialKind, number: str, *, by: Actor, now: datetime
) -> None:
    """Take a number away."""
    clean = canonical_number(kind, number)
    row = session.get(CredentialTable, (account_id, kind.value, clean))
    if row is None:
        raise NotVisible(f"The account holds no such {kind.upper()} number.")
    session.delete(row)
    detail = {"credential": kind.value, "number": clean}
    audit.append(session, AuditEvent(AuditAct.CREDENTIAL_REMOVED, by, now, account_id, detail=detail))


def canonical_number(kind: CredentialKind, number: str) -> str:
    """A DEA number or NPI in its one spelling.

    Raises:
        Invalid: its form or its check digit is wrong.
    """
    clean = re.sub(r"[\s-]", "", number).upper()
    fits = identifiers.is_dea_number(clean) if kind is CredentialKind.DEA else identifiers.is_npi_number(clean)
    if not fits:
        raise Invalid(f"The {kind.upper()} number's form or check digit is wrong; copy it from the registration.")
    return clean
