"""The schedule of a product, in a state, on a day.

A drug's schedule is not a property of the drug: it depends on the law in force where and when it was
dispensed. Medical marijuana is C-II in Connecticut (L-13) and nothing federal; hydrocodone with
acetaminophen was C-III until 2014-10-06. The drug table holds the federal schedule of its edition;
data/schedule_rules.csv holds what differs by state or by day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl


RULES = Path(__file__).parent / "data" / "schedule_rules.csv"


def schedule(product: Mapping[str, object], state: str, day: date) -> str | None:
    """The schedule that applied to a product.

    Args:
        product: a row of the drug table; its ``ingredients`` and ``schedule`` are read.
        state: USPS code of the state whose law is asked, such as ``"CT"``.
        day: the day it was dispensed.

    Returns:
        "II", "III", "IV" or "V"; None where it was not scheduled. A state's own rule outranks the federal one
        of an earlier day, which outranks the table's edition. Rules are for products of one controlled
        ingredient; another in the product keeps the product's own schedule.
    """
    for jurisdiction in (state.upper(), "US"):
        for since, until, ruled in _rules().get((str(product["ingredients"]), jurisdiction), ()):
            if since <= day < until:
                return ruled
    federal = product["schedule"]
    return None if federal is None else str(federal)


@cache
def _rules() -> dict[tuple[str, str], tuple[tuple[date, date, str | None], ...]]:
    """(ingredient, jurisdiction) -> the periods of its rules: from, until (exclusive), schedule."""
    rules: dict[tuple[str, str], tuple[tuple[date, date, str | None], ...]] = {}
    for row in pl.read_csv(RULES, infer_schema=False).iter_rows(named=True):
        key = (row["ingredient"], row["jurisdiction"])
        since = date.fromisoformat(row["from"]) if row["from"] else date.min
        until = date.fromisoformat(row["until"]) if row["until"] else date.max
        rules[key] = (*rules.get(key, ()), (since, until, row["schedule"]))
    return rules
