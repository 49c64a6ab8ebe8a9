"""From a segment to the one that governs it, by position.

In most files every PAT has one DSP and every DSP one PRE, in the same order. Then a segment's parent is
the one in the same row, and nothing is looked up or copied.
"""

from __future__ import annotations

import polars as pl


def rows_of(positions: pl.Series, wanted: pl.Series) -> pl.Series | None:
    """In which row each wanted position stands.

    Args:
        positions: ascending, each once.
        wanted: any positions, or nulls.

    Returns:
        The row of each, null where it stands in none; None where every row stands in its own.
    """
    if positions.len() == wanted.len() and (positions == wanted).all():
        return None
    if positions.is_empty():
        return pl.Series([None], dtype=pl.UInt32).new_from_index(0, wanted.len())
    row = positions.search_sorted(wanted).clip(upper_bound=positions.len() - 1)
    return row.set((positions.gather(row) == wanted).fill_null(value=False).not_(), None)


def beside(series: pl.Series, rows: pl.Series | None) -> pl.Series:
    """The values of these rows, of what `rows_of` returned."""
    return series if rows is None else series.gather(rows)
