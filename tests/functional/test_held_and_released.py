"""What is held waits until somebody lets it in, and then counts once: records of several pharmacies, zero reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from access.audit import SYSTEM
from access.dispensers import Dispenser, add_dispenser
from ingest.receive import receive
from ingest.results import Result
from ingest.worker import run_round
from pdmp.doors import intake
from pdmp.settings import load
from pdmp.wiring import COMMAND_LINE, Installation, now, opened
from schemas.dispenser import Cadence, DispenserKind, LicenceClass
from store.lake import Lake
from tests.functional.homes import PHARMACY, asap, fill


SECOND, THIRD = "BX1234563", "CX1234563"


class State:
    """A small state: what a person does in it, in a line each."""

    def __init__(self, installation: Installation, lake: Lake, folder: Path) -> None:
        self.installation, self.lake, self.folder = installation, lake, folder

    def enter(self, dea: str) -> str:
        """Enter a pharmacy in the register."""
        dispenser = Dispenser(dea, DispenserKind.PHARMACY, Cadence.DAILY, LicenceClass.PHARMACY, dea=dea)
        with self.installation.database.session() as session:
            return add_dispenser(session, dispenser, by=SYSTEM, now=now())

    def send(self, data: bytes) -> str:
        """Receive a file and work until it is answered; the submission's id."""
        file = self.folder / "day.dat"
        file.write_bytes(data)
        vault, ledger = self.installation.vault, self.installation.ledger
        sent = receive(
            file, sender=COMMAND_LINE, shown_as="day.dat", channel="command", vault=vault, register=ledger, now=now()
        )
        self.work()
        return sent.id

    def work(self) -> None:
        stations = self.installation.stations(self.lake)
        while not run_round(intake(self.installation), stations, now, batch=10, attempts=2).idle:
            pass

    def release(self, submission: str) -> Result:
        self.installation.ledger.release(submission, now())
        self.work()
        return self.installation.ledger.result(submission)

    def stored(self) -> list[str]:
        """The prescription numbers in the lake, in order; one that is there twice stands here twice."""
        statement = "SELECT rx_number FROM lake.recent_dispensations ORDER BY rx_number"
        rows = self.lake.cursor().execute(statement).fetchall()
        return [rx_number for (rx_number,) in rows]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.toml").write_text("buckets = 2\n", encoding="utf-8")
    with opened(load(home)) as installation, installation.lake(threads=1) as lake:
        state = State(installation, lake, tmp_path)
        state.enter(PHARMACY)
        yield state


def loop(pharmacy: str, *segments: str) -> str:
    """PHA to TP, of segments that end with their terminator."""
    count = 2 + sum(its.count("~") for its in segments)
    return f"PHA***{pharmacy}*EXAMPLE~{''.join(segments)}TP*{count}~"


def several(*loops: str, range_: str = "") -> bytes:
    """One transaction of several pharmacies."""
    count = 3 + sum(its.count("~") for its in loops)
    head = f"TH*4.2B*S1*01**20260306*0115*P**~~IS*5550000000*EXAMPLE*{range_}~"
    return f"{head}{''.join(loops)}TT*S1*{count}~".encode()


def zero(pharmacy: str) -> str:
    return loop(pharmacy, "PAT*******REPORT*ZERO~", "DSP*****20260305~")


def test_each_pharmacy_of_a_file_waits_for_itself_and_is_stored_once(state: State) -> None:
    """Also where one record stands twice, and where another file brings the same in between."""
    file = several(loop(PHARMACY, fill(1), fill(1)), loop(SECOND, fill(2), fill(3)), loop(THIRD, fill(4)))
    submission = state.send(file)
    result = state.installation.ledger.result(submission)
    assert (result.totals.accepted, result.totals.duplicates, result.totals.held) == (2, 1, 3)
    assert state.stored() == ["1"]

    state.enter(SECOND)
    state.send(asap("A2", [fill(3)], pharmacy=SECOND))
    result = state.release(submission)
    assert (result.totals.accepted, result.totals.duplicates, result.totals.held) == (4, 2, 1)
    assert state.stored() == ["1", "2", "3"]

    state.enter(THIRD)
    result = state.release(submission)
    assert (result.totals.accepted, result.totals.duplicates, result.totals.held) == (5, 2, 0)
    assert [part.totals.duplicates for part in result.pharmacies] == [1, 1, 0]
    assert state.stored() == ["1", "2", "3", "4"]


def test_a_zero_report_waits_for_its_pharmacy_and_then_covers_its_days(state: State) -> None:
    submission = state.send(several(zero(PHARMACY), zero(SECOND), range_="#20260301#-#20260305#"))
    before = state.installation.ledger.result(submission)
    assert (before.totals.held, before.waiting, len(before.coverage)) == (0, 1, 1)
    (report,) = state.installation.reports(COMMAND_LINE).glob("*.txt")
    assert "Nothing to do" not in report.read_text(encoding="utf-8")

    second = state.enter(SECOND)
    after = state.release(submission)
    assert after.waiting == 0
    assert {days.dispenser_id for days in after.coverage} - {days.dispenser_id for days in before.coverage} == {second}


@pytest.mark.parametrize("file_type", ["P", "T"])
def test_the_void_of_a_whole_file_waits_and_its_bytes_are_kept(state: State, file_type: str) -> None:
    submission = state.send(f"TH*4.2B*S1*04**20260306*0115*{file_type}**~~TT*S1*2~".encode())
    result = state.installation.ledger.result(submission)
    assert (result.totals.records, result.waiting) == (0, 1)
    assert len(state.installation.ledger.unfinished()) == 1


def test_the_totals_of_a_file_are_those_of_its_pharmacies(state: State) -> None:
    amoxicillin = fill(6).replace("00406055201", "00006001954")
    state.enter(SECOND)
    file = several(
        loop(PHARMACY, fill(1), fill(1), fill(2, quantity=0), amoxicillin),
        loop(SECOND, fill(3), fill(4).replace("DSP*00", "DSP*02")),
        loop(THIRD, fill(5)),
    )
    result = state.installation.ledger.result(state.send(file))
    counts = [vars(part.totals) for part in result.pharmacies]
    assert vars(result.totals) == {name: sum(its[name] for its in counts) for name in vars(result.totals)}
    for its in [vars(result.totals), *counts]:
        parts = ("accepted", "rejected", "exempt", "not_reportable", "held")
        assert its["records"] == sum(its[name] for name in parts)


def test_a_failed_submission_is_tried_again_and_stored_once(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Poison once: the worker gives up; mended, the administrator has it tried again."""
    import ingest.worker  # noqa: PLC0415  what is broken here

    right: Callable[..., list[Result]] = ingest.worker.process

    def breaks(*_: object) -> list[Result]:
        raise RuntimeError("poison")

    monkeypatch.setattr(ingest.worker, "process", breaks)
    submission = state.send(asap("A1", [fill(1)]))
    state.work()  # the second attempt, after which it is set aside
    ledger = state.installation.ledger
    assert [entry.submission.state for entry in ledger.newest(1)] == ["failed"]
    monkeypatch.setattr(ingest.worker, "process", right)
    ledger.retry(submission, now())
    state.work()
    assert [entry.submission.state for entry in ledger.newest(1)] == ["answered"]
    assert ledger.result(submission).totals.accepted == 1
    assert state.stored() == ["1"]
