"""Text into lines, one per segment, each with its kind.

The text is cut by a vectorised reader of delimited files; from here on nothing loops over segments.
What writers add around segments and elements (line ends, blanks, lower-case ids, empty segments) is
dealt with here, so that what follows sees one spelling.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ingest.read_headers import unused_character


# The kinds of segment; those with ids of three letters first (see `_kinds`).
KINDS = ("PHA", "PAT", "DSP", "PRE", "CDI", "AIR", "TH", "IS", "TP", "TT")
KIND = pl.Enum(KINDS)
_THREE_LETTERS = KINDS[:6]

# What may stand around a segment and around an element without being part of it.
BLANK = " \t\r\n"
_PADDED = r"[ \t\r\n]\*|\*[ \t\r\n]"
_PADDING = r"[ \t\r\n]*\*[ \t\r\n]*"
_LEAD = r"^([ \t\r\n]*)"
_ID = r"^[ \t\r\n]*([A-Za-z]{2,3})(?:\*|$)"


@dataclass(frozen=True)
class Lines:
    """The segments of a text in their order.

    Attributes:
        line: each segment without its terminator, without blanks around its elements.
        kind: what each is, of `KIND`; null where its id is not known.
    """

    line: pl.Series
    kind: pl.Series


def split_lines(text: bytes, terminator: str) -> Lines:
    """Cut the text, in UTF-8, at each terminator, which is one ASCII character."""
    line = pl.read_csv(
        text,
        has_header=False,
        schema={"line": pl.String},
        separator=unused_character(text),
        eol_char=terminator,
        quote_char=None,
        truncate_ragged_lines=True,
    )["line"]
    line = line.drop_nulls().rechunk()
    # What stands behind the last terminator is a line end; cut here, it costs the others no second look.
    line = line.head(line.len() - 1) if line.tail(1).str.strip_chars(BLANK).eq("").any() else line
    # Most writers put the same line end after every terminator, so most lines begin alike.
    lead = line.slice(1, 1).str.extract(_LEAD).fill_null("").str.join("").item()
    first, padded = _looks(line, lead)
    if padded.len():
        line = _without_padding(line, padded, lead)
        first, _ = _looks(line, lead)
    kind = _kinds(line, first, lead)
    unknown = kind.is_null().arg_true()
    blank = unknown.filter(line.gather(unknown).str.strip_chars(BLANK) == "")
    if blank.is_empty():
        return Lines(line, kind)
    segment = ~pl.int_range(line.len(), dtype=pl.UInt32, eager=True).is_in(blank.implode())
    return Lines(line.filter(segment), kind.filter(segment))


def _looks(line: pl.Series, lead: str) -> tuple[pl.Series, pl.Series]:
    """The first characters of each line, and the indices of those with blanks around elements."""
    text = pl.col("line")
    looks = line.to_frame("line").select(  # together, so that they run side by side
        first=text.str.head(len(lead) + len(_THREE_LETTERS[0]) + 1),
        inside=text.str.contains(_PADDED),
        at_end=text.cast(pl.Binary).bin.get(-1, null_on_oob=True) <= ord(" "),
    )
    return looks["first"], (looks["inside"] | looks["at_end"]).arg_true()


def _without_padding(line: pl.Series, padded: pl.Series, lead: str) -> pl.Series:
    """The lines without blanks around elements; each changed one begins with the lead again."""
    bare = line.gather(padded).str.replace_all(_PADDING, "*").str.strip_chars(BLANK)
    return line.scatter(padded, pl.select(pl.lit(lead) + bare).to_series())


def _kinds(line: pl.Series, first: pl.Series, lead: str) -> pl.Series:
    """What each line is: by its first characters where they are the usual ones, else by a closer look."""
    usual = pl.Enum([f"{lead}{kind}*" for kind in _THREE_LETTERS])
    kind = first.cast(usual, strict=False).to_physical().cat.to(KIND)
    unusual = kind.is_null().arg_true()  # TH is one, always
    found = line.gather(unusual).str.extract(_ID).str.to_uppercase().cast(KIND, strict=False)
    return kind.to_physical().scatter(unusual, found.to_physical()).cat.to(KIND)
