"""Walks the audit chain event by event, recomputes its hashes, and says what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from access.audit import FIELDS, GENESIS, chain_hash
from access.checkpoints import Checkpoint


# One fault often shows at several places; a report of a thousand lines tells no more than one of a hundred.
MOST_PROBLEMS = 100

# Writers take the time before they queue for the chain, so neighbours may be out of order by a little (T8).
CLOCK_TOLERANCE = timedelta(minutes=5)

# An event as it lies in the table: its number, its other `FIELDS`, the hash before it, and its own.
Row = tuple[Any, ...]


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


class Examiner:
    """Walks the chain; after damage it goes on from what is stored, so that one fault is not a thousand."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.problems: list[Problem] = []
        self.events = 0
        self.clock_steps = 0
        self._at = ""
        self.last_id = 0
        self.last_hash = GENESIS

    def report(self, fault: Fault, event_id: int, sentence: str) -> None:
        """Note a piece of damage."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(fault, event_id, sentence))

    def start_after(self, point: Checkpoint, public_key: bytes) -> None:
        """Begin after what this checkpoint vouches for, if its signature holds."""
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
        """Whether the checkpoint carries our signature; if not, that is damage."""
        if point.signed_by(public_key):
            return True
        self.report(
            Fault.BAD_SIGNATURE,
            point.size,
            f"The checkpoint of {point.size} events ({point.source or 'given'}) does not carry our signature.",
        )
        return False

    def examine(self, row: Row) -> None:
        """Look at the next event of the trail."""
        number, at, previous, own = row[0], str(row[1]), row[-2], row[-1]
        if number != self.last_id + 1:
            self.report(
                Fault.MISSING, number, f"After event {self.last_id} comes {number}: what stood between is gone."
            )
        if previous != self.last_hash:
            self.report(
                Fault.BROKEN_LINK, number, f"Event {number} does not follow event {self.last_id} as it stands now."
            )
        if not self._fits(row, previous, own):
            self.report(Fault.CHANGED, number, f"Event {number} is not what was written, or another key wrote it.")
        # Text of fixed width: only the rare step back is worth parsing.
        if at < self._at and _moment(self._at) - _moment(at) > CLOCK_TOLERANCE:
            self.clock_steps += 1
        self.events += 1
        self._at, self.last_id, self.last_hash = at, number, own

    def _fits(self, row: Row, previous: str, own: str) -> bool:
        try:
            return chain_hash(self._key, previous, row[: len(FIELDS)]) == own
        except TypeError:  # a field is of a type that we never write
            return False

    def compare(self, points: Sequence[Checkpoint], found: str) -> None:
        """Hold checkpoints of one size against the hash that the trail has there."""
        for point in points:
            if point.hash != found:
                self.report(
                    Fault.REWRITTEN,
                    point.size,
                    f"The checkpoint of {point.at} remembers another event {point.size}: the trail was rewritten.",
                )


def _moment(at: str) -> datetime:
    """A moment of the trail; one that does not read is damage reported elsewhere, not a clock's."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
