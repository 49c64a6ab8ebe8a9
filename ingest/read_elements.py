"""Segments into elements: one String column per element, null where empty or left out.

A segment may be shorter than its version defines, and may go on with empty elements beyond it. What
stands there and is not empty is surplus: reported, and not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas.asap.specification import SEPARATOR


if TYPE_CHECKING:
    from collections.abc import Mapping


# How many segments of a kind are looked at to guess how many elements the writer sends.
_SAMPLE = 50

_SURPLUS = "surplus"
_LENGTH = "length"


def split_elements(lines: Mapping[str, pl.Series], widths: Mapping[str, int]) -> dict[str, pl.DataFrame]:
    """The elements of each kind of segment.

    Args:
        lines: per kind, its segments; each begins with its id.
        widths: per kind, how many elements the version defines.

    Returns:
        Per kind a row per segment: ``surplus`` and ``<kind>01`` … up to its width.
    """
    guesses = {kind: min(_widest(line), widths[kind]) for kind, line in lines.items()}
    split = _split(lines, guesses)
    # A segment longer than any of the sample is rare, and then its kind is split once more.
    again = {
        kind: widths[kind]
        for kind, frame in split.items()
        if guesses[kind] < widths[kind] and frame[_LENGTH].gt(guesses[kind]).any()
    }
    split |= _split({kind: lines[kind] for kind in again}, again)
    return {kind: _finished(kind, split[kind], line, widths[kind]) for kind, line in lines.items()}


def _widest(line: pl.Series) -> int:
    return max(line.head(_SAMPLE).str.count_matches(SEPARATOR, literal=True), default=0)


def _split(lines: Mapping[str, pl.Series], widths: Mapping[str, int]) -> dict[str, pl.DataFrame]:
    elements = pl.col("line").list
    plans = [
        line.to_frame("line")
        .lazy()
        .select(pl.col("line").str.split(SEPARATOR))
        .select(
            (elements.len() - 1).alias(_LENGTH),
            *(elements.get(n, null_on_oob=True).alias(f"{kind}{n:02d}") for n in range(1, widths[kind] + 1)),
        )
        .with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))
        for kind, line in lines.items()
    ]
    return dict(zip(lines, pl.collect_all(plans), strict=True))


def _finished(kind: str, split: pl.DataFrame, line: pl.Series, width: int) -> pl.DataFrame:
    """Add what is surplus and the elements that nobody sent."""
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, split.height)
    surplus = pl.Series(_SURPLUS, [False]).new_from_index(0, split.height)
    long = (split[_LENGTH] > width).arg_true()
    if long.len():
        beyond = line.gather(long).str.split(SEPARATOR).list.slice(width + 1).list.join("") != ""
        surplus = surplus.scatter(long, beyond)
    columns = [surplus]
    for name in (f"{kind}{n:02d}" for n in range(1, width + 1)):
        sent = name in split.columns and split[name].null_count() < split.height
        columns.append(split[name] if sent else nothing.alias(name))  # all the unsent share one column
    return pl.DataFrame(columns)
