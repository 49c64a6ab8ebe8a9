from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import pytest

from store.catalog import METADATA
from store.coverage import completeness, submission_counts
from store.errors import LakeBrokenError
from store.lake import Lake
from store.search import find_persons
from store.upkeep import UpkeepResult, upkeep
from store.writer import commit
from tests.functional.lakes import NOW, batch, later, rows


def files(lake: Lake, table: str) -> list[tuple[str, str, int]]:
    """Path, key and rows of the files of a table that count now."""
    return lake.connection.execute(
        f"SELECT f.path, f.encryption_key, f.record_count FROM {METADATA}.ducklake_data_file f "  # noqa: S608
        f"JOIN {METADATA}.ducklake_table t USING (table_id) WHERE t.table_name = '{table}' AND f.end_snapshot IS NULL"
    ).fetchall()


def on_disk(lake: Lake) -> set[str]:
    return {path.name for path in (lake.root / "data").rglob("*.parquet")}


def fill(lake: Lake, commits: int = 5) -> None:
    for number in range(commits):
        commit(lake, [batch(f"s-{number}", rows(100, start=number * 90))], later(number))


def answers(lake: Lake) -> list[pl.DataFrame]:
    """Everything anybody can ask of a lake."""
    cursor = lake.cursor()
    ordered = "SELECT * FROM events ORDER BY record_key, recorded_at"
    born = rows(1)["date_of_birth"].item()
    return [
        cursor.execute(ordered).pl(),
        cursor.execute(f"SELECT * FROM ({ordered}) WHERE recorded_at <= '{later(2).isoformat()}'").pl(),  # noqa: S608
        submission_counts(lake),
        completeness(lake),
        find_persons(lake, last_name="SMITH0", first_name="ANNA", date_of_birth=born),
    ]


def test_upkeep_changes_no_answer(lake: Lake) -> None:
    fill(lake)
    before = answers(lake)
    assert before[4].height == 1
    steps: list[str] = []
    done = upkeep(lake, steps.append, now=NOW, full=True)
    assert len(steps) == 4
    assert (done.flushed, done.shelved, done.repeats) == (10, 460, 320)
    assert done.merged == 5
    for was, now in zip(before, answers(lake), strict=True):
        assert was.equals(now)


def test_little_is_left_where_it_lies(lake: Lake) -> None:
    fill(lake)
    assert upkeep(lake, now=NOW) == UpkeepResult(flushed=0, shelved=0, repeats=0, merged=5, removed=0)
    assert len(files(lake, "recent_dispensations")) == 5


def test_many_small_landings_are_merged(lake: Lake) -> None:
    fill(lake, commits=9)
    upkeep(lake, now=NOW)
    assert len(files(lake, "recent_dispensations")) == 1
    assert len(files(lake, "recent_persons")) == 1


def test_upkeep_twice_finds_nothing_to_do(lake: Lake) -> None:
    fill(lake)
    upkeep(lake, now=NOW, full=True)
    assert upkeep(lake, now=NOW, full=True) == UpkeepResult(flushed=0, shelved=0, repeats=0, merged=0, removed=0)


def test_merged_files_stay_in_order_and_in_their_bucket(lake: Lake) -> None:
    for number in range(4):
        commit(lake, [batch(f"s-{number}", rows(300, start=number * 300, persons=97))], later(number))
        upkeep(lake, now=NOW, full=True)
    shelf = files(lake, "dispensations")
    assert len(shelf) == 4
    buckets: list[set[int]] = []
    # A connection of its own: the lake's may not speak of keys in its log, and may not be asked to.
    for path, key, count in shelf:
        found = lake.cursor().execute(
            f"SELECT person_key, filled_on, recorded_at FROM read_parquet('{lake_path(lake, path)}', "  # noqa: S608
            f"encryption_config = {{footer_key_value: from_base64('{key}')}})"
        )
        frame = found.pl()
        assert frame.height == count
        assert frame.rows() == sorted(frame.rows())
        buckets.append(set(frame["person_key"]))
    assert sum(map(len, buckets)) == len(set.union(*buckets)) == 97


