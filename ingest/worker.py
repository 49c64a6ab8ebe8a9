"""The worker: arrivals → ledger → pipeline → answers, one round after another.

THE FILE OR THE WORLD. A round that fails as a whole is taken apart, each submission alone, so that one
poison file cannot hold up the others. Whether a failure is the file's or the world's (a full disk, a
locked database) shows in the company: where others went through in the same round, it was the file. A
file's failures are counted, and after `attempts` of them it is set aside for a person (R17); the world's
are not, and the worker waits and tries again until the world is mended (R4).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy.exc import OperationalError

from ingest.errors import IngestError
from ingest.ledger import Ledger
from ingest.pipeline import Stations, answer, process
from ingest.results import Result
from schemas.submission import Submission, SubmissionState
from store.errors import StoreError


log = structlog.get_logger(__name__)

# Answers are small; a crash between two of them costs one more round.
ANSWERS_PER_ROUND = 1000
# Bytes of the files read together: typed rows take several times their file's size in memory.
ROUND_BYTES = 64 * 1024 * 1024
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0

WORLD = (OSError, OperationalError, StoreError, IngestError)


class Door(Protocol):
    """Where arrivals wait."""

    def take(self, ledger: Ledger, limit: int) -> int:
        """Enter up to `limit` waiting arrivals in the ledger; how many there were."""
        ...


class WorldError(Exception):
    """A round failed for a reason that no file can be blamed for; worth a retry after a pause."""

    retry = True


@dataclass(frozen=True)
class Round:
    """What one round did."""

    taken: int = 0
    stored: int = 0
    answered: int = 0
    failed: int = 0

    @property
    def idle(self) -> bool:
        """True where there was nothing to do."""
        return not (self.taken or self.stored or self.answered or self.failed)


def run_round(door: Door, stations: Stations, clock: Callable[[], datetime], *, batch: int, attempts: int) -> Round:
    """One round: take arrivals, process what is received, answer what is stored.

    Raises:
        WorldError: the world is in the way; nothing is lost, try again after a pause.
    """
    taken = door.take(stations.ledger, batch)
    results, failed = _process(stations, clock, batch=batch, attempts=attempts)
    answered = _answer(stations, clock, {result.submission_id: result for result in results})
    return Round(taken=taken, stored=len(results), answered=answered, failed=failed)


def _process(
    stations: Stations, clock: Callable[[], datetime], *, batch: int, attempts: int
) -> tuple[list[Result], int]:
    waiting = _together(stations.ledger.in_state(SubmissionState.RECEIVED, batch))
    if not waiting:
        return [], 0
    counts = dict(zip([one.id for one in waiting], stations.ledger.attempt(waiting), strict=True))
    # Counted before it is tried: a file that kills the worker leaves no exception, only its count.
    dead = [one for one in waiting if counts[one.id] > attempts]
    for submission in dead:
        stations.ledger.failed(submission, "ended the worker", clock())
    alive = [one for one in waiting if one not in dead]
    if alive and all(counts[one.id] == 1 for one in alive):
        try:
            return process(alive, stations, clock()), len(dead)
        except Exception:
            log.warning("round failed; taking its submissions one by one", exc_info=True, submissions=len(alive))
    results, failed = _one_by_one(alive, counts, stations, clock, attempts)
    return results, failed + len(dead)


def _together(waiting: Sequence[Submission]) -> list[Submission]:
    """The first of them whose bytes together are not too many, and at least one."""
    chosen: list[Submission] = []
    size = 0
    for submission in waiting:
        size += submission.size
        if chosen and size > ROUND_BYTES:
            break
        chosen.append(submission)
    return chosen


def _one_by_one(
    waiting: Sequence[Submission],
    counts: dict[str, int],
    stations: Stations,
    clock: Callable[[], datetime],
    attempts: int,
) -> tuple[list[Result], int]:
    results: list[Result] = []
    errors: dict[str, Exception] = {}
    for submission in waiting:
        try:
            results += process([submission], stations, clock())
        except Exception as error:
            errors[submission.id] = error
            log.warning("submission failed", submission=submission.id, attempt=counts[submission.id], exc_info=True)
    blameless = [one for one in waiting if not results and isinstance(errors.get(one.id), WORLD)]
    stations.ledger.forgive(blameless)
    failed = 0
    for submission in waiting:
        found = errors.get(submission.id)
        if found is not None and submission not in blameless and counts[submission.id] >= attempts:
            stations.ledger.failed(submission, type(found).__name__, clock())
            failed += 1
    if blameless:
        raise WorldError(f"{len(blameless)} submissions wait for the world to be mended; they are safe.")
    return results, failed


def _answer(stations: Stations, clock: Callable[[], datetime], fresh: Mapping[str, Result]) -> int:
    waiting = stations.ledger.in_state(SubmissionState.STORED, ANSWERS_PER_ROUND)
    for submission in waiting:
        answer(submission, fresh.get(submission.id) or stations.ledger.result(submission.id), stations)
    stations.ledger.answered(waiting, clock())
    return len(waiting)


def work(
    door: Door,
    stations: Stations,
    clock: Callable[[], datetime],
    stop: threading.Event,
    *,
    batch: int,
    attempts: int,
    poll_seconds: float,
    quiet: Callable[[], None],
) -> None:
    """Rounds until `stop`; `quiet` is called after each round that found nothing to do (upkeep)."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        try:
            done = run_round(door, stations, clock, batch=batch, attempts=attempts)
            if done.idle:
                quiet()
        except (WorldError, *WORLD):
            log.exception("the world is in the way; trying again", pause_seconds=pause)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        if done.idle:
            stop.wait(poll_seconds)
        else:
            log.info("round", taken=done.taken, stored=done.stored, answered=done.answered, failed=done.failed)
