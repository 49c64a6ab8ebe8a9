from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import polars as pl
import pytest

from schemas.dispensation import EVENT_SCHEMA, ROW_SCHEMA
from store import writer
from store.coverage import completeness, submission_counts
from store.durable import Folder
from store.errors import LakeBrokenError, LakeBusyError, LakeFullError, StoreError
from store.history import latest
from store.lake import Lake
from store.writer import Kept, commit
from tests.functional.lakes import NOW, batch, later, open_lake, rows


def events(lake: Lake) -> pl.DataFrame:
    """All events of a lake."""
    return lake.cursor().execute("SELECT * FROM events").pl().sort("recorded_at", "submission_id", "record")


def test_what_was_accepted_is_there_as_it_was(lake: Lake) -> None:
    sent = rows(50, middle_name="QUINN", quantity=12.5)
    assert commit(lake, [batch("s-1", sent)], NOW) == [Kept("s-1", 50, 0, already=False, duplicate_records=())]
    kept = events(lake)
    assert kept.schema == EVENT_SCHEMA
    said = [name for name in ROW_SCHEMA if name in EVENT_SCHEMA]
    assert kept.select(*said, "dispenser_id", "record_key").equals(sent.select(*said, "dispenser_id", "record_key"))
    assert kept["recorded_at"].unique().to_list() == [NOW]
    assert kept["submission_id"].unique().to_list() == ["s-1"]


def test_ingredients_of_a_compound_come_back(lake: Lake) -> None:
    parts = [{"sequence": "1", "product_qualifier": "01", "product_id": "1", "quantity": 2.5, "dosage_units": "03"}]
    sent = rows(2).with_columns(pl.Series("ingredients", [parts, None], dtype=ROW_SCHEMA["ingredients"]))
    commit(lake, [batch("s-1", sent)], NOW)
    assert events(lake)["ingredients"].to_list() == [parts, None]


def test_a_submission_is_kept_once_however_often_it_is_committed(lake: Lake) -> None:
    sent = [batch("s-1", rows(30)), batch("s-2", rows(30, start=25))]
    first = commit(lake, sent, NOW)
    again = commit(lake, sent, later(1))
    assert [(each.stored, each.duplicates, each.already) for each in first] == [(30, 0, False), (25, 5, False)]
    assert [(each.stored, each.duplicates, each.already) for each in again] == [(30, 0, True), (25, 5, True)]
    assert [each.duplicate_records for each in again] == [(), (1, 2, 3, 4, 5)]
    assert events(lake).height == 55
    assert submission_counts(lake).height == 2


def test_new_and_known_submissions_may_come_together(lake: Lake) -> None:
    commit(lake, [batch("s-2", rows(10))], NOW)
    kept = commit(
        lake, [batch("s-1", rows(10, start=10)), batch("s-2", rows(10)), batch("s-3", rows(10, start=15))], NOW
    )
    assert [(each.submission_id, each.stored, each.already) for each in kept] == [
        ("s-1", 10, False),
        ("s-2", 10, True),
        ("s-3", 5, False),
    ]


def test_a_record_is_stored_once_within_between_and_after_batches(lake: Lake) -> None:
    twice = pl.concat([rows(10), rows(5).with_columns(record=pl.col("record") + 10)])
    kept = commit(lake, [batch("s-1", twice), batch("s-2", rows(12))], NOW)
    assert [each.duplicate_records for each in kept] == [(11, 12, 13, 14, 15), tuple(range(1, 11))]
    assert commit(lake, [batch("s-3", rows(12))], NOW)[0].duplicates == 12
    assert events(lake)["record_key"].is_unique().all()
    assert submission_counts(lake).select("stored", "duplicates", "found").rows() == [
        (10, 5, 10),
        (2, 10, 2),
        (0, 12, 0),
    ]


def test_a_correction_of_a_record_is_no_duplicate_of_it(lake: Lake) -> None:
    commit(lake, [batch("s-1", rows(5))], NOW)
    kept = commit(
        lake, [batch("s-2", rows(5, reporting_status="01")), batch("s-3", rows(5, reporting_status="02"))], NOW
    )
    assert [each.stored for each in kept] == [5, 5]


