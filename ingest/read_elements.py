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

# How many segments are taken apart at once: few enough that their elements stay in the processor's cache.
_AT_ONCE = 32_768

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
    split = {}
    for kind, line in lines.items():  # one after the other, since the elements of all together need much memory
        plans = [
            _plan(line.slice(start, _AT_ONCE), kind, widths[kind]) for start in range(0, line.len() or 1, _AT_ONCE)
        ]
        split[kind] = pl.concat(pl.collect_all(plans), rechunk=True)
    return split


def _plan(line: pl.Series, kind: str, width: int) -> pl.LazyFrame:
    elements = pl.col("line").list
    return (
        line.to_frame("line")
        .lazy()
        .select(pl.col("line").str.split(SEPARATOR))
        .select(
            (elements.len() - 1).alias(_LENGTH),
            *(elements.get(n, null_on_oob=True).alias(f"{kind}{n:02d}") for n in range(1, width + 1)),
        )
        .with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))
    )


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
