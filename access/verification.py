"""Does the audit trail still say what was written? Reads the chain, and holds it against checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.audit import FIELDS, GENESIS, AuditEventTable, chain_hash
from access.checkpoints import Checkpoint, newest, public_key_of, read_checkpoints, write_checkpoint
from access.database import Database
from access.errors import AccessError, AuditUnavailable


# One fault often shows at several places; a report of a thousand lines tells no more than one of a hundred.
MOST_PROBLEMS = 100

# Writers take the time before they queue for the chain, so neighbours may be out of order by a little (T8).
CLOCK_TOLERANCE = timedelta(minutes=5)

BATCH = 5_000


class Fault(StrEnum):
    """What kind of damage."""

    CHANGED = "changed"  # the event's own hash does not fit its fields
    BROKEN_LINK = "broken_link"  # it does not follow the event before it
    MISSING = "missing"  # numbers were skipped
    TRUNCATED = "truncated"  # the trail ends before a checkpoint
    REWRITTEN = "rewritten"  # a checkpoint remembers another event at this place
    BAD_SIGNATURE = "bad_signature"  # a checkpoint was not signed by our key, or was changed


@dataclass(frozen=True)
class Problem:
    """One piece of damage.

    Attributes:
        fault: its kind.
        event_id: the event at which it shows; for a checkpoint, its size.
        sentence: what it means.
    """

    fault: Fault
    event_id: int
    sentence: str


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
    examiner = _Examiner(database.audit_key)
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
        for row in _rows(session, examiner.last_id):
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
    return examiner.verdict(len(checkpoints))


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


def _rows(session: Session, after: int) -> Iterator[tuple[int, str, str, str, str, str, str, str, str, str, str, str]]:
    table = AuditEventTable.__table__
    columns = [table.c[name] for name in (*FIELDS, "previous_hash", "hash")]
    statement = select(*columns).where(table.c.id > after).order_by(table.c.id)
    result = session.connection().execution_options(stream_results=True, max_row_buffer=BATCH).execute(statement)
    for batch in result.partitions(BATCH):
        for row in batch:
            yield tuple(row)


class _Examiner:
    """Walks the chain; after damage it goes on from what is stored, so that one fault is not a thousand."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._problems: list[Problem] = []
        self._events = 0
        self._clock_steps = 0
        self._at = ""
        self.last_id = 0
        self.last_hash = GENESIS

    def report(self, fault: Fault, event_id: int, sentence: str) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(Problem(fault, event_id, sentence))

    def start_after(self, point: Checkpoint, public_key: bytes) -> None:
        if self.signature_holds(point, public_key):
            self.last_id, self.last_hash = point.size, point.hash

    def anchor(self, found: str | None, others: Sequence[Checkpoint]) -> None:
        """What the trail now holds where the checkpoint, and perhaps others, say that it ended."""
        if found is None:
            self.report(
                Fault.TRUNCATED,
                self.last_id,
                f"A checkpoint counts {self.last_id} events; the trail no longer has the last of them.",
            )
        elif any(point_hash != found for point_hash in (self.last_hash, *(point.hash for point in others))):
            self.report(
                Fault.REWRITTEN,
                self.last_id,
                f"A checkpoint remembers another event {self.last_id}: the trail was rewritten.",
            )

    def signature_holds(self, point: Checkpoint, public_key: bytes) -> bool:
        if point.signed_by(public_key):
            return True
        self.report(
            Fault.BAD_SIGNATURE,
            point.size,
            f"The checkpoint of {point.size} events ({point.source or 'given'}) does not carry our signature.",
        )
        return False

    def examine(self, row: Sequence[object]) -> None:
        number, at, previous, own = int(str(row[0])), str(row[1]), str(row[-2]), str(row[-1])
        if number != self.last_id + 1:
            self.report(
                Fault.MISSING, number, f"After event {self.last_id} comes {number}: what stood between is gone."
            )
        if previous != self.last_hash:
            self.report(
                Fault.BROKEN_LINK, number, f"Event {number} does not follow event {self.last_id} as it stands now."
            )
        if chain_hash(self._key, previous, row[: len(FIELDS)]) != own:
            self.report(Fault.CHANGED, number, f"Event {number} is not what was written, or another key wrote it.")
        # Text of fixed width: only the rare step back is worth parsing.
        if at < self._at and _moment(self._at) - _moment(at) > CLOCK_TOLERANCE:
            self._clock_steps += 1
        self._events += 1
        self._at, self.last_id, self.last_hash = at, number, own

    def compare(self, points: Sequence[Checkpoint], found: str) -> None:
        for point in points:
            if point.hash != found:
                self.report(
                    Fault.REWRITTEN,
                    point.size,
                    f"The checkpoint of {point.at} remembers another event {point.size}: the trail was rewritten.",
                )

    def verdict(self, checkpoints: int) -> Verification:
        return Verification(
            self._events, self.last_id, self.last_hash, checkpoints, tuple(self._problems), self._clock_steps
        )


def _moment(at: str) -> datetime:
    """A moment of the trail; one that does not read is damage reported elsewhere, not a clock's."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
