"""Which transactions can be read: version known, terminator declared, whole.

A transaction that cannot be read is refused as a whole and leaves no segment behind; the others of the
file go on. Its number still counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from ingest.read_elements import split_elements
from ingest.read_headers import is_data
from ingest.read_lines import BLANK, Lines
from ingest.read_refusals import refusal
from schemas.asap.specification import VERSIONS, load
from schemas.reading import TRANSACTION_SCHEMA, Refusal


if TYPE_CHECKING:
    from ingest.read_nesting import Nesting


# TH and TT have as many elements in every version.
_WIDTHS = {kind: len(load(VERSIONS[-1]).segments[kind].elements) for kind in ("TH", "TT")}
_HIDDEN_TRAILER = r"[^A-Za-z0-9* \t][ \t\r\n]*TT[ \t]*\*"


@dataclass(frozen=True)
class Transactions:
    """The transactions of a file.

    Attributes:
        readable: those that can be read, of `schemas.reading.TRANSACTION_SCHEMA`.
        ends: the elements of their TH and TT (`ingest.read_elements`).
        refusals: one for each of the others, in file order.
    """

    readable: pl.DataFrame
    ends: dict[str, pl.DataFrame]
    refusals: tuple[Refusal, ...]


def read_transactions(lines: Lines, nesting: Nesting, terminator: str, *, finished: bool) -> Transactions:
    """Sort the transactions into those that can be read and those that are refused.

    Args:
        lines: every segment of the file.
        nesting: what each stands in.
        terminator: the one in force where TH09 is empty.
        finished: whether the file's last segment is terminated.
    """
    th, tt = nesting.transactions["th"], nesting.transactions["tt"]
    elements = split_elements({"TH": _lines(lines, th), "TT": _lines(lines, tt)}, _WIDTHS)
    headers, trailers = elements["TH"], elements["TT"]
    every = pl.DataFrame(
        {
            "transaction": pl.int_range(1, th.len() + 1, eager=True).cast(pl.UInt16),
            "version": headers["TH01"].str.to_uppercase(),
            "control_number": headers["TH02"],
            "transaction_type": headers["TH03"],
            "file_type": headers["TH07"].str.to_uppercase(),
            "terminator": headers["TH09"].fill_null(terminator),
            "position": th,
            "trailer_position": tt,
            "segments_seen": tt - th + 1,
        },
        schema=TRANSACTION_SCHEMA,
    )
    codes = [_code(row["version"], row["terminator"], row["trailer_position"]) for row in every.iter_rows(named=True)]
    if not finished and every["trailer_position"].tail(1).eq(lines.line.len()).any():
        codes[-1] = codes[-1] or _unfinished(every.tail(1), trailers.tail(1))
    last = [*(position - 1 for position in th.slice(1)), lines.line.len()]
    refusals = tuple(
        _refusal(code, number, start, end, lines, alone=len(codes) == 1)
        for number, (code, start, end) in enumerate(zip(codes, th, last, strict=True), start=1)
        if code
    )
    readable = pl.Series([code is None for code in codes], dtype=pl.Boolean)
    ends = {kind: frame.filter(readable) for kind, frame in elements.items()} if refusals else elements
    return Transactions(every.filter(readable), ends, refusals)


def _lines(lines: Lines, positions: pl.Series) -> pl.Series:
    return lines.line.gather(positions - 1).fill_null("")


def _code(version: str | None, terminator: str, trailer: int | None) -> str | None:
    """The code of the refusal, or None where there is nothing to refuse."""
    version = version or ""
    if version not in VERSIONS:
        if version.startswith("3"):
            return "F-VERSION-3.0"
        return "F-VERSION-4.0" if version in {"4", "4.0", "04.0"} else "F-VERSION"
    if len(terminator) > 1 or is_data(terminator):
        return "F-TERMINATOR"
    return "F-TORN" if trailer is None else None


def _unfinished(transaction: pl.DataFrame, trailer: pl.DataFrame) -> str | None:
    """Whether a TT that the file ends in without a terminator may have been cut.

    It is believed where it repeats TH02 and states the true count: a cut could not leave both right.
    """
    same = trailer["TT01"].eq_missing(transaction["control_number"]).all()
    counts = trailer["TT02"].str.strip_chars_start("0").eq(transaction["segments_seen"].cast(pl.String)).all()
    return None if same and counts and trailer["TT02"].null_count() == 0 else "F-TORN"


def _refusal(code: str, number: int, start: int, end: int, lines: Lines, *, alone: bool) -> Refusal:
    """The refusal of the transaction whose segments have these positions.

    One that does not reach its TT may have it behind a terminator that it does not use, or may be no ASAP.
    """
    position = start
    if code == "F-TORN":
        position = end
        inside = lines.line.slice(start - 1, end - start + 1)
        if inside.str.strip_chars(BLANK).str.to_uppercase().str.contains(_HIDDEN_TRAILER).any():
            code, position = "F-TERMINATOR", start
        elif alone and lines.kind.slice(start - 1, end - start).null_count():
            code = "F-NOT-ASAP"
            position = lines.kind.is_null().arg_true()[0] + 1
    place = f"segment {position}" if alone else f"transaction {number}, segment {position}"
    return refusal(code, place, position)
