"""The audit trail: who did what, when, from where, to what, and why. Append-only and hash-chained.

THE CHAIN. Every event carries the hash of the one before it, and its own hash is an HMAC-SHA256,
keyed with a secret of the installation, over that and every field of the event. So a change, a
deletion, an insertion or a swap breaks the chain, and nobody without the key can mend it. What a
chain cannot show is that its end was cut off: signed checkpoints kept elsewhere do
(`access.checkpoints`). `access.verification` looks at both.

An event is written in the transaction of what it tells of: both happen or neither (fail closed).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Index, Text, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from access.audit_acts import VOCABULARY, AuditAct
from access.database import Base, BigCount
from access.errors import AuditUnavailable


# What stands before the first event.
GENESIS = "0" * 64

# PostgreSQL's advisory lock that lets one writer append at a time; SQLite's writers queue at BEGIN IMMEDIATE.
CHAIN_LOCK = 0x41554449

# An event names things; it is no place for documents, and an attacker's long input does not fill the disk.
LONGEST_TEXT = 300

# Made once: a verification hashes a million events. Its output is ASCII, whatever the fields hold.
_FRAME = json.JSONEncoder(separators=(",", ":"))

Detail = str | int | bool | None | Sequence[str]


class AuditEventTable(Base):
    """One row per event. Every column is text as hashed, so that what is verified is what is stored."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index(None, "actor", "at"),
        Index(None, "act", "at"),
        Index(None, "object_kind", "object_id"),
    )

    # Counted by us, without gaps: a missing number is a missing event.
    id: Mapped[int] = mapped_column(BigCount, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    act: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    on_behalf_of: Mapped[str] = mapped_column(Text)
    peer: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    # Unique: no two events can follow the same one, so the chain cannot fork.
    previous_hash: Mapped[str] = mapped_column(Text, unique=True)
    hash: Mapped[str] = mapped_column(Text)


FIELDS = ("id", "at", "actor", "role", "act", "object_kind", "object_id", "on_behalf_of", "peer", "detail")


@dataclass(frozen=True)
class Actor:
    """Who acts: an account in a role, or the program itself.

    Attributes:
        account_id: the account, or a word for what is none: "system", "command_line", "unknown".
        role: the role acted in.
        peer: network address the act came from; empty where there is none.
    """

    account_id: str
    role: str
    peer: str = ""


SYSTEM = Actor("system", "system")
COMMAND_LINE = Actor("command_line", "operator")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class AuditEvent:
    """One event, before it is chained.

    Attributes:
        act: what was done.
        actor: by whom.
        at: when, UTC.
        object_id: to what; of the kind that the vocabulary names for the act. Never a patient's name.
        on_behalf_of: the account for whom it was done, where that is another.
        detail: only the keys that the vocabulary allows for the act.
    """

    act: AuditAct
    actor: Actor
    at: datetime
    object_id: str
    on_behalf_of: str = ""
    detail: Mapping[str, Detail] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"The moment of an audit event needs a time zone; {self.act} came without.")
        if surplus := self.detail.keys() - VOCABULARY[self.act].details:
            raise ValueError(f"An event {self.act} may not carry {sorted(surplus)}; see access/audit_acts.py.")


@dataclass(frozen=True)
class RecordedEvent:
    """One event as the trail keeps it; every attribute as in `AuditEvent`, in text."""

    id: int
    at: datetime
    actor: str
    role: str
    act: str
    object_kind: str
    object_id: str
    on_behalf_of: str
    peer: str
    detail: Mapping[str, Detail]


def append(session: Session, event: AuditEvent) -> int:
    """Chain an event on, in the session's transaction; its id.

    Raises:
        AuditUnavailable: it cannot be written; the caller's transaction must not go on.
    """
    return append_all(session, [event])[0]


