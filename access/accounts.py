"""The life of an account: applied, active, disabled. Every change is written together with its audit event.

Each function takes the session it works in, who does it (`by`) and when; the event is chained in the
same transaction, so there is no change without a trace and no trace of what did not happen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from access import audit
from access.audit import Actor, AuditEvent
from access.audit_acts import AuditAct
from access.database import new_id
from access.errors import Conflict, Invalid, NotVisible
from access.passwords import PasswordHash
from access.roles import ROLES, CredentialKind
from access.tables_people import AccountTable, CredentialTable, OrganisationDispenserTable, SessionTable


class Status(StrEnum):
    """Where an account stands."""

    APPLIED = "applied"  # waits for an administrator (P-083)
    ACTIVE = "active"
    DISABLED = "disabled"  # for good, until an administrator approves it again (P-193)


# What an account may become from where it stands.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.APPLIED: frozenset({Status.ACTIVE, Status.DISABLED}),
    Status.ACTIVE: frozenset({Status.DISABLED}),
    Status.DISABLED: frozenset({Status.ACTIVE}),
}

LONGEST_EMAIL = 254  # RFC 5321, erratum 1690
LONGEST_NAME = 200

# Enough to catch a slip; whether an address exists is shown by a mail that arrives.
_PLAIN = r"[^@\s\x00-\x1f\x7f\ud800-\udfff]"
_EMAIL = re.compile(rf"{_PLAIN}{{1,64}}@{_PLAIN}+\.{_PLAIN}{{2,}}")


@dataclass(frozen=True)
class Account:
    """An account as others see it; no hash is in it.

    Attributes:
        id: of the account.
        email: normalised; what one signs in with (P-132).
        display_name: as entered.
        role: a name of the role catalogue.
        status: where it stands.
        credentials: its numbers by kind; several DEA numbers are usual.
        organisation_id: for whom it reports, where it does.
        sftp_name: its name at the SFTP door, where it has one.
        has_password: whether it can sign in with one.
        created_at: UTC.
    """

    id: str
    email: str
    display_name: str
    role: str
    status: Status
    credentials: Mapping[CredentialKind, tuple[str, ...]]
    organisation_id: str | None
    sftp_name: str | None
    has_password: bool
    created_at: datetime


def normalise_email(text: str) -> str:
    """The one spelling under which an address is kept and looked up.

    Raises:
        Invalid: it is not an e-mail address (P-068).
    """
    address = unicodedata.normalize("NFKC", text).strip().casefold()
    if len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address) or any(map(_unseen, address)):
        raise Invalid("That is not an e-mail address; write it like name@example.org.")
    return address


def create_account(
    session: Session,
    *,
    email: str,
    display_name: str,
    role: str,
    by: Actor,
    now: datetime,
    password: PasswordHash | None = None,
    password_expired: bool = False,
    status: Status = Status.APPLIED,
    organisation_id: str | None = None,
) -> Account:
    """Make an account.

    Args:
        session: of `Database.session`.
        email: what the person signs in with.
        display_name: their name.
        role: a name of the role catalogue.
        by: who makes it.
        now: UTC.
        password: from `Passwords.new`; None for an account that cannot sign in with one yet.
        password_expired: True for a password that somebody else chose and that must be changed first.
        status: `Status.ACTIVE` where whoever makes it has also verified it (P-079).
        organisation_id: for whom it will report.

    Raises:
        Invalid: the address, the name or the role does not hold up.
        Conflict: the address belongs to an account (P-069).
    """
    if role not in ROLES:
        raise Invalid(f"There is no role {role!r}; the roles are {', '.join(sorted(ROLES))}.")
    row = AccountTable(
        id=new_id("a"),
        email=normalise_email(email),
        display_name=clean_name(display_name),
        role=role,
        status=status.value,
        organisation_id=organisation_id,
        password_hash=password,
        password_set_at=None if password is None else now,
        password_expired=password_expired,
        created_at=now,
        status_at=now,
    )
    if session.scalar(select(AccountTable.id).where(AccountTable.email == row.email)) is not None:
        raise Conflict("That e-mail address already belongs to an account; use the forgotten-password steps.")
    session.add(row)
    try:
        session.flush()
    except IntegrityError as fault:
        raise Conflict(
            "The account was not made: its e-mail address is in use, or its organisation unknown."
        ) from fault
    audit.append(
        session, AuditEvent(AuditAct.ACCOUNT_CREATED, by, now, row.id, detail={"role": role, "status": status.value})
    )
    return get_account(session, row.id)


def approve_account(session: Session, account_id: str, *, by: Actor, now: datetime) -> None:
    """Let an account in, for the first time or again (P-083, P-116).

    Raises:
        Conflict: it is active already, or somebody would approve themselves.
    """
    if by.account_id == account_id:
        raise Conflict("Nobody approves their own account; ask another administrator.")
    row = _move(session, account_id, Status.ACTIVE, now)
    audit.append(session, AuditEvent(AuditAct.ACCOUNT_APPROVED, by, now, account_id, detail={"role": row.role}))


def disable_account(session: Session, account_id: str, *, why: str, by: Actor, now: datetime) -> None:
    """Shut an account out and end its open sessions at once (P-084, P-193 to P-197)."""
    _move(session, account_id, Status.DISABLED, now)
    audit.append(session, AuditEvent(AuditAct.ACCOUNT_DISABLED, by, now, account_id, detail={"why": why}))
    revoke_sessions(session, account_id, why="disabled", now=now)


def change_role(session: Session, account_id: str, role: str, *, by: Actor, now: datetime) -> None:
    """Give an account another role; its open sessions end, since they carry the old one's rights."""
    if role not in ROLES:
        raise Invalid(f"There is no role {role!r}; the roles are {', '.join(sorted(ROLES))}.")
    row = find_row(session, account_id)
    before, row.role = row.role, role
    audit.append(
        session, AuditEvent(AuditAct.ROLE_CHANGED, by, now, account_id, detail={"before": before, "after": role})
    )
    revoke_sessions(session, account_id, why="role changed", now=now)


