"""From a position to the row it stands in."""

from __future__ import annotations

import polars as pl

from ingest.read_links import beside, rows_of


def positions(*values: int | None) -> pl.Series:
    return pl.Series(values, dtype=pl.UInt32)


def test_the_same_positions_need_no_look_up() -> None:
    assert rows_of(positions(3, 6, 9), positions(3, 6, 9)) is None
    assert rows_of(positions(), positions()) is None
    assert beside(pl.Series(["a", "b"]), None).to_list() == ["a", "b"]


def test_the_row_of_each_and_null_where_there_is_none() -> None:
    found = rows_of(positions(3, 6, 9), positions(9, 3, 3, 4, 10, None))
    assert found is not None
    assert found.to_list() == [2, 0, 0, None, None, None]
    assert beside(pl.Series(["a", "b", "c"]), found).to_list() == ["c", "a", "a", None, None, None]


def test_among_none() -> None:
    found = rows_of(positions(), positions(1, 2))
    assert found is not None
    assert found.to_list() == [None, None]
    assert beside(pl.Series([], dtype=pl.String), found).to_list() == [None, None]