def test_records_without_a_fill_date_are_recognised_too(lake: Lake) -> None:
    undated = rows(3, filled_on=pl.lit(None, dtype=pl.Date))
    assert commit(lake, [batch("s-1", undated)], NOW)[0].stored == 3
    assert commit(lake, [batch("s-2", undated)], NOW)[0].duplicates == 3


def test_a_submission_without_new_records_is_known_all_the_same(lake: Lake) -> None:
    assert commit(lake, [batch("zero", rows(0))], NOW)[0].stored == 0
    assert commit(lake, [batch("zero", rows(0))], NOW)[0].already
    assert completeness(lake).select("dispenser_id", "covered_to").rows() == [
        ("d-1", NOW.date().replace(month=3, day=30))
    ]


def test_no_batches_are_no_commit(lake: Lake) -> None:
    assert commit(lake, [], NOW) == []
    assert latest(lake) is None


def test_a_submission_may_stand_only_once_in_a_commit(lake: Lake) -> None:
    with pytest.raises(ValueError, match="only once"):
        commit(lake, [batch("s-1", rows(1)), batch("s-1", rows(1))], NOW)


def test_moments_never_go_back_whatever_the_clock_does(lake: Lake) -> None:  # engineering.md R12
    clock = [NOW, NOW, NOW - timedelta(days=400), NOW + timedelta(hours=1)]
    clock.append((NOW + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-5))))
    for number, now in enumerate(clock):
        commit(lake, [batch(f"s-{number}", rows(1, start=number))], now)
    microsecond = timedelta(microseconds=1)
    expected = [NOW, NOW + microsecond, NOW + 2 * microsecond, later(1), later(1) + microsecond]
    assert submission_counts(lake)["recorded_at"].to_list() == expected
    assert latest(lake) == expected[-1]


def test_a_commit_is_one_snapshot(lake: Lake) -> None:
    def snapshot() -> int:
        found = lake.connection.execute("SELECT id FROM lake.current_snapshot()").fetchone()
        assert found
        return int(found[0])

    before = snapshot()
    commit(lake, [batch("s-1", rows(5)), batch("s-2", rows(5, start=5))], NOW)
    assert snapshot() == before + 1
    assert submission_counts(lake)["snapshot"].to_list() == [before, before]


def test_a_failed_commit_leaves_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> pl.DataFrame:
        raise RuntimeError("after the rows, before the submission")

    monkeypatch.setattr(writer, "_submissions", fail)
    with pytest.raises(RuntimeError, match="after the rows"):
        commit(lake, [batch("s-1", rows(5))], NOW)
    monkeypatch.undo()
    assert events(lake).is_empty()
    assert commit(lake, [batch("s-1", rows(5))], NOW)[0].stored == 5