def get_account(session: Session, account_id: str) -> Account:
    """One account, by its id.

    Raises:
        NotVisible: there is none.
    """
    return _account(session, find_row(session, account_id))


def find_account(session: Session, email: str) -> Account | None:
    """One account, by its e-mail address; None where there is none."""
    row = session.scalars(select(AccountTable).where(AccountTable.email == normalise_email(email))).first()
    return None if row is None else _account(session, row)


def list_accounts(session: Session, *, role: str | None = None, status: Status | None = None) -> list[Account]:
    """Every account that fits, by e-mail address."""
    statement = select(AccountTable).order_by(AccountTable.email)
    if role is not None:
        statement = statement.where(AccountTable.role == role)
    if status is not None:
        statement = statement.where(AccountTable.status == status.value)
    return [_account(session, row) for row in session.scalars(statement)]


def permitted_dispensers(session: Session, account_id: str) -> frozenset[str]:
    """The dispensers an account may report for, through its organisation; none unless it is active.

    What an account sent before it was disabled is then held for an administrator, not lost.
    """
    statement = (
        select(OrganisationDispenserTable.dispenser_id)
        .join(AccountTable, AccountTable.organisation_id == OrganisationDispenserTable.organisation_id)
        .where(AccountTable.id == account_id, AccountTable.status == Status.ACTIVE.value)
    )
    return frozenset(session.scalars(statement))


def revoke_sessions(session: Session, account_id: str, *, why: str, now: datetime, keep: str | None = None) -> int:
    """End the open sessions of an account, but for the one to keep; how many were ended."""
    statement = select(SessionTable.id).where(SessionTable.account_id == account_id, SessionTable.closed_at.is_(None))
    open_ones = [found for found in session.scalars(statement) if found != keep]
    if not open_ones:
        return 0
    session.execute(update(SessionTable).where(SessionTable.id.in_(open_ones)).values(closed_at=now))
    detail = {"sessions": open_ones, "why": why}
    audit.append(session, AuditEvent(AuditAct.SESSIONS_REVOKED, audit.SYSTEM, now, account_id, detail=detail))
    return len(open_ones)


def clean_name(text: str) -> str:
    """A name for display: one line, no control characters.

    Raises:
        Invalid: nothing is left, or it is too long.
    """
    name = " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text).split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"A name needs 1 to {LONGEST_NAME} characters.")
    return name


def _unseen(character: str) -> bool:
    """Whether it would not be seen, or would command a terminal: control and formatting characters."""
    return unicodedata.category(character)[0] == "C"


def find_row(session: Session, account_id: str) -> AccountTable:
    """The account's row, for a change.

    Raises:
        NotVisible: there is none.
    """
    row = session.get(AccountTable, account_id)
    if row is None:
        raise NotVisible("There is no such account.")
    return row


def _move(session: Session, account_id: str, status: Status, now: datetime) -> AccountTable:
    row = find_row(session, account_id)
    if status not in TRANSITIONS[Status(row.status)]:
        raise Conflict(f"The account is {row.status}; it cannot become {status}.")
    row.status, row.status_at = status.value, now
    session.flush()
    return row


def _account(session: Session, row: AccountTable) -> Account:
    numbers = session.execute(
        select(CredentialTable.kind, CredentialTable.number)
        .where(CredentialTable.account_id == row.id)
        .order_by(CredentialTable.kind, CredentialTable.number)
    ).all()
    credentials = {kind: tuple(number for name, number in numbers if name == kind) for kind in CredentialKind}
    return Account(
        id=row.id,
        email=row.email,
        display_name=row.display_name,
        role=row.role,
        status=Status(row.status),
        credentials={kind: found for kind, found in credentials.items() if found},
        organisation_id=row.organisation_id,
        sftp_name=row.sftp_name,
        has_password=row.password_hash is not None,
        created_at=row.created_at,
    )
