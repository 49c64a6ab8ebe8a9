"""Bytes into segments: what stands in a file, and where, before anything is typed or judged.

The way of a file through the reader::

    bytes ── read_text ──────── is it text that begins with TH?
          ── read_headers ───── where do the segments of each transaction end?
          ── read_lines ─────── one line per segment, each with its kind
          ── read_nesting ───── which segment stands in which
          ── read_transactions  which transactions can be read
          ── read_elements ──── one column per element
          ── rows ───────────── typed rows

Nothing here raises for bad data: what cannot be read is refused, what is odd is reported as a fact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.read_elements import split_elements
from ingest.read_frames import frames, transaction_numbers
from ingest.read_headers import NEW_LINE, header_at, with_one_terminator
from ingest.read_lines import BLANK, Lines, split_lines
from ingest.read_nesting import nest
from ingest.read_refusals import MOST_TRANSACTIONS, refusal
from ingest.read_text import read_text
from ingest.read_transactions import read_transactions
from schemas.asap.specification import VERSIONS, load
from schemas.dispensation import ROW_SCHEMA
from schemas.reading import Reading, Refusal


if TYPE_CHECKING:
    from collections.abc import Mapping


# The separators of a TH that goes as far as TH09.
_SEPARATORS = 9
_NO_ROWS = pl.DataFrame(schema=ROW_SCHEMA)
# More than any padding behind the last segment.
_TRAILING = 4096


def read_segments(data: bytes) -> Reading:
    """What stands in a file, untyped: a reading whose `rows` and `zero_reports` are still empty.

    Args:
        data: the bytes as received.
    """
    text = read_text(data)
    if isinstance(text, Refusal):
        return Reading(refusals=(text,))
    lines, terminator, finished = _lines(text)
    if lines.kind.eq("TH").sum() > MOST_TRANSACTIONS:
        return Reading(refusals=(refusal("F-TRANSACTIONS", f"transaction {MOST_TRANSACTIONS + 1}"),))
    nesting = nest(lines.kind)
    found = read_transactions(lines, nesting, terminator, finished=finished)
    if found.readable.is_empty():
        return Reading(refusals=found.refusals[:1])
    places, strays = dict(nesting.places), nesting.strays
    if found.refusals:
        read = pl.col("th").is_in(found.readable["position"].implode())
        places = {kind: place.filter(read) for kind, place in places.items()}
        strays = strays.filter(read)
    inside = {kind: place for kind, place in places.items() if kind not in found.ends}
    elements = _elements(lines.line, inside, found.readable) | found.ends
    return Reading(
        rows=_NO_ROWS,
        transactions=found.readable,
        segments=frames(places, elements, found.readable),
        strays=strays.select(
            "position", transaction_numbers(strays["th"], found.readable), segment=pl.col("kind").cast(pl.String)
        ),
        refusals=found.refusals,
    )


def _lines(text: bytes) -> tuple[Lines, str, bool]:
    """The lines, the terminator in force where a TH09 is empty, and whether the last line is terminated."""
    header = header_at(text, 0)
    terminator = header.terminator
    if terminator is not None and terminator.isascii() and terminator.encode() not in text[: header.end - 1]:
        cut_at = "\r" if terminator == NEW_LINE and b"\n" not in text else terminator
        lines = split_lines(text, cut_at)
        if not _differs(lines, newline=terminator == NEW_LINE):
            return lines, terminator, _is_finished(text, terminator)
    text, cut_at = with_one_terminator(text)
    return split_lines(text, cut_at), NEW_LINE, _is_finished(text, cut_at)


def _differs(lines: Lines, *, newline: bool) -> bool:
    """Whether a transaction declares another terminator than the one at which the text was cut.

    Cut at its own terminator, a TH ends where TH09 begins.
    """
    header = lines.line.filter(lines.kind == "TH").str.split("*")
    short = header.list.len() <= _SEPARATORS
    behind = header.list.slice(_SEPARATORS).list.join("") != ""
    if newline:
        return behind.any() or lines.line.str.contains("\r", literal=True).any()
    return behind.any() or short.any()


def _is_finished(text: bytes, terminator: str) -> bool:
    end = text[-_TRAILING:]
    if terminator == NEW_LINE:
        return end.rstrip(b" \t").endswith((b"\n", b"\r"))
    return end.rstrip(BLANK.encode()).endswith(terminator.encode())


def _elements(
    line: pl.Series, places: Mapping[str, pl.DataFrame], transactions: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Per kind its elements, up to the last that the widest version present defines."""
    versions = [version for version in VERSIONS if version in transactions["version"]]
    parts = []
    for version in versions:
        of = pl.col("th").is_in(transactions.filter(version=version)["position"].implode())
        here = {kind: (place if len(versions) == 1 else place.filter(of))["position"] for kind, place in places.items()}
        widths = {segment.id: len(segment.elements) for segment in load(version).segments.values()}
        part = split_elements({kind: line.gather(position - 1) for kind, position in here.items()}, widths)
        parts.append(
            part if len(versions) == 1 else {kind: frame.with_columns(here[kind]) for kind, frame in part.items()}
        )
    if len(parts) == 1:
        return parts[0]
    return {
        kind: pl.concat([part[kind] for part in parts], how="diagonal").sort("position").drop("position")
        for kind in places
    }