@pytest.mark.parametrize(
    ("number", "error", "message"),
    [
        (errno.EIO, LakeBrokenError, "refused to keep what was written: Input/output error"),
        (errno.ENOSPC, LakeFullError, "is full; nothing was committed; make room and try again"),
    ],
)
def test_a_disk_that_refuses_commits_nothing(  # R4, R5
    lake: Lake, monkeypatch: pytest.MonkeyPatch, number: int, error: type[StoreError], message: str
) -> None:
    def refuse(_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(type(lake._folder), "sync_new", refuse)
    with pytest.raises(error, match=message) as caught:
        commit(lake, [batch("s-1", rows(5))], NOW)
    assert caught.value.retry is (number == errno.ENOSPC)
    monkeypatch.undo()
    assert events(lake).is_empty()
    assert commit(lake, [batch("s-1", rows(5))], NOW)[0].stored == 5


def test_a_full_disk_that_duckdb_reports_is_worth_another_try(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> list[Kept]:
        raise duckdb.IOException("Could not write file: No space left on device")

    monkeypatch.setattr(writer, "_commit", full)
    with pytest.raises(LakeFullError, match=r"could not commit: the disk under .* is full") as caught:
        commit(lake, [batch("s-1", rows(5))], NOW)
    assert caught.value.retry


class Treacherous:
    """A connection whose commit succeeds, says that it failed, and deletes the files, as DuckLake does."""

    def __init__(self, lake: Lake, *, dies: bool) -> None:
        self._real, self._root, self._dies = lake.connection, lake.root, dies

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def commit(self) -> None:
        self._real.commit()
        for path in (self._root / "data" / "main").glob("recent_*/*.parquet"):
            path.unlink()
        raise SystemExit if self._dies else duckdb.IOException("disk I/O error")


def test_a_commit_that_failed_in_appearance_only_loses_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake, "connection", Treacherous(lake, dies=False))
    with pytest.raises(LakeBrokenError, match="could not commit"):
        commit(lake, [batch("s-1", rows(20))], NOW)
    monkeypatch.undo()
    assert commit(lake, [batch("s-1", rows(20))], NOW)[0].already
    assert events(lake).height == 20
    assert list((lake.root / "kept").iterdir()) == []


def test_what_a_dying_writer_could_not_give_back_the_next_one_does(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = open_lake(root)
    monkeypatch.setattr(lake, "connection", Treacherous(lake, dies=True))
    monkeypatch.setattr(Folder, "give_back", lambda _: None)
    with pytest.raises(SystemExit):
        commit(lake, [batch("s-1", rows(20))], NOW)
    monkeypatch.undo()
    lake.close()
    assert len(list((root / "kept").iterdir())) == 3
    with open_lake(root) as again:
        assert commit(again, [batch("s-1", rows(20))], NOW)[0].already
        assert events(again).height == 20
        assert list((root / "kept").iterdir()) == []


def test_a_catalog_that_is_locked_for_a_moment_is_waited_for(lake: Lake) -> None:  # R21
    def hold() -> None:
        # SQLite's own locks work between processes; this library's and DuckDB's are as good as two.
        with closing(sqlite3.connect(other)) as catalog:
            catalog.execute("BEGIN IMMEDIATE")
            held.set()
            time.sleep(0.5)

    other = lake.root / "catalog.sqlite"
    held = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        assert commit(lake, [batch("s-1", rows(5))], NOW)[0].stored == 5
    finally:
        holder.join()


def test_what_stays_locked_is_an_error_that_says_try_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def busy(*_: object) -> list[Kept]:
        tries.append(1)
        raise duckdb.TransactionException("Failed to commit DuckLake transaction: database is locked: INSERT 'SMITH'")

    monkeypatch.setattr(writer, "_commit", busy)
    monkeypatch.setattr(writer.wait_random_exponential, "__call__", lambda *_: 0)
    with pytest.raises(LakeBusyError, match="locked; try again") as caught:
        commit(lake, [batch("s-1", rows(5))], NOW)
    assert caught.value.retry
    assert "SMITH" not in str(caught.value)
    assert len(tries) == writer.ATTEMPTS


def test_a_submission_id_leaves_nothing_to_inject(lake: Lake) -> None:
    with pytest.raises(ValueError, match="an identifier has"):
        commit(lake, [batch("x' OR '1'='1", rows(1))], NOW)
    assert events(lake).is_empty()


def test_values_are_never_sql(lake: Lake) -> None:  # engineering.md I1
    nasty = "Robert'); DROP TABLE lake.dispensations; --"
    commit(lake, [batch("s-1", rows(1, last_name=nasty, sig=nasty + "\u2028\x00"))], NOW)
    assert events(lake)["last_name"].to_list() == [nasty]
    assert events(lake)["sig"].to_list() == [nasty + "\u2028\x00"]


def test_the_days_accounted_for_are_kept_per_dispenser(lake: Lake) -> None:
    commit(lake, [batch("s-1", rows(1))], NOW)
    commit(lake, [batch("s-2", rows(0))], datetime(2024, 4, 2, tzinfo=UTC))
    found = completeness(lake)
    assert found["reported_at"].to_list() == [datetime(2024, 4, 2, tzinfo=UTC)]
    assert submission_counts(lake, ["s-2", "unknown"])["submission_id"].to_list() == ["s-2"]
