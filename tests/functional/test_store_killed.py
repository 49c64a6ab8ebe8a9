"""Killed anywhere, started again: nothing is lost, nothing is doubled (engineering.md C3, I1 to I7, R1, R3)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from store.errors import LakeMissingError
from store.history import submission_counts
from store.lake import Lake
from tests.functional.killing import CHANGING, allowed, kill_points
from tests.functional.lakes import copied, open_lake
from tests.functional.store_job import FIRST, RECORDS, SECOND, work


REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
TOGETHER = ({each.submission_id for each in FIRST}, {each.submission_id for each in SECOND})

pytestmark = [
    pytest.mark.needs_strace,
    pytest.mark.skipif(not allowed(), reason="tracing is forbidden here"),
    pytest.mark.timeout(7200),
]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Closed lakes to start from: one that is empty, one that holds everything, and what that holds."""
    folder = tmp_path_factory.mktemp("templates")
    work(folder / "empty", "make")
    work(copied(folder / "empty", folder / "full"), "commit")
    with open_lake(folder / "full", read_only=True) as lake:
        contents(lake).write_parquet(folder / "contents")
    return folder


def contents(lake: Lake) -> pl.DataFrame:
    """Every event of a lake."""
    return lake.cursor().execute("SELECT * FROM events").pl().sort("record_key", "recorded_at")


def assert_whole(lake: Lake) -> set[str]:
    """No submission is half there, and none without the others of its commit (I2, I3, I4)."""
    counts = submission_counts(lake)
    assert counts["submission_id"].is_unique().all()
    assert (counts["found"] == counts["stored"]).all()
    there = set(counts["submission_id"])
    assert all(one <= there or not one & there for one in TOGETHER)
    events = contents(lake)
    assert events["record_key"].is_unique().all()
    assert set(events["submission_id"]) <= there
    index = lake.cursor().execute("SELECT record_key, person_key, filled_on FROM lake.record_index").pl()
    assert index.sort("record_key").equals(events.select(index.columns).sort("record_key"))
    seen = lake.cursor().execute("SELECT DISTINCT person_key FROM sightings").pl()["person_key"].sort()
    assert seen.equals(events["person_key"].unique().sort())
    return there


def runs(templates: Path, root: Path, job: str, names: tuple[str, ...], every: int) -> Iterator[None]:
    """One turn per kill: checks what the kill left, lets the test check what a new start makes of it."""
    start = {"make": None, "commit": "empty", "upkeep": "full"}[job]

    def reset() -> None:
        if start is None:
            subprocess.run(["rm", "-rf", str(root)], check=True)
        else:
            copied(templates / start, root)

    argv = [sys.executable, "-m", "tests.functional.store_job", str(root), job]
    for kill in kill_points(argv, ENVIRONMENT, [root], names, reset, every=every):
        assert kill.returncode == -9, kill
        try:
            # A reader must not mind that the writer is dead.
            with open_lake(root, read_only=True) as lake:
                assert_whole(lake)
        except LakeMissingError:
            assert job == "make", kill
        yield


def check_commit(templates: Path, root: Path, names: tuple[str, ...], every: int) -> int:
    expected = pl.read_parquet(templates / "contents")
    kills = 0
    for _ in runs(templates, root, "commit", names, every):
        work(root, "commit")
        with open_lake(root, read_only=True) as lake:
            assert assert_whole(lake) == TOGETHER[0] | TOGETHER[1]
            assert contents(lake).equals(expected)
        kills += 1
    assert expected.height == RECORDS
    return kills


def test_a_killed_commit_is_repeated_without_loss_or_doubling(templates: Path, tmp_path: Path) -> None:
    assert check_commit(templates, tmp_path / "the lake", ("fsync", "link", "linkat"), every=8) >= 6


@pytest.mark.long
def test_a_commit_may_be_killed_at_every_call(templates: Path, tmp_path: Path) -> None:
    assert check_commit(templates, tmp_path / "the lake", CHANGING, every=1) > 200


@pytest.mark.long
def test_the_making_of_a_lake_may_be_killed_at_any_call(templates: Path, tmp_path: Path) -> None:
    root = tmp_path / "the lake"
    kills = 0
    for _ in runs(templates, root, "make", CHANGING, every=10):
        work(root, "commit")
        with open_lake(root, read_only=True) as lake:
            assert contents(lake).height == RECORDS
        kills += 1
    assert kills > 50


@pytest.mark.long
def test_upkeep_may_be_killed_at_any_call_and_changes_no_answer(templates: Path, tmp_path: Path) -> None:
    root = tmp_path / "the lake"
    expected = pl.read_parquet(templates / "contents")
    kills = 0
    for _ in runs(templates, root, "upkeep", CHANGING, every=3):
        work(root, "upkeep")
        work(root, "commit")
        with open_lake(root, read_only=True) as lake:
            assert_whole(lake)
            assert contents(lake).equals(expected)
        kills += 1
    assert kills > 50


@pytest.mark.long
@pytest.mark.parametrize("fault", ["error=ENOSPC", "error=EIO"])
def test_a_disk_that_is_full_or_broken_commits_nothing_half(templates: Path, tmp_path: Path, fault: str) -> None:
    root = tmp_path / "the lake"
    expected = pl.read_parquet(templates / "contents")
    argv = [sys.executable, "-m", "tests.functional.store_job", str(root), "commit"]
    reset: Callable[[], object] = lambda: copied(templates / "empty", root)  # noqa: E731
    for failure in kill_points(argv, ENVIRONMENT, [root], ("write", "fsync"), reset, every=3, fault=fault):
        with open_lake(root, read_only=True) as lake:
            there = assert_whole(lake)
        # Whoever was told "kept" finds it kept.
        assert failure.returncode != 0 or there == TOGETHER[0] | TOGETHER[1], failure
        work(root, "commit")
        with open_lake(root, read_only=True) as lake:
            assert contents(lake).equals(expected)


@pytest.mark.long
def test_a_writer_killed_at_random_moments_loses_and_doubles_nothing(templates: Path, tmp_path: Path) -> None:
    root = tmp_path / "the lake"
    moments = random.Random(20240401)  # noqa: S311 - a schedule, not a secret
    expected = pl.read_parquet(templates / "contents")
    for _ in range(30):
        copied(templates / "empty", root)
        argv = [sys.executable, "-m", "tests.functional.store_job", str(root), "commit"]
        with subprocess.Popen(argv, env=ENVIRONMENT) as writer:
            time.sleep(moments.uniform(0.3, 1.5))
            writer.kill()
        with open_lake(root, read_only=True) as lake:
            assert_whole(lake)
        work(root, "commit")
        with open_lake(root, read_only=True) as lake:
            assert contents(lake).equals(expected)
