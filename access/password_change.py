"""Changing a password: by its owner (P-148), by an administrator for somebody else, or from a temporary one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from access import audit, throttle
from access.accounts import Status, find_row, revoke_sessions
from access.audit import UNKNOWN, Actor, AuditEvent
from access.audit_acts import AuditAct
from access.database import Database
from access.errors import AuditUnavailable, Forbidden, Locked, NotSignedIn
from access.passwords import PasswordHash, Passwords
from access.sessions import SIGN_IN_FAILED, Person, SessionRules, sign_in_name
from access.tables_people import AccountTable


WRONG_CURRENT = "The present password is wrong. Try again, or reset the password."


def change_password(
    db: Database,
    person: Person,
    current: str,
    new: str,
    again: str,
    *,
    peer: str,
    now: datetime,
    passwords: Passwords,
    rules: SessionRules | None = None,
) -> None:
    """Change one's own password (P-148); the account's other sessions end.

    Raises:
        Forbidden: the present password is wrong; failures count towards the lock-out (L-09).
        Locked: too many failures before this one.
        WeakPassword: the new one breaks a rule (P-134 to P-138, P-149).
    """
    kept = _checked(db, person.email, current, peer=peer, now=now, passwords=passwords, rules=rules)
    if kept is None:
        raise Forbidden(WRONG_CURRENT)
    fresh = passwords.new(new, again, previous=kept, about=(person.email, person.name))
    with db.session() as session:
        row = find_row(session, person.account_id)
        if row.password_hash != kept or row.status != Status.ACTIVE.value:
            raise Forbidden(WRONG_CURRENT)
        _set(session, row, fresh, now, keep_session=person.session_id)
        audit.append(session, AuditEvent(AuditAct.PASSWORD_CHANGED, Actor(row.id, row.role, peer), now, row.id))


def replace_temporary_password(
    db: Database,
    email: str,
    temporary: str,
    new: str,
    again: str,
    *,
    peer: str,
    now: datetime,
    passwords: Passwords,
    rules: SessionRules | None = None,
) -> None:
    """Put one's own password in the place of one that an administrator chose; then sign in with it.

    Raises:
        NotSignedIn: name or password is wrong, or the password is not a temporary one.
        Locked: too many failures before this one.
        WeakPassword: the new one breaks a rule.
    """
    kept = _checked(db, email, temporary, peer=peer, now=now, passwords=passwords, rules=rules)
    with db.reading() as session:
        row = session.scalars(select(AccountTable).where(AccountTable.email == sign_in_name(email))).first()
    if kept is None or row is None or not _replaceable(row, kept, now, passwords):
        raise NotSignedIn(SIGN_IN_FAILED)
    fresh = passwords.new(new, again, previous=kept, about=(row.email, row.display_name))
    with db.session() as session:
        row = find_row(session, row.id)
        if not _replaceable(row, kept, now, passwords):
            raise NotSignedIn(SIGN_IN_FAILED)
        _set(session, row, fresh, now)
        audit.append(session, AuditEvent(AuditAct.PASSWORD_CHANGED, Actor(row.id, row.role, peer), now, row.id))


def reset_password(
    db: Database,
    account_id: str,
    new: str,
    again: str,
    *,
    by: Actor,
    now: datetime,
    passwords: Passwords,
    temporary: bool = True,
) -> None:
    """Set somebody's password for them; every session of theirs ends.

    Args:
        db: opened with the audit key.
        account_id: whose.
        new: the password.
        again: the same (P-138).
        by: the administrator, or the command line.
        now: UTC.
        passwords: the process's.
        temporary: True where its owner must replace it before signing in, since somebody else knows it.

    Raises:
        WeakPassword: it breaks a rule; P-149 holds here too.
    """
    with db.reading() as session:
        row = find_row(session, account_id)
    kept = None if row.password_hash is None else PasswordHash(row.password_hash)
    fresh = passwords.new(new, again, previous=kept, about=(row.email, row.display_name))
    with db.session() as session:
        row = find_row(session, account_id)
        _set(session, row, fresh, now)
        row.password_expired = temporary
        throttle.clear(session, throttle.ACCOUNT, row.email)
        event = AuditEvent(AuditAct.PASSWORD_RESET, by, now, account_id, detail={"expires_at_once": temporary})
        audit.append(session, event)


def _checked(
    db: Database,
    email: str,
    password: str,
    *,
    peer: str,
    now: datetime,
    passwords: Passwords,
    rules: SessionRules | None,
) -> PasswordHash | None:
    """The kept hash if this is the password; else None, and a trace. The same work for every name."""
    rules, name = rules or SessionRules(), sign_in_name(email)
    if db.audit_key is None:
        raise AuditUnavailable("Changing a password needs the audit key; open the database with it.")
    with db.session() as session:
        row = session.scalars(select(AccountTable).where(AccountTable.email == name)).first()
        until = throttle.admit(session, throttle.WEB_DOOR, name, peer, now, rules.throttles)
        if until is not None:
            _refused(session, row, peer, now, "locked")
    if until is not None:
        raise Locked(until)
    kept = None if row is None or row.password_hash is None else PasswordHash(row.password_hash)
    right = passwords.verify(kept, password)
    with db.session() as session:
        if right:
            throttle.vouch(session, throttle.WEB_DOOR, name, peer, now, rules.throttles)
        else:
            _refused(session, row, peer, now, "password")
    return kept if right else None


def _refused(session: Session, row: AccountTable | None, peer: str, now: datetime, why: str) -> None:
    actor = Actor(UNKNOWN, "", peer) if row is None else Actor(row.id, row.role, peer)
    event = AuditEvent(AuditAct.PASSWORD_CHANGE_REFUSED, actor, now, actor.account_id, detail={"why": why})
    audit.append(session, event)


def _replaceable(row: AccountTable, kept: PasswordHash, now: datetime, passwords: Passwords) -> bool:
    """Whether the account's password is a temporary one, still the one that was checked, and not too old."""
    return (
        row.status == Status.ACTIVE.value
        and row.password_expired
        and row.password_hash == kept
        and row.password_set_at is not None
        and now < row.password_set_at + passwords.rules.temporary_lifetime
    )


def _set(
    session: Session, row: AccountTable, fresh: PasswordHash, now: datetime, *, keep_session: str | None = None
) -> None:
    row.password_hash, row.password_set_at, row.password_expired = fresh, now, False
    session.flush()
    revoke_sessions(session, row.id, why="password changed", now=now, keep=keep_session)
