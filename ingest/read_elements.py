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
    sent = {kind: min(_widest(line), widths[kind]) for kind, line in present.items()}
    together: dict[str, pl.DataFrame] = {}
    if all(line.len() <= _AT_ONCE for line in present.values()):
        plans = [_plan(line, kind, sent[kind]) for kind, line in present.items()]
        together = dict(zip(present, run(plans), strict=True))
    made = {}
    for kind, line in lines.items():  # one after the other, since the elements of all kinds need much memory
        width = widths[kind]
        if kind not in present:
            made[kind] = _absent(kind, width)
            continue
        split = together[kind].to_dict() if together else _in_blocks(line, kind, sent[kind])
        if sent[kind] < width and (split[_LENGTH] > sent[kind]).any():
            # A segment longer than any that was looked at is rare, and then its kind is split once more.
            split = _in_blocks(line, kind, width)
        made[kind] = _finished(kind, split, line, width)
    return made


def _widest(line: pl.Series) -> int:
    return max(str(text).count(SEPARATOR) for text in line.head(_SAMPLE))


def _in_blocks(line: pl.Series, kind: str, width: int) -> dict[str, pl.Series]:
    blocks = [line.slice(start, _AT_ONCE) for start in range(0, line.len(), _AT_ONCE)]
    return pl.concat(run(_plan(block, kind, width) for block in blocks)).to_dict()


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


def _finished(kind: str, split: dict[str, pl.Series], line: pl.Series, width: int) -> pl.DataFrame:
    """Add what is surplus and the elements that nobody sent; empties `split`, to free what is copied."""
    long = (split.pop(_LENGTH) > width).arg_true()
    surplus = pl.Series(_SURPLUS, [False]).new_from_index(0, line.len())
    if long.len():
        beyond = line.gather(long).str.split(SEPARATOR).list.slice(width + 1).list.join("") != ""
        surplus = surplus.scatter(long, beyond)
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, line.len())
    columns = [surplus]
    for name in _names(kind, width):
        element = split.pop(name, nothing)
        # All the elements that nobody sent share one column.
        columns.append((nothing if element.null_count() == line.len() else element.rechunk()).alias(name))
    return pl.DataFrame(columns)
