"""Segments into elements: one String column per element, null where empty or left out.

A segment may be shorter than its version defines, and may go on with empty elements beyond it. What
stands there and is not empty is surplus: reported, and not read.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from ingest.read_plans import run
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
    present = {kind: line for kind, line in lines.items() if line.len()}
    guesses = {kind: min(_widest(line), widths[kind]) for kind, line in present.items()}
    split = _split(present, guesses)
    # A segment longer than any of the sample is rare, and then its kind is split once more.
    again = {
        kind: lines[kind]
        for kind, frame in split.items()
        if guesses[kind] < widths[kind] and frame[_LENGTH].gt(guesses[kind]).any()
    }
    if again:
        split |= _split(again, widths)
    return {
        kind: _finished(kind, split[kind], line, widths[kind]) if line.len() else _absent(kind, widths[kind])
        for kind, line in lines.items()
    }


def _widest(line: pl.Series) -> int:
    return max(str(text).count(SEPARATOR) for text in line.head(_SAMPLE))


def _split(lines: Mapping[str, pl.Series], widths: Mapping[str, int]) -> dict[str, pl.DataFrame]:
    if all(line.len() <= _AT_ONCE for line in lines.values()):
        plans = [_plan(line, kind, widths[kind]) for kind, line in lines.items()]
        return dict(zip(lines, run(plans), strict=True))
    split = {}
    for kind, line in lines.items():  # one after the other, since the elements of all together need much memory
        blocks = [line.slice(start, _AT_ONCE) for start in range(0, line.len(), _AT_ONCE)]
        split[kind] = pl.concat(run([_plan(block, kind, widths[kind]) for block in blocks]), rechunk=True)
    return split


def _plan(line: pl.Series, kind: str, width: int) -> pl.LazyFrame:
    return (
        line.to_frame("line")
        .lazy()
        .select(pl.col("line").str.split(SEPARATOR))
        .select(_taken_apart(kind, width))
        .with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))
    )


@cache
def _absent(kind: str, width: int) -> pl.DataFrame:
    return pl.DataFrame(schema={_SURPLUS: pl.Boolean} | dict.fromkeys(_names(kind, width), pl.String))


@cache
def _names(kind: str, width: int) -> list[str]:
    return [f"{kind}{n:02d}" for n in range(1, width + 1)]


@cache
def _taken_apart(kind: str, width: int) -> list[pl.Expr]:
    elements = pl.col("line").list
    each = [elements.get(n, null_on_oob=True).alias(name) for n, name in enumerate(_names(kind, width), start=1)]
    return [(elements.len() - 1).alias(_LENGTH), *each]


def _finished(kind: str, split: pl.DataFrame, line: pl.Series, width: int) -> pl.DataFrame:
    """Add what is surplus and the elements that nobody sent."""
    surplus = pl.Series(_SURPLUS, [False]).new_from_index(0, split.height)
    long = (split[_LENGTH] > width).arg_true()
    if long.len():
        beyond = line.gather(long).str.split(SEPARATOR).list.slice(width + 1).list.join("") != ""
        surplus = surplus.scatter(long, beyond)
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, split.height)
    sent = {column.name: column for column in split if column.null_count() < split.height}
    # All the elements that nobody sent share one column.
    return surplus.to_frame().hstack([sent.get(name, nothing.alias(name)) for name in _names(kind, width)])
