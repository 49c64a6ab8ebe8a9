"""The worker: arrivals → ledger → pipeline → answers, one round after another.

A round that fails as a whole is taken apart: each submission alone, so that one poison file cannot hold
up the others. A submission that broke the worker `attempts` times is set aside for a person (R17).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from ingest.ledger import Ledger
from ingest.pipeline import Stations, answer, process
from schemas.submission import Submission, SubmissionState


log = structlog.get_logger(__name__)

# Answers are small; a crash between two of them costs one more round.
ANSWERS_PER_ROUND = 1000


class Door(Protocol):
    """Where arrivals wait."""

    def take(self, ledger: Ledger, limit: int) -> int:
        """Enter up to `limit` waiting arrivals in the ledger; how many there were."""
        ...


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
    """One round: take arrivals, process what is received, answer what is stored."""
    taken = door.take(stations.ledger, batch)
    stored, failed = _process(stations, clock, batch=batch, attempts=attempts)
    answered = _answer(stations, clock)
    return Round(taken=taken, stored=stored, answered=answered, failed=failed)


def _process(stations: Stations, clock: Callable[[], datetime], *, batch: int, attempts: int) -> tuple[int, int]:
    waiting = stations.ledger.in_state(SubmissionState.RECEIVED, batch)
    if not waiting:
        return 0, 0
    counts = stations.ledger.attempt(waiting)
    if max(counts) == 1:
        try:
            process(waiting, stations, clock())
        except Exception:
            log.warning("round failed; taking its submissions one by one", exc_info=True, submissions=len(waiting))
        else:
            return len(waiting), 0
    return _one_by_one(waiting, counts, stations, clock, attempts)


def _one_by_one(
    waiting: Sequence[Submission],
    counts: Sequence[int],
    stations: Stations,
    clock: Callable[[], datetime],
    attempts: int,
) -> tuple[int, int]:
    stored = failed = 0
    for submission, count in zip(waiting, counts, strict=True):
        try:
            process([submission], stations, clock())
            stored += 1
        except Exception as error:
            log.warning("submission failed", submission=submission.id, attempt=count, exc_info=True)
            if count >= attempts:
                stations.ledger.failed(submission, type(error).__name__, clock())
                failed += 1
    return stored, failed


def _answer(stations: Stations, clock: Callable[[], datetime]) -> int:
    waiting = stations.ledger.in_state(SubmissionState.STORED, ANSWERS_PER_ROUND)
    for submission in waiting:
        answer(submission, stations)
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
    while not stop.is_set():
        done = run_round(door, stations, clock, batch=batch, attempts=attempts)
        if not done.idle:
            log.info("round", taken=done.taken, stored=done.stored, answered=done.answered, failed=done.failed)
            continue
        quiet()
        stop.wait(poll_seconds)
