from __future__ import annotations

import itertools
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.duplicates import among, earlier_statement, pack, runs, unpack
from store.lake import Lake
from store.writer import commit
from tests.functional.lakes import NOW, batch, rows


@given(st.sets(st.integers(1, 300)).map(sorted))
def test_records_pack_and_unpack(records: list[int]) -> None:
    assert unpack(pack(records)) == tuple(records)


def test_a_whole_file_packs_into_one_run() -> None:
    assert pack(range(1, 200_001)) == "1-200000"


@given(st.lists(st.dates(date(2023, 1, 1), date(2025, 1, 1)), min_size=1))
def test_runs_hold_every_day_and_leave_out_long_gaps(days: list[date]) -> None:
    found = runs(days)
    assert all(any(first <= day <= last for first, last in found) for day in days)
    assert all(later[0] - earlier[1] > timedelta(days=10) for earlier, later in itertools.pairwise(found))
    assert all(first in days and last in days for first, last in found)


def test_only_new_reports_of_the_same_key_are_duplicates() -> None:
    frame = pl.DataFrame(
        {"record_key": ["a", "a", "a", "b", "a"], "reporting_status": ["00", None, "01", "00", "02"]},
    )
    assert among(frame).to_list() == [False, True, False, False, False]


def test_a_new_report_after_a_revision_in_the_same_batch_is_none() -> None:
    frame = pl.DataFrame({"record_key": ["a", "a"], "reporting_status": ["01", "00"]})
    assert among(frame).to_list() == [False, False]


@pytest.mark.parametrize(("days", "files"), [([date(2024, 5, 3)], 1), ([date(2024, 1, 3), date(2024, 8, 9)], 2)])
def test_only_the_months_of_the_batch_are_read(lake: Lake, days: list[date | None], files: int) -> None:
    for month in range(1, 9):
        filled = rows(10, start=month * 100, filled_on=date(2024, month, 3), written_on=date(2024, month, 1))
        commit(lake, [batch(f"s-{month}", filled)], NOW)
    lake.connection.register("asked", pl.DataFrame({"record_key": ["x"]}).to_arrow())
    plan = lake.connection.execute(f"EXPLAIN ANALYZE {earlier_statement(days)}").fetchall()[0][1]
    read = [int(line.split(":")[1].strip(" │")) for line in plan.splitlines() if "Total Files Read" in line]
    if not read:  # two scans stand side by side in one line
        read = [int(part) for line in plan.splitlines() for part in line.split() if "Files" in line and part.isdigit()]
    assert sum(read) <= files
