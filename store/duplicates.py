"""Which incoming records the lake has already: the same record key (asap.md section 5).

The index holds only key, person and fill date, in partitions by fill month and in order of the fill
date. A batch asks for the days it holds, so its cost does not grow with the lake: 16 ms for 400 and
28 ms for 200,000 records against 3.4 million.

Only a new report (DSP01 = 00) can be a duplicate. A revision or void carries the key of the record it
is about, and is an event of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import duckdb
import polars as pl

from store.literals import date_literal


# Days between two fills from which they are asked for apart: less than a month's partition.
_GAP = timedelta(days=10)


def is_new() -> pl.Expr:
    """True for a new report."""
    return pl.col("reporting_status").fill_null("00").is_in(["00", ""])


def among(rows: pl.DataFrame) -> pl.Series:
    """Mark the records whose key stands earlier among the same rows.

    Args:
        rows: with ``record_key`` and ``reporting_status``; n rows in order.

    Returns:
        A boolean for each row.
    """
    new = rows.select(is_new())["reporting_status"]
    first = rows.select(pl.struct("record_key", new.alias("new")).is_first_distinct())["record_key"]
    return new & ~first


def runs(days: Sequence[date]) -> list[tuple[date, date]]:
    """The shortest list of first and last days that holds all days and leaves out long gaps.

    >>> runs([date(2024, 3, 5), date(2024, 1, 1), date(2024, 3, 1)])
    [(datetime.date(2024, 1, 1), datetime.date(2024, 1, 1)), (datetime.date(2024, 3, 1), datetime.date(2024, 3, 5))]
    """
    ordered = sorted(set(days))
    if not ordered:
        return []
    breaks = [(left, right) for left, right in pairwise(ordered) if right - left > _GAP]
    starts = [ordered[0], *(right for _, right in breaks)]
    ends = [*(left for left, _ in breaks), ordered[-1]]
    return list(zip(starts, ends, strict=True))


def earlier_statement(days: Sequence[date | None]) -> str:
    """The statement that finds which keys of the table ``asked`` stand in the index.

    Args:
        days: the fill dates asked for. They stand in the statement as literals, one SELECT for each run
            of days, because DuckLake prunes neither for parameters nor for OR.
    """
    conditions = [
        f"filled_on >= {date_literal(first)} AND filled_on <= {date_literal(last)}"
        for first, last in runs([day for day in days if day is not None])
    ]
    if None in days:
        conditions.append("filled_on IS NULL")
    select = "SELECT record_key FROM lake.record_index WHERE "
    known = " UNION ALL ".join(select + condition for condition in conditions)
    return f"SELECT DISTINCT record_key FROM asked SEMI JOIN ({known}) AS known USING (record_key)"  # noqa: S608 - checked literals


def earlier(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> pl.Series:
    """Mark the records that an earlier commit stored.

    Args:
        connection: inside the transaction that is to store the others.
        rows: with ``record_key``, ``filled_on`` and ``reporting_status``; n rows.

    Returns:
        A boolean for each row.
    """
    asked = rows.filter(is_new()).select("record_key").unique()
    if asked.is_empty():
        return pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    connection.register("asked", asked.to_arrow())
    try:
        found = connection.execute(earlier_statement(rows["filled_on"].unique().to_list())).pl()
    finally:
        connection.unregister("asked")
    return rows.select(is_new() & pl.col("record_key").is_in(found["record_key"].implode())).to_series()


def pack(records: Sequence[int]) -> str:
    """Record numbers in order as runs.

    >>> pack((1, 2, 3, 7, 9, 10))
    '1-3,7,9-10'
    """
    packed: list[list[int]] = []
    for record in records:
        if packed and record == packed[-1][1] + 1:
            packed[-1][1] = record
        else:
            packed.append([record, record])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in packed)


def unpack(runs_of_records: str) -> tuple[int, ...]:
    """The record numbers of `pack`.

    >>> unpack('1-3,7')
    (1, 2, 3, 7)
    """
    records: list[int] = []
    for run in filter(None, runs_of_records.split(",")):
        first, _, last = run.partition("-")
        records.extend(range(int(first), int(last or first) + 1))
    return tuple(records)
