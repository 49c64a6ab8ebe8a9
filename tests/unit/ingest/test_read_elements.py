"""Segments into elements."""

from __future__ import annotations

import polars as pl

from ingest.read_elements import split_elements


def split(lines: list[str], width: int = 3) -> pl.DataFrame:
    return split_elements({"PRE": pl.Series(lines, dtype=pl.String)}, {"PRE": width})["PRE"]


def test_a_column_for_each_element_that_the_version_defines() -> None:
    found = split(["PRE*A*B*C", "\nPRE**B", "PRE", "PRE*"])
    assert found.schema == {"surplus": pl.Boolean, **dict.fromkeys(("PRE01", "PRE02", "PRE03"), pl.String)}
    assert found.rows() == [
        (False, "A", "B", "C"), (False, None, "B", None), (False, None, None, None), (False, None, None, None),
    ]  # fmt: skip


def test_without_segments_there_are_columns_all_the_same() -> None:
    assert split([]).schema == split(["PRE*A"]).schema


def test_only_what_is_not_empty_is_surplus() -> None:
    found = split(["PRE*A*B*C*", "PRE*A*B*C*D", "PRE*A*B*C**", "PRE*A*B*C***E", "PRE*A"])
    assert found["surplus"].to_list() == [False, True, False, True, False]
    assert found["PRE03"].to_list() == ["C", "C", "C", "C", None]


def test_a_long_segment_after_many_short_ones() -> None:
    found = split([*["PRE*A"] * 60, "PRE*A*B*C*D"])
    assert found.row(60) == (True, "A", "B", "C")
    assert found.row(0) == (False, "A", None, None)


def test_more_segments_than_are_taken_apart_at_once() -> None:
    lines = [f"PRE*{n}**{n % 7 or ''}" for n in range(100_000)]
    found = split(lines)
    assert found["PRE01"].to_list() == [str(n) for n in range(100_000)]
    assert found["PRE02"].null_count() == 100_000
    assert found["PRE03"].to_list() == [str(n % 7) if n % 7 else None for n in range(100_000)]
    assert all(column.n_chunks() == 1 for column in found)


def test_several_kinds_at_once() -> None:
    found = split_elements({"TP": pl.Series(["TP*5*"]), "TT": pl.Series(["TT*1*8"])}, {"TP": 1, "TT": 2})
    assert found["TP"].rows() == [(False, "5")]
    assert found["TT"].rows() == [(False, "1", "8")]
