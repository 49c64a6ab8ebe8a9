"""Failed attempts, counted in the database: the lock-out survives a restart and holds at every door (L-09).

AN ATTEMPT COUNTS AS FAILED UNTIL IT SUCCEEDED. `charge` counts before the password is looked at, so
that fifty guesses sent at once are not all tried before the first failure is written. Success takes
the charge back. A lock always ends by itself: nobody can shut somebody else out for good.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from access.audit import keyed_digest
from access.database import Database
from access.errors import AuditUnavailable
from access.tables_people import ThrottleTable


@dataclass(frozen=True)
class ThrottleRule:
    """How many failures lock, and for how long.

    Attributes:
        failures: that lock.
        lock: for how long.
        window: failures further apart than this are not added up; None adds up until one succeeds.
    """

    failures: int
    lock: timedelta
    window: timedelta | None = None


ACCOUNT, PEER, FEED, FEED_PEER = "account", "peer", "feed", "feed_peer"

# L-09: four failed log-ins lock the account for ten minutes. The numbers for addresses are ours: a hospital shares one.
L_09 = ThrottleRule(failures=4, lock=timedelta(minutes=10))
PER_ADDRESS = ThrottleRule(failures=50, lock=timedelta(minutes=10), window=timedelta(minutes=10))
RULES: Mapping[str, ThrottleRule] = {ACCOUNT: L_09, PEER: PER_ADDRESS, FEED: L_09, FEED_PEER: PER_ADDRESS}


@dataclass(frozen=True)
class Door:
    """A way in, with the two kinds of subject it counts for: the name given, and the address it came from."""

    name: str
    address: str


WEB_DOOR = Door(ACCOUNT, PEER)
SFTP_DOOR = Door(FEED, FEED_PEER)

# IPv6 customers are given whole networks of this size, so one address is not one sender.
IPV6_PREFIX = 64


def admit(
    session: Session, door: Door, name: str, peer: str, now: datetime, rules: Mapping[str, ThrottleRule] = RULES
) -> datetime | None:
    """Charge an attempt to the address and to the name; where it must not be made, until when.

    The address first: one that is locked must not go on locking other people's names.
    """
    until = charge(session, door.address, address_of(peer), now, rules)
    return charge(session, door.name, name, now, rules) if until is None else until


def vouch(
    session: Session, door: Door, name: str, peer: str, now: datetime, rules: Mapping[str, ThrottleRule] = RULES
) -> None:
    """The attempt succeeded: forget the name's failures, and give the address this one charge back."""
    clear(session, door.name, name)
    refund(session, door.address, address_of(peer), now, rules)


def charge(
    session: Session, kind: str, subject: str, now: datetime, rules: Mapping[str, ThrottleRule] = RULES
) -> datetime | None:
    """Count an attempt that is about to be made; where it must not be made, until when."""
    rule, row = rules[kind], _row(session, kind, subject, now)
    if row.locked_until is not None:
        if now < row.locked_until:
            return row.locked_until
        row.failures, row.locked_until = 0, None
    if row.failures == 0 or (rule.window is not None and now - row.began_at > rule.window):
        row.failures, row.began_at = 0, now
    row.failures += 1
    if row.failures >= rule.failures:
        row.locked_until = now + rule.lock
    session.flush()
    return None


def locked_until(session: Session, kind: str, subject: str) -> datetime | None:
    """Until when the subject is, or was, locked; None where it never was, or has succeeded since."""
    return session.scalar(select(ThrottleTable.locked_until).where(*_same(session, kind, subject)))


def clear(session: Session, kind: str, subject: str) -> None:
    """The attempt succeeded: forget the failures before it."""
    session.execute(delete(ThrottleTable).where(*_same(session, kind, subject)))


def refund(session: Session, kind: str, subject: str, now: datetime, rules: Mapping[str, ThrottleRule] = RULES) -> None:
    """The attempt succeeded, but the failures before it still count: one good log-in does not vouch for an address."""
    row = _row(session, kind, subject, now)
    row.failures = max(0, row.failures - 1)
    if row.failures < rules[kind].failures:
        row.locked_until = None
    session.flush()


def allowed(db: Database, kind: str, subject: str, now: datetime) -> bool:
    """Whether an attempt may be made now; counts nothing."""
    with db.session() as session:
        until = locked_until(session, kind, subject)
    return until is None or now >= until


def failed(
    db: Database, kind: str, subject: str, now: datetime, rules: Mapping[str, ThrottleRule] = RULES
) -> datetime | None:
    """Count a failure; until when the subject is locked now, where it is."""
    with db.session() as session:
        until = charge(session, kind, subject, now, rules)
        return until or locked_until(session, kind, subject)


def succeeded(db: Database, kind: str, subject: str) -> None:
    """Forget the failures of an account; never call it for an address."""
    with db.session() as session:
        clear(session, kind, subject)


def forget_old(db: Database, now: datetime, age: timedelta = timedelta(days=1)) -> None:
    """Drop what no longer matters, so that invented names do not fill the table; for quiet moments."""
    with db.session() as session:
        session.execute(
            delete(ThrottleTable).where(
                ThrottleTable.began_at < now - age,
                or_(ThrottleTable.locked_until.is_(None), ThrottleTable.locked_until < now),
            )
        )


def address_of(peer: str) -> str:
    """The part of a network address that failures are counted for; text that is none counts as itself."""
    host = peer.split("%", maxsplit=1)[0].strip("[]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def _subject(session: Session, kind: str, subject: str) -> str:
    key = cast("bytes | None", session.info.get("audit_key"))
    if key is None:
        raise AuditUnavailable("Counting failed log-ins needs the audit key; open the database with it.")
    return keyed_digest(key, f"throttle:{kind}", subject)


def _same(session: Session, kind: str, subject: str) -> tuple[Any, ...]:
    return ThrottleTable.kind == kind, ThrottleTable.subject == _subject(session, kind, subject)


def _row(session: Session, kind: str, subject: str, now: datetime) -> ThrottleTable:
    """The subject's row, made where there is none, locked against other processes until the commit."""
    values = {"kind": kind, "subject": _subject(session, kind, subject), "failures": 0, "began_at": now}
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(ThrottleTable).values(values).on_conflict_do_nothing())
    return session.scalars(select(ThrottleTable).where(*_same(session, kind, subject)).with_for_update()).one()
