"""From evidence to an answer: which identities to show, why, and how well the search was answered.

The store finds whom the name and the date of birth may mean, with facts about each (store/search.py);
what those facts are worth is decided here, by a table. Nothing is merged: the person who asked sees
every identity that fits, and chooses those that are the patient.

When somebody fits exactly, identities that differ in the first name are left out: on that day, with
that last name, they are more likely a twin than a nickname. When nobody fits, they are shown last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from schemas.report import Grade, Match
from store.search import ALIKE


_last_close = (pl.col("last_alike") >= ALIKE) | pl.col("last_prefix")
_first_close = (pl.col("first_alike") >= ALIKE) | pl.col("first_prefix")
_both_close = _last_close & _first_close
_names_equal = pl.col("last_equal") & pl.col("first_equal")

# What each match asks for; the first that holds is the reason shown, and its place is its rank.
MATCHES: Final[Sequence[tuple[Match, pl.Expr]]] = (
    (Match.SAME, _names_equal & pl.col("birth_equal")),
    (Match.SPELLING, _both_close & pl.col("birth_equal")),
    (Match.NAMES_EXCHANGED, pl.col("names_swapped") & pl.col("birth_equal")),
    (Match.BIRTH_DATE, _names_equal),
    (Match.SPELLING_AND_BIRTH_DATE, _both_close & pl.col("birth_swapped")),
    (Match.NAMES_EXCHANGED, pl.col("names_swapped")),
    (Match.FIRST_NAME, pl.col("last_equal") & pl.col("birth_equal")),
)


def ranked(found: pl.DataFrame) -> pl.DataFrame:
    """The candidates worth showing, best first, with ``match`` (String).

    Args:
        found: of `store.search.CANDIDATE_SCHEMA`.
    """
    rank = pl.coalesce(pl.when(holds).then(place) for place, (_match, holds) in enumerate(MATCHES))
    worth = (
        found.with_columns(rank=rank)
        .filter(pl.col("rank").is_not_null())
        .with_columns(match=pl.col("rank").replace_strict(dict(enumerate(match.value for match, _ in MATCHES))))
        .sort(
            ["rank", "last_alike", "first_alike", "person_key", "identity"],
            descending=[False, True, True, False, False],
        )
        .drop("rank")
    )
    if (worth["match"] == Match.SAME.value).any():
        worth = worth.filter(pl.col("match") != Match.FIRST_NAME.value)
    return worth


def grade(matches: Sequence[Match]) -> Grade:
    """How well a search was answered by people with these matches.

    >>> grade([Match.SAME, Match.SPELLING])
    <Grade.EXACT: 'exact'>
    >>> grade([Match.SAME, Match.SAME])
    <Grade.SEVERAL: 'several'>
    """
    same = sum(match is Match.SAME for match in matches)
    if same:
        return Grade.EXACT if same == 1 else Grade.SEVERAL
    return Grade.POSSIBLE if matches else Grade.NONE