def append_all(session: Session, events: Sequence[AuditEvent]) -> list[int]:
    """Chain several events on, in order; their ids."""
    key = cast("bytes | None", session.info.get("audit_key"))
    if key is None:
        raise AuditUnavailable("This database was opened without the audit key, so nothing may be changed through it.")
    if not events:
        return []
    try:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CHAIN_LOCK})
        number, previous = last(session)
        rows = []
        for event in events:
            number += 1
            row = _row(number, event, previous)
            previous = row["hash"] = chain_hash(key, previous, [row[name] for name in FIELDS])
            rows.append(row)
        session.execute(insert(AuditEventTable), rows)
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The audit trail cannot be written ({type(fault).__name__}), so nothing was done. "
            "Look at the database's disk and permissions, then try again."
        ) from fault
    return [cast("int", row["id"]) for row in rows]


def last(session: Session) -> tuple[int, str]:
    """Number and hash of the last event; 0 and `GENESIS` where there is none."""
    statement = select(AuditEventTable.id, AuditEventTable.hash).order_by(AuditEventTable.id.desc()).limit(1)
    row = session.execute(statement).first()
    return (row[0], row[1]) if row else (0, GENESIS)


def chain_hash(key: bytes, previous: str, fields: Sequence[object]) -> str:
    """The hash of an event: keyed, over the hash before it and its `FIELDS` in order.

    JSON is the framing: it tells ``["ab", "c"]`` from ``["a", "bc"]``, which plain joining would not.
    """
    message = _FRAME.encode([previous, *fields])
    return hmac.digest(key, message.encode("ascii"), "sha256").hex()


def keyed_digest(key: bytes, purpose: str, value: str) -> str:
    """A digest that recognises the same value again and tells nobody without the key what it was."""
    subkey = hmac.digest(key, b"digest:" + purpose.encode(), "sha256")
    return hmac.new(subkey, value.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:32]


def _row(number: int, event: AuditEvent, previous: str) -> dict[str, object]:
    return {
        "id": number,
        # Of fixed width, so that text sorts as time does.
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": _short(event.actor.account_id),
        "role": _short(event.actor.role),
        "act": event.act.value,
        "object_kind": VOCABULARY[event.act].object_kind,
        "object_id": _short(event.object_id),
        "on_behalf_of": _short(event.on_behalf_of),
        "peer": _short(event.actor.peer),
        "detail": json.dumps({key: _value(value) for key, value in event.detail.items()}, sort_keys=True),
        "previous_hash": previous,
        "hash": "",
    }


def _short(value: str) -> str:
    # PostgreSQL's text cannot hold NUL, and half a surrogate pair cannot be encoded.
    return value[:LONGEST_TEXT].replace("\0", "�").encode(errors="replace").decode()


def _value(value: Detail) -> Detail:
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, Sequence):
        return [_short(part) for part in value]
    return value


def search(
    session: Session,
    *,
    actor: str | None = None,
    act: AuditAct | None = None,
    object_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[RecordedEvent]:
    """Events that fit every condition given, newest first; `before` an id pages on. For reviewers (P-131)."""
    table = AuditEventTable
    statement = select(table).order_by(table.id.desc()).limit(limit)
    for column, wanted in ((table.actor, actor), (table.act, act), (table.object_id, object_id)):
        if wanted is not None:
            statement = statement.where(column == str(wanted))
    if since is not None:
        statement = statement.where(table.at >= since.astimezone(UTC).isoformat(timespec="microseconds"))
    if until is not None:
        statement = statement.where(table.at < until.astimezone(UTC).isoformat(timespec="microseconds"))
    if before is not None:
        statement = statement.where(table.id < before)
    return [_recorded(row) for row in session.scalars(statement)]


def count(session: Session) -> int:
    """How many events the trail holds."""
    return session.scalar(select(func.count()).select_from(AuditEventTable)) or 0


def _recorded(row: AuditEventTable) -> RecordedEvent:
    return RecordedEvent(
        id=row.id,
        at=datetime.fromisoformat(row.at),
        actor=row.actor,
        role=row.role,
        act=row.act,
        object_kind=row.object_kind,
        object_id=row.object_id,
        on_behalf_of=row.on_behalf_of,
        peer=row.peer,
        detail=json.loads(row.detail),
    )
