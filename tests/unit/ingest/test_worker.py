"""The file or the world: what a round does when something breaks (engineering.md R4, R17)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from access.database import migrate, open_database
from ingest import worker
from ingest.ledger import Ledger
from schemas.submission import Submission, SubmissionState
from store.errors import LakeBrokenError


NOW = datetime(2026, 3, 6, tzinfo=UTC)


class NoArrivals:
    def take(self, _ledger: object, _limit: int) -> int:
        return 0


def submission(name: str, size: int = 10) -> Submission:
    return Submission(name, "a", f"{name}.dat", name * 8, size, NOW, "test")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    database = open_database(tmp_path / "people.sqlite", audit_key=b"k" * 32)
    migrate(database)
    return Ledger(database)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, Exception]:
    """Name of a submission -> what processing it raises; the others are stored."""
    errors: dict[str, Exception] = {}

    def process(submissions: Sequence[Submission], stations: Any, now: datetime) -> list[Any]:
        for one in submissions:
            if one.id in errors:
                raise errors[one.id]
        with stations.ledger._database.session() as session:
            for one in submissions:
                stations.ledger._move(session.get_one(worker_table(), one.id), SubmissionState.STORED, now)
        return [SimpleNamespace(submission_id=one.id) for one in submissions]

    monkeypatch.setattr(worker, "process", process)
    monkeypatch.setattr(worker, "answer", lambda _submission, _result, _stations: None)
    return errors


def worker_table() -> Any:
    from access.tables_ledger import SubmissionTable  # noqa: PLC0415

    return SubmissionTable


def one_round(ledger: Ledger, attempts: int = 4) -> worker.Round:
    stations: Any = SimpleNamespace(ledger=ledger)
    return worker.run_round(NoArrivals(), stations, lambda: NOW, batch=10, attempts=attempts)


def states(ledger: Ledger) -> dict[str, str]:
    return {entry.submission.id: entry.submission.state.value for entry in ledger.newest(10)}


def test_what_is_whole_is_stored_and_answered_in_one_round(ledger: Ledger, broken: dict[str, Exception]) -> None:
    assert not broken
    for name in "ab":
        ledger.submission_received(submission(name))
    assert one_round(ledger) == worker.Round(stored=2, answered=2)
    assert one_round(ledger).idle


def test_a_poison_file_holds_up_nobody_and_is_set_aside(ledger: Ledger, broken: dict[str, Exception]) -> None:
    broken["b"] = ValueError()
    for name in "abc":
        ledger.submission_received(submission(name))
    one_round(ledger)
    assert states(ledger) == {"a": "answered", "b": "received", "c": "answered"}
    for _ in range(3):
        one_round(ledger)
    assert states(ledger)["b"] == "failed"
    assert one_round(ledger).idle


@pytest.mark.parametrize("error", [OSError(28, "no space"), LakeBrokenError("x")])
def test_while_the_world_is_broken_nobody_is_set_aside(
    ledger: Ledger, broken: dict[str, Exception], error: Exception
) -> None:
    for name in "ab":
        ledger.submission_received(submission(name))
        broken[name] = error
    for _ in range(10):
        with pytest.raises(worker.WorldError):
            one_round(ledger)
    assert set(states(ledger).values()) == {"received"}
    broken.clear()
    assert one_round(ledger).answered == 2


def test_the_same_error_is_the_files_where_others_went_through(ledger: Ledger, broken: dict[str, Exception]) -> None:
    broken["b"] = LakeBrokenError("x")
    for number in range(5):
        ledger.submission_received(submission("b"))
        ledger.submission_received(submission(f"good{number}"))
        one_round(ledger)
    assert states(ledger)["b"] == "failed"


def test_a_file_that_kills_the_worker_is_set_aside(ledger: Ledger, broken: dict[str, Exception]) -> None:
    assert not broken
    deadly = submission("d")
    ledger.submission_received(deadly)
    for _ in range(4):
        ledger.attempt([deadly])  # and then the process was gone
    assert one_round(ledger).failed == 1
    assert states(ledger)["d"] == "failed"
    ledger.retry("d", NOW)
    assert one_round(ledger).answered == 1


def test_large_files_are_read_in_rounds_of_their_own(ledger: Ledger, broken: dict[str, Exception]) -> None:
    assert not broken
    for name in "abc":
        ledger.submission_received(submission(name, size=worker.ROUND_BYTES))
    assert [one_round(ledger).stored for _ in range(3)] == [1, 1, 1]


def test_the_loop_waits_for_the_world_and_goes_on(
    ledger: Ledger, broken: dict[str, Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.01)
    ledger.submission_received(submission("a"))
    broken["a"] = OSError(28, "no space")
    stop, stations = threading.Event(), SimpleNamespace(ledger=ledger)
    thread = threading.Thread(
        target=worker.work,
        args=(NoArrivals(), stations, lambda: NOW, stop),
        kwargs={"batch": 1, "attempts": 1, "poll_seconds": 0.01, "quiet": stop.set},
    )
    thread.start()
    stop.wait(0.1)
    broken.clear()
    thread.join(30)
    assert not thread.is_alive()
    assert states(ledger) == {"a": "answered"}