def lake_path(lake: Lake, path: str) -> str:
    return str(next((lake.root / "data").rglob(path.rsplit("/", 1)[-1]))).replace("'", "''")


def test_what_readers_may_still_need_stays_for_a_while(lake: Lake) -> None:
    fill(lake)
    upkeep(lake, now=datetime.now(UTC), full=True)
    kept = on_disk(lake)
    assert len(kept) > sum(len(files(lake, table)) for table in ("dispensations", "persons", "record_index"))
    assert upkeep(lake, now=datetime.now(UTC), full=True).removed == 0
    assert on_disk(lake) == kept


def test_what_nobody_needs_any_more_goes(lake: Lake) -> None:
    fill(lake)
    before = answers(lake)
    for _ in range(2):  # the first forgets the snapshots, the second deletes what only they needed
        upkeep(lake, now=datetime.now(UTC) + timedelta(days=2), full=True)
    needed = {path.rsplit("/", 1)[-1] for table in tables(lake) for path, _, _ in files(lake, table)}
    assert on_disk(lake) == needed
    snapshots = lake.connection.execute("SELECT count(*) FROM lake.snapshots()").fetchone()
    assert snapshots == (1,)
    for was, now in zip(before, answers(lake), strict=True):
        assert was.equals(now)


def tables(lake: Lake) -> list[str]:
    return [
        row[0]
        for row in lake.connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'"
        ).fetchall()
    ]


def test_only_what_no_commit_speaks_of_is_an_orphan(lake: Lake) -> None:  # engineering.md R22
    fill(lake)
    folder = lake.root / "data" / "main" / "dispensations"
    folder.mkdir(parents=True, exist_ok=True)
    old, fresh = (folder / f"ducklake-01a21047-8273-7d1e-8a98-e8a02d6a8b3{digit}.parquet" for digit in "56")
    for path in (old, fresh):
        path.write_bytes(b"left by a killed commit")
    hours_ago = (datetime.now(UTC) - timedelta(hours=3)).timestamp()
    os.utime(old, (hours_ago, hours_ago))
    before = answers(lake)
    assert upkeep(lake, now=datetime.now(UTC)).removed == 1
    assert not old.exists()
    assert fresh.exists()
    for was, now in zip(before, answers(lake), strict=True):
        assert was.equals(now)


def test_a_step_that_fails_leaves_the_lake_as_it_was(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(lake)
    before = answers(lake)
    monkeypatch.setattr("store.upkeep._shelve_persons", _broken)
    with pytest.raises(LakeBrokenError, match="could not do the upkeep"):
        upkeep(lake, now=NOW, full=True)
    monkeypatch.undo()
    for was, now in zip(before, answers(lake), strict=True):
        assert was.equals(now)
    upkeep(lake, now=NOW, full=True)
    for was, now in zip(before, answers(lake), strict=True):
        assert was.equals(now)


def _broken(lake: Lake, *, full: bool) -> int:
    with lake.transaction() as connection:
        connection.execute("DELETE FROM lake.recent_persons")
        raise duckdb.IOException(f"input/output error, full is {full}")


def test_commits_go_on_after_upkeep(lake: Lake) -> None:
    fill(lake)
    upkeep(lake, now=NOW, full=True)
    kept = commit(lake, [batch("s-9", rows(100, start=400)), batch("s-2", rows(100, start=180))], NOW)
    assert [(each.duplicates, each.already) for each in kept] == [(60, False), (10, True)]


def test_a_snapshot_keeps_nothing_of_a_person_in_its_words(lake: Lake) -> None:
    fill(lake)
    upkeep(lake, now=NOW, full=True)
    words = " ".join(map(str, lake.connection.execute("SELECT changes::VARCHAR FROM lake.snapshots()").fetchall()))
    assert not re.search("SMITH|ANNA|1950", words)
