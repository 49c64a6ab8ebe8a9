"""Killed at any system call between receiving and answering, started again: nothing lost, nothing doubled.

Invariants of engineering.md C3: I1 every acknowledged file is in the store exactly once, I2 every accepted
record once, I4 ledger and store agree, I5 the spool is empty afterwards, I6 a restart succeeds, I7 the
audit trail verifies. I3 (no reader sees half a file) is the lake's own test.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from access.verification import verify
from pdmp.doors import intake
from pdmp.settings import load
from pdmp.wiring import Installation, opened
from schemas.submission import SubmissionState
from store.history import submission_counts
from tests.functional.homes import asap, environment, fill, settle
from tests.functional.intake_job import work
from tests.functional.killing import CHANGING, Kill, allowed, kill_points


pytestmark = [
    pytest.mark.needs_strace,
    pytest.mark.skipif(not allowed(), reason="tracing is forbidden here"),
    pytest.mark.timeout(7200),
]


# The second repeats a record of the first, the third has one that is rejected.
UPLOADS = {
    "1.dat": asap("K1", [fill(1), fill(2), fill(3)]),
    "2.dat": asap("K2", [fill(3), fill(4)]),
    "3.dat": asap("K3", [fill(5), fill(6, quantity=0)]),
}
RECORDS = 5


@dataclass(frozen=True)
class Stage:
    """The folders of one run."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def uploads(self) -> Path:
        return self.folder / "uploads"

    @property
    def acknowledged(self) -> Path:
        return self.folder / "acknowledged"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """An installation before anything arrived."""
    stage = Stage(tmp_path_factory.mktemp("template"))
    stage.uploads.mkdir()
    stage.acknowledged.mkdir()
    for name, data in UPLOADS.items():
        (stage.uploads / name).write_bytes(data)
    settle(stage.home)
    with opened(load(stage.home)) as installation:
        assert intake(installation).spool.waiting(1) == []
    return stage


def assert_whole(stage: Stage) -> None:
    """Every invariant, after a restart that ran to its end."""
    with opened(load(stage.home)) as installation:
        assert installation.ledger.counts().keys() == {SubmissionState.ANSWERED}
        entries = installation.ledger.newest(100)
        received = {entry.submission.id: entry for entry in entries}
        acknowledged = {path.name: path.read_text() for path in stage.acknowledged.iterdir()}
        assert acknowledged.keys() == UPLOADS.keys()
        assert set(acknowledged.values()) <= received.keys(), "an acknowledged upload was lost"
        # A kill between the bytes' safety and the acknowledgement makes the client send once more: one more
        # submission, of which every record is a duplicate.
        assert len(entries) <= len(UPLOADS) + 1
        assert sum(entry.totals.accepted - entry.totals.duplicates for entry in entries) == RECORDS
        with installation.lake(read_only=True) as lake:
            stored = lake.cursor().execute("SELECT record_key FROM events").pl()["record_key"]
            assert stored.is_unique().all()
            assert len(stored) == RECORDS
            counts = dict(submission_counts(lake).select("submission_id", "stored").iter_rows())
        assert counts == {entry.submission.id: entry.totals.accepted - entry.totals.duplicates for entry in entries}, (
            "ledger and lake disagree"
        )
        assert_answered(installation, entries[0].submission.sender, len(entries))
        assert intake(installation).spool.waiting(10) == []
        assert not list((stage.home / "spool" / "closed").glob("*.json"))
        assert verify(installation.database).sound


def assert_answered(installation: Installation, sender: str, submissions: int) -> None:
    names = sorted(path.name for path in installation.reports(sender).iterdir() if not path.name.startswith("."))
    assert len(names) == 2 * submissions


def killed(template: Stage, stage: Stage, names: tuple[str, ...], every: int) -> Iterator[Kill]:
    def reset() -> None:
        shutil.rmtree(stage.folder, ignore_errors=True)
        shutil.copytree(template.folder, stage.folder)

    argv = [
        sys.executable,
        "-m",
        "tests.functional.intake_job",
        *map(str, (stage.home, stage.uploads, stage.acknowledged)),
    ]
    yield from kill_points(argv, environment(), [stage.home], names, reset, every=every)


def run_again(stage: Stage) -> None:
    argv = [
        sys.executable,
        "-m",
        "tests.functional.intake_job",
        *map(str, (stage.home, stage.uploads, stage.acknowledged)),
    ]
    subprocess.run(argv, env=environment(), check=True, capture_output=True, timeout=300)


def test_unhurt_it_stores_everything_once(template: Stage, tmp_path: Path) -> None:
    stage = Stage(Path(shutil.copytree(template.folder, tmp_path / "stage")))
    work(stage.home, stage.uploads, stage.acknowledged)
    assert_whole(stage)


@pytest.mark.parametrize("name", ["fsync", "rename"])
def test_killed_at_a_sample_of_calls(template: Stage, tmp_path: Path, name: str) -> None:
    stage = Stage(tmp_path / "stage")
    kills = 0
    for _ in killed(template, stage, (name,), every=9):
        run_again(stage)
        assert_whole(stage)
        kills += 1
    assert kills


@pytest.mark.long
@pytest.mark.parametrize("name", CHANGING)
def test_killed_at_every_call(template: Stage, tmp_path: Path, name: str) -> None:
    stage = Stage(tmp_path / "stage")
    for _ in killed(template, stage, (name,), every=1):
        run_again(stage)
        assert_whole(stage)
