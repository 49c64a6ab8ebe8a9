"""The register of submissions: its states, its repeats, and what it tells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from access.database import migrate, open_database
from ingest.ledger import Ledger, WrongState
from ingest.results import Covered, PharmacyOutcome, Result
from schemas.finding import FINDING_SCHEMA
from schemas.submission import TRANSITIONS, Submission, SubmissionState
from validation.totals import Totals


NOW = datetime(2026, 3, 6, tzinfo=UTC)


def submission(number: int = 1, sender: str = "a", digest: str = "d") -> Submission:
    return Submission(f"s{number}", sender, "day.dat", digest, 10, NOW + timedelta(seconds=number), "sftp")


def result(number: int = 1, waiting: int | None = None, **changes: int) -> Result:
    totals = Totals(**({"records": 3, "accepted": 2, "held": 1} | changes))
    findings = pl.DataFrame(
        [
            ("R-QUANTITY-ZERO", "error", "standard", 1, "FX1234563", "DSP", "DSP09", 2, 8),
            ("S-STRAY", "warning", "standard", None, None, None, None, None, 9),
        ],
        schema=FINDING_SCHEMA,
        orient="row",
    )
    return Result(
        submission_id=f"s{number}",
        outcome="accepted",
        kind="dispensing",
        test=False,
        versions=["4.2B"],
        totals=totals,
        waiting=totals.held if waiting is None else waiting,
        pharmacies=[PharmacyOutcome(3, "d-1", "FX1234563", None, None, totals)],
        coverage=[Covered("d-1", date(2026, 3, 4), date(2026, 3, 5), "zero_report")],
        findings=findings,
        rule_set="r",
        drug_edition="e",
        duplicate_of=None,
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    database = open_database(tmp_path / "people.sqlite", audit_key=b"k" * 32)
    migrate(database)
    return Ledger(database)


def test_entering_again_changes_nothing(ledger: Ledger) -> None:
    ledger.submission_received(submission())
    ledger.stored([result()], NOW)
    ledger.submission_received(submission())
    assert ledger.counts() == {SubmissionState.STORED: 1}


def test_a_result_is_read_back_as_it_was_written(ledger: Ledger) -> None:
    ledger.submission_received(submission())
    ledger.stored([result()], NOW)
    back = ledger.result("s1")
    assert back.findings.equals(result().findings)
    assert {**vars(back), "findings": None} == {**vars(result()), "findings": None}


def test_nothing_is_decided_before_it_is_stored(ledger: Ledger) -> None:
    ledger.submission_received(submission())
    with pytest.raises(WrongState, match="nothing is decided yet"):
        ledger.result("s1")


def test_the_first_submission_of_the_same_bytes_is_found(ledger: Ledger) -> None:
    for number, sender in ((3, "a"), (2, "a"), (1, "b")):
        ledger.submission_received(submission(number, sender))
    found = ledger.earlier("a", "d")
    assert found is not None
    assert found.id == "s2"
    assert ledger.earlier("a", "other") is None


def test_only_the_allowed_steps_are_taken(ledger: Ledger) -> None:
    one = submission()
    ledger.submission_received(one)
    with pytest.raises(WrongState):
        ledger.answered([one], NOW)
    ledger.stored([result()], NOW)
    with pytest.raises(WrongState):
        ledger.stored([result()], NOW)
    ledger.answered([one], NOW)
    with pytest.raises(WrongState):
        ledger.failed(one, "x", NOW)


def test_every_state_can_be_left_and_reached() -> None:
    assert TRANSITIONS.keys() == set(SubmissionState)
    assert set().union(*TRANSITIONS.values()) == set(SubmissionState)


def test_only_what_is_held_is_released_and_its_parts_are_replaced(ledger: Ledger) -> None:
    one = submission()
    ledger.submission_received(one)
    ledger.stored([result()], NOW)
    ledger.answered([one], NOW)
    assert [entry.submission.id for entry in ledger.newest(5, held=True)] == ["s1"]
    ledger.release("s1", NOW)
    (waiting,) = ledger.in_state(SubmissionState.RECEIVED, 5)
    assert waiting.releases == 1
    ledger.stored([result(held=0, accepted=3)], NOW)
    assert ledger.findings("s1").height == 2
    assert ledger.newest(5, held=True) == []
    ledger.answered([one], NOW)
    with pytest.raises(WrongState, match="Nothing"):
        ledger.release("s1", NOW)
    with pytest.raises(WrongState):
        ledger.release("unknown", NOW)


def test_what_waits_and_is_no_record_is_released_and_its_bytes_are_kept(ledger: Ledger) -> None:
    """A zero report of a pharmacy that is not yet in the register, or a void of a whole file."""
    ledger.submission_received(submission())
    ledger.stored([result(records=0, accepted=0, held=0, waiting=1)], NOW)
    ledger.answered([submission()], NOW)
    assert ledger.unfinished() == {"d"}
    assert [entry.submission.id for entry in ledger.newest(5, held=True)] == ["s1"]
    assert ledger.result("s1").waiting == 1
    ledger.release("s1", NOW)


def test_bytes_are_needed_until_nothing_waits_for_them(ledger: Ledger) -> None:
    for number, digest in ((1, "held"), (2, "received"), (3, "done")):
        ledger.submission_received(submission(number, digest=digest))
    ledger.stored([result(1), result(3, held=0)], NOW)
    ledger.answered([submission(1), submission(3)], NOW)
    assert ledger.unfinished() == {"held", "received"}


def test_findings_are_counted_the_most_frequent_first(ledger: Ledger) -> None:
    for number in (1, 2):
        ledger.submission_received(submission(number))
    ledger.stored([result(1), result(2)], NOW)
    assert ledger.finding_counts() == [("R-QUANTITY-ZERO", "error", 2), ("S-STRAY", "warning", 2)]
