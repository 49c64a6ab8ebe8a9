"""Signed in, since when, until when. A session is a token that is random, short-lived and revocable.

NO ENUMERATION. Whatever is wrong with a log-in (unknown name, wrong password, account not active),
the answer is the same sentence after the same work: one charge, one hash, one event. Only whoever
gives the right password learns that it has expired (P-150), and a lock-out (L-09) holds for names
that do not exist as for those that do.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import orm, select, update

from access import audit, throttle
from access.accounts import LONGEST_EMAIL, Status, normalise_email
from access.audit import UNKNOWN, Actor, AuditEvent, keyed_digest
from access.audit_acts import AuditAct
from access.database import Database, new_id
from access.errors import AuditUnavailable, Invalid, Locked, NotSignedIn, PasswordExpired
from access.passwords import PasswordHash, Passwords
from access.roles import CredentialKind
from access.tables_people import AccountTable, CredentialTable, SessionTable


SIGN_IN_FAILED = "E-mail address or password is wrong. Try again, or reset the password."
NO_SESSION = "Sign in first: there is no session, or it has ended."
EXPIRED = "The password has expired. Reset it with the forgotten-password steps, or ask an administrator."

TOKEN_BYTES = 32  # 256 bits
LONGEST_TOKEN = 100


@dataclass(frozen=True)
class SessionRules:
    """How long a session lasts, and how many there may be.

    Attributes:
        idle: a session unused for so long ends (P-176).
        absolute: any session ends after so long.
        note_use_every: use is written down this often, so that a request is not always a write.
        at_once: open sessions of one account; a further one ends the oldest.
        throttles: how many failures lock what, for how long (L-09).
    """

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)
    note_use_every: timedelta = timedelta(minutes=1)
    at_once: int = 5
    throttles: Mapping[str, throttle.ThrottleRule] = field(default_factory=lambda: throttle.RULES)


@dataclass(frozen=True)
class Person:
    """Who is signed in.

    Attributes:
        account_id: of the account.
        role: the role they act in.
        name: for display.
        email: normalised.
        organisation_id: for whom they report, where they do.
        dea: their DEA numbers.
        npi: their NPI, where one is on file.
        session_id: of the session, as the audit trail names it.
    """

    account_id: str
    role: str
    name: str
    email: str
    organisation_id: str | None
    dea: tuple[str, ...]
    npi: str | None
    session_id: str


@dataclass(frozen=True)
class Session:
    """A session just opened.

    Attributes:
        token: goes to the client and is kept nowhere else.
        person: who signed in.
        opened_at: UTC.
        ends_at: at the latest, UTC.
        password_expires_at: UTC.
        remind: whether the reminder of P-147 is due.
    """

    token: str = field(repr=False)
    person: Person
    opened_at: datetime
    ends_at: datetime
    password_expires_at: datetime
    remind: bool


@dataclass(frozen=True)
class _Found:
    """What is known of a name before the password is looked at."""

    account_id: str | None = None
    role: str = ""
    hash: PasswordHash | None = None


def log_in(
    db: Database,
    email: str,
    password: str,
    peer: str,
    now: datetime,
    *,
    passwords: Passwords | None = None,
    rules: SessionRules | None = None,
) -> Session:
    """Open a session (P-132).

    Args:
        db: opened with the audit key.
        email: as entered.
        password: as entered.
        peer: network address of the client.
        now: UTC.
        passwords: the process's; share one, it limits the memory used.
        rules: how long a session lasts.

    Raises:
        NotSignedIn: name or password is wrong, or the account may not sign in.
        Locked: too many failures before this one (L-09); the password was not looked at.
        PasswordExpired: the password is right, but must be changed first (P-145, P-150).
        AuditUnavailable: nothing can be written; nobody signs in.
    """
    passwords, rules = passwords or _shared(), rules or SessionRules()
    if db.audit_key is None:
        raise AuditUnavailable("Signing in needs the audit key; open the database with it.")
    name = sign_in_name(email)
    name_digest = keyed_digest(db.audit_key, "sign-in", name)
    with db.session() as session:
        found = _find(session, name)
        until = throttle.admit(session, throttle.WEB_DOOR, name, peer, now, rules.throttles)
        if until is not None:
            _refused(session, found, peer, now, why="locked", name_digest=name_digest)
    if until is not None:
        raise Locked(until)
    # Outside any transaction: it takes a tenth of a second, and others want to write.
    right = passwords.verify(found.hash, password)
    fresh = passwords.rehash(found.hash, password) if right and found.hash is not None else None
    with db.session() as session:
        row = session.get(AccountTable, found.account_id) if right and found.account_id else None
        # The account as it is now, since it may have been disabled, or its password changed, meanwhile.
        why = _why_not(row, found, now, passwords)
        if row is None or why is not None:
            _refused(session, found, peer, now, why=why or "password", name_digest=name_digest)
        else:
            throttle.vouch(session, throttle.WEB_DOOR, name, peer, now, rules.throttles)
            if fresh is not None:
                row.password_hash = fresh
            return _open(session, row, peer, now, passwords, rules)
    raise PasswordExpired(EXPIRED) if why == "expired" else NotSignedIn(SIGN_IN_FAILED)


def authenticate(db: Database, token: str, now: datetime, *, rules: SessionRules | None = None) -> Person:
    """Who holds this token.

    Raises:
        NotSignedIn: nobody, or the session has ended.
    """
    rules, digest = rules or SessionRules(), _token_hash(token)
    with db.reading() as session:
        person, seen_at = _holder(session, digest, now, rules)
    if now - seen_at >= rules.note_use_every:
        with db.session() as session:
            session.execute(
                update(SessionTable)
                .where(SessionTable.token_hash == digest, SessionTable.seen_at < now)
                .values(seen_at=now)
            )
    return person


def log_out(db: Database, token: str, peer: str, now: datetime) -> None:
    """End the session; a token that opens none is let be."""
    with db.session() as session:
        row = session.get(SessionTable, _token_hash(token))
        if row is None or row.closed_at is not None:
            return
        row.closed_at = now
        account = session.get_one(AccountTable, row.account_id)
        event = AuditEvent(
            AuditAct.SIGNED_OUT, Actor(account.id, account.role, peer), now, account.id, detail={"session": row.id}
        )
        audit.append(session, event)


def _find(session: orm.Session, name: str) -> _Found:
    row = session.scalars(select(AccountTable).where(AccountTable.email == name)).first()
    if row is None:
        return _Found()
    return _Found(row.id, row.role, None if row.password_hash is None else PasswordHash(row.password_hash))


def _why_not(row: AccountTable | None, found: _Found, now: datetime, passwords: Passwords) -> str | None:
    """Why this account may not sign in; None where it may. For the trail, not for the client."""
    if row is None or row.password_set_at is None or row.password_hash != found.hash:
        return "password" if found.account_id else "unknown"
    if row.status != Status.ACTIVE.value:
        return row.status
    if row.password_expired or now >= passwords.expires_at(row.password_set_at):
        return "expired"
    return None


def _refused(session: orm.Session, found: _Found, peer: str, now: datetime, *, why: str, name_digest: str) -> None:
    actor = Actor(found.account_id or UNKNOWN, found.role, peer)
    detail = {"why": why, "name_digest": name_digest}
    audit.append(session, AuditEvent(AuditAct.SIGN_IN_REFUSED, actor, now, actor.account_id, detail=detail))


def _open(
    session: orm.Session, row: AccountTable, peer: str, now: datetime, passwords: Passwords, rules: SessionRules
) -> Session:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    _end_surplus(session, row.id, now, rules)
    opened = SessionTable(
        token_hash=_token_hash(token), id=new_id("n"), account_id=row.id, opened_at=now, seen_at=now, closed_at=None
    )
    session.add(opened)
    session.flush()
    actor = Actor(row.id, row.role, peer)
    audit.append(session, AuditEvent(AuditAct.SIGNED_IN, actor, now, row.id, detail={"session": opened.id}))
    expires_at = passwords.expires_at(row.password_set_at or now)
    return Session(
        token=token,
        person=_person(session, row, opened.id),
        opened_at=now,
        ends_at=now + rules.absolute,
        password_expires_at=expires_at,
        remind=now >= expires_at - passwords.rules.remind_before,
    )


def _end_surplus(session: orm.Session, account_id: str, now: datetime, rules: SessionRules) -> None:
    """End the oldest sessions of an account, so that with the new one there are not too many."""
    alive = session.scalars(
        select(SessionTable)
        .where(
            SessionTable.account_id == account_id,
            SessionTable.closed_at.is_(None),
            SessionTable.seen_at > now - rules.idle,
            SessionTable.opened_at > now - rules.absolute,
        )
        .order_by(SessionTable.opened_at.desc())
    ).all()
    for surplus in alive[rules.at_once - 1 :]:
        surplus.closed_at = now


def _holder(session: orm.Session, digest: str, now: datetime, rules: SessionRules) -> tuple[Person, datetime]:
    row = session.get(SessionTable, digest)
    if (
        row is None
        or row.closed_at is not None
        or now >= row.seen_at + rules.idle
        or now >= row.opened_at + rules.absolute
    ):
        raise NotSignedIn(NO_SESSION)
    account = session.get_one(AccountTable, row.account_id)
    if account.status != Status.ACTIVE.value:
        raise NotSignedIn(NO_SESSION)
    return _person(session, account, row.id), row.seen_at


def _person(session: orm.Session, row: AccountTable, session_id: str) -> Person:
    numbers = session.execute(
        select(CredentialTable.kind, CredentialTable.number)
        .where(CredentialTable.account_id == row.id)
        .order_by(CredentialTable.number)
    ).all()
    return Person(
        account_id=row.id,
        role=row.role,
        name=row.display_name,
        email=row.email,
        organisation_id=row.organisation_id,
        dea=tuple(number for kind, number in numbers if kind == CredentialKind.DEA),
        npi=next((number for kind, number in numbers if kind == CredentialKind.NPI), None),
        session_id=session_id,
    )


def sign_in_name(email: str) -> str:
    """What an account is looked up by and failures are counted under; text that is no address is counted too."""
    try:
        return normalise_email(email)
    except Invalid:
        # Text that a database could not take (NUL, half a surrogate pair) is no account's name either.
        return email[:LONGEST_EMAIL].casefold().replace("\0", "?").encode(errors="replace").decode()


def _token_hash(token: str) -> str:
    return hashlib.sha256(token[:LONGEST_TOKEN].encode(errors="replace")).hexdigest()


@cache
def _shared() -> Passwords:
    """The process's own, for callers that bring none; made at first use."""
    return Passwords()
