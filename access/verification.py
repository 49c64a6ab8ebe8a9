"""Does the audit trail still say what was written? Reads the chain, and holds it against checkpoints."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from access.audit import FIELDS, GENESIS, AuditEventTable
from access.audit_examiner import Examiner, Fault, Problem, Row
from access.checkpoints import Checkpoint, newest, public_key_of, read_checkpoints, write_checkpoint
from access.database import Database
from access.errors import AccessError, AuditUnavailable


BATCH = 5_000

COLUMNS = (*FIELDS, "previous_hash", "hash")


@dataclass(frozen=True)
class Verification:
    """What the verification found.

    Attributes:
        events: how many events were read.
        last_id: number of the last event; 0 for an empty trail.
        last_hash: its hash.
        checkpoints: how many checkpoints were compared.
        problems: what is wrong, at most `MOST_PROBLEMS`; empty for a sound trail.
        clock_steps: events dated more than five minutes before the one they follow: a clock was set back.
    """

    events: int
    last_id: int
    last_hash: str
    checkpoints: int
    problems: tuple[Problem, ...]
    clock_steps: int

    @property
    def sound(self) -> bool:
        """True where nothing was found."""
        return not self.problems


def verify(
    database: Database,
    checkpoints: Sequence[Checkpoint] = (),
    *,
    public_key: bytes | None = None,
    since: Checkpoint | None = None,
) -> Verification:
    """Read the trail from its beginning, recompute every hash, and compare with the checkpoints.

    Args:
        database: opened with the audit key.
        checkpoints: as kept, ideally elsewhere; without any, a cut-off end cannot be seen.
        public_key: 32 bytes; whose signature the checkpoints must carry.
        since: start after this checkpoint instead, trusting what it vouches for; its signature must hold.

    Raises:
        AuditUnavailable: the database was opened without the audit key.
        ValueError: checkpoints without a public key to check them with.
    """
    if database.audit_key is None:
        raise AuditUnavailable("Verifying needs the audit key; open the database with it.")
    if public_key is None and (checkpoints or since):
        raise ValueError("Checkpoints prove nothing without the public key of whoever signed them.")
    readings = [_rows]
    if database.engine.dialect.name == "sqlite":
        # SQLite gives up at text that is not UTF-8; then byte by byte, so that the damage can be named.
        readings.append(_lenient_rows)
    fault: SQLAlchemyError | sqlite3.Error | None = None
    for rows in readings:
        try:
            return _examined(database, database.audit_key, checkpoints, public_key, since, rows)
        except (SQLAlchemyError, sqlite3.Error) as caught:
            fault = caught
    raise AuditUnavailable(
        f"The audit trail cannot be read ({type(fault).__name__}). Keep the database as it is, and look at a copy."
    ) from fault


def _examined(
    database: Database,
    key: bytes,
    checkpoints: Sequence[Checkpoint],
    public_key: bytes | None,
    since: Checkpoint | None,
    rows: Callable[[Session, int], Iterator[Row]],
) -> Verification:
    examiner = Examiner(key)
    if since is not None and public_key is not None:
        examiner.start_after(since, public_key)
    # A checkpoint below the start was compared when the start was made.
    trusted = [
        point
        for point in checkpoints
        if public_key is not None and examiner.signature_holds(point, public_key) and point.size >= examiner.last_id
    ]
    expected: dict[int, list[Checkpoint]] = {}
    for point in trusted:
        expected.setdefault(point.size, []).append(point)
    examiner.compare(expected.pop(0, []), GENESIS)
    with database.reading() as session:
        if examiner.last_id > 0:
            found = session.scalar(select(AuditEventTable.hash).where(AuditEventTable.id == examiner.last_id))
            examiner.anchor(found, expected.pop(examiner.last_id, []))
        for row in rows(session, examiner.last_id):
            examiner.examine(row)
            if row[0] in expected:
                examiner.compare(expected.pop(row[0]), row[-1])
    for size, points in sorted(expected.items()):
        if size > examiner.last_id:
            examiner.report(
                Fault.TRUNCATED,
                size,
                f"A checkpoint of {points[0].at} counts {size} events; the trail ends at {examiner.last_id}.",
            )
    return Verification(
        events=examiner.events,
        last_id=examiner.last_id,
        last_hash=examiner.last_hash,
        checkpoints=len(checkpoints),
        problems=tuple(examiner.problems),
        clock_steps=examiner.clock_steps,
    )


class TrailDamaged(AccessError):
    """The trail does not verify, so it is not signed.

    Attributes:
        verification: what was found.
    """

    def __init__(self, verification: Verification) -> None:
        super().__init__(
            f"The audit trail does not verify ({verification.problems[0].sentence}), so no checkpoint was made. "
            "Keep the database as it is and call whoever answers for it."
        )
        self.verification = verification


def make_checkpoint(database: Database, signing_key: bytes, folder: Path, now: datetime) -> Path:
    """Verify what was appended since the folder's newest checkpoint, then sign the trail's end; the file.

    Where nothing was appended since, the newest checkpoint is given back.

    Raises:
        TrailDamaged: it does not verify; a signature would vouch for it.
    """
    public = public_key_of(signing_key)
    kept = read_checkpoints(folder)
    start = newest(kept, public)
    # All of them are compared: one that is larger than the trail tells of a cut-off end.
    verification = verify(database, kept, public_key=public, since=start)
    if not verification.sound:
        raise TrailDamaged(verification)
    if start is not None and (start.size, start.hash) == (verification.last_id, verification.last_hash):
        return folder / start.source
    return write_checkpoint(verification.last_id, verification.last_hash, signing_key, folder, now)


def _rows(session: Session, after: int) -> Iterator[Row]:
    columns = [AuditEventTable.__table__.c[name] for name in COLUMNS]
    statement = select(*columns).where(AuditEventTable.id > after).order_by(AuditEventTable.id)
    result = session.connection().execution_options(stream_results=True, max_row_buffer=BATCH).execute(statement)
    for batch in result.partitions(BATCH):
        for row in batch:
            yield tuple(row)


def _lenient_rows(session: Session, after: int) -> Iterator[Row]:
    """The same, with bytes that are no text kept as lone surrogates, which no event is ever written with."""
    connection = session.connection().connection
    texts = ", ".join(f"CAST({name} AS BLOB)" for name in COLUMNS[1:])
    cursor = connection.cursor()
    cursor.execute(f"SELECT id, {texts} FROM audit_events WHERE id > ? ORDER BY id", (after,))  # noqa: S608  our names
    while batch := cursor.fetchmany(BATCH):
        for number, *fields in batch:
            yield (number, *(field.decode(errors="surrogateescape") for field in fields))
