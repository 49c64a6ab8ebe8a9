"""Finds the identities a name and a date of birth may mean. Candidates with evidence, never a verdict.

BLOCKS. Every identity can be found under two keys: its date of birth, and its pair of names. A search
looks up the date asked for, the same date with day and month exchanged, and the names asked for (in
either order); so it finds another spelling on the same day and another day for the same names, and
reads a few rows however large the lake is. Grading what it finds is for lookup.
"""

from __future__ import annotations

from datetime import date

import duckdb
import polars as pl

from store.failures import world_error
from store.lake import Lake
from store.literals import keys_literal
from store.persons import birth_block, name_block, normalise
from store.tables import schema_of


# Jaro-Winkler from which two names are taken for spellings of one (matching.md: the guard's level).
ALIKE = 0.85
# Letters that must agree where one name is cut short.
_PREFIX = 3
# Digits of an eight-digit date that may differ, as in a slip of the key.
_SLIP = 1

CANDIDATE_SCHEMA = schema_of(
    person_key=pl.UInt64,
    identity=pl.String,  # tells apart two identities of one key; goes to history()
    last_name=pl.String,  # as sent, of the latest sighting
    first_name=pl.String,
    middle_name=pl.String,
    name_suffix=pl.String,
    animal_name=pl.String,
    date_of_birth=pl.Date,
    gender=pl.String,
    species=pl.String,
    city=pl.String,
    zip=pl.String,
    # Evidence: each a fact about the two names or dates, none a verdict.
    last_equal=pl.Boolean,  # after normalising
    first_equal=pl.Boolean,
    last_alike=pl.Float64,  # Jaro-Winkler, 0 to 1
    first_alike=pl.Float64,
    last_prefix=pl.Boolean,  # one begins with the other, by at least 3 letters
    first_prefix=pl.Boolean,
    names_swapped=pl.Boolean,  # last is the first asked for and the other way round
    birth_equal=pl.Boolean,
    birth_swapped=pl.Boolean,  # day and month exchanged
    birth_digits=pl.UInt8,  # how many of the eight digits differ
)


def exchanged(day: date) -> date | None:
    """The date with day and month exchanged; None where that is no other date.

    >>> exchanged(date(1980, 4, 12))
    datetime.date(1980, 12, 4)
    """
    try:
        other = day.replace(month=day.day, day=day.month)
    except ValueError:
        return None
    return None if other == day else other


def find_persons(lake: Lake, *, last_name: str, first_name: str, date_of_birth: date) -> pl.DataFrame:
    """The identities that may be the person asked for, with what speaks for each.

    Args:
        lake: open for reading or writing.
        last_name: as typed.
        first_name: as typed.
        date_of_birth: as typed.

    Returns:
        A frame of `CANDIDATE_SCHEMA`, one row per identity, most alike first. On the same day: everybody
        with the last name, a spelling or a beginning of it, or with the names exchanged. On another day:
        the same names, where day and month are exchanged or one digit differs, or spellings of both names
        where day and month are exchanged.

    Raises:
        StoreError: the lake cannot be read.
    """
    asked = pl.DataFrame({"last": [last_name], "first": [first_name]}).select(
        normalise(pl.col("last")), normalise(pl.col("first"))
    )
    last, first = asked.row(0)
    other = exchanged(date_of_birth)
    blocks = [birth_block(day, lake.secret) for day in (date_of_birth, other) if day is not None]
    if last and first:
        blocks.append(name_block(last, first, lake.secret))
    try:
        seen = lake.cursor().execute(_statement(blocks), _parameters(last, first)).pl()
    except duckdb.Error as error:
        raise world_error(error, lake.root, "search for a person") from None
    return _candidates(seen, last, first, date_of_birth, other)


def _statement(blocks: list[int]) -> str:
    return f"""
        SELECT person_key, identity, last, first, date_of_birth, gender, species, last_name, first_name,
            middle_name, name_suffix, animal_name, city, zip, recorded_at,
            jaro_winkler_similarity(last, $last) AS last_alike, jaro_winkler_similarity(first, $first) AS first_alike
        FROM sightings WHERE block_key IN {keys_literal(blocks)}
    """  # noqa: S608 - checked literals; what was typed is a parameter


def _parameters(last: str, first: str) -> dict[str, str]:
    return {"last": last, "first": first}


def _candidates(seen: pl.DataFrame, last: str, first: str, day: date, other: date | None) -> pl.DataFrame:
    """Sightings to candidates: one per identity, with the evidence, the implausible left out."""
    digits = pl.col("date_of_birth").dt.strftime("%Y%m%d")
    asked = f"{day:%Y%m%d}"
    differing = pl.sum_horizontal(
        [(digits.str.slice(place, 1) != asked[place]).cast(pl.UInt8) for place in range(len(asked))]
    )
    found = (
        seen.sort("recorded_at", descending=True)
        .unique(["person_key", "identity"], keep="first", maintain_order=True)
        .with_columns(
            last_equal=pl.col("last") == last,
            first_equal=pl.col("first") == first,
            last_prefix=_begins(pl.col("last"), last),
            first_prefix=_begins(pl.col("first"), first),
            names_swapped=(pl.col("last") == first) & (pl.col("first") == last) & (pl.col("last") != last),
            birth_equal=pl.col("date_of_birth") == day,
            birth_swapped=pl.lit(value=False) if other is None else pl.col("date_of_birth") == other,
            birth_digits=differing.cast(pl.UInt8),
        )
    )
    same_names = (pl.col("last_equal") & pl.col("first_equal")) | pl.col("names_swapped")
    alike = (pl.col("last_alike") >= ALIKE) | pl.col("last_prefix")
    both_alike = alike & ((pl.col("first_alike") >= ALIKE) | pl.col("first_prefix"))
    plausible = (
        (pl.col("birth_equal") & (alike | pl.col("names_swapped")))
        | (same_names & (pl.col("birth_swapped") | (pl.col("birth_digits") <= _SLIP)))
        | (both_alike & pl.col("birth_swapped"))
    )
    return (
        found.filter(plausible)
        .sort(["birth_equal", "last_alike", "first_alike", "person_key"], descending=[True, True, True, False])
        .select([pl.col(name).cast(dtype) for name, dtype in CANDIDATE_SCHEMA.items()])
    )


def _begins(name: pl.Expr, asked: str) -> pl.Expr:
    """True where one of the two begins with the other, by at least three letters."""
    shorter = pl.min_horizontal(name.str.len_chars(), pl.lit(len(asked)))
    agree = name.str.slice(0, shorter) == pl.lit(asked).str.slice(0, shorter)
    return agree & (shorter >= _PREFIX)
