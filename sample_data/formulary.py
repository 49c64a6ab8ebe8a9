"""What is prescribed to whom: the drugs of each pattern, with the usual quantity and days."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


FORMULARY = Path(__file__).parent / "data" / "formulary.csv"


@dataclass(frozen=True)
class Drug:
    """A product as usually dispensed.

    Attributes:
        ndc: canonical, of the shipped drug table.
        quantity: in units.
        days: days supply.
        units: DSP11.
        refills: usually authorised.
    """

    ndc: str
    quantity: int
    days: int
    units: str
    refills: int


@cache
def drugs_for(pattern: str) -> tuple[Drug, ...]:
    """The drugs of a pattern such as ``"chronic_opioid"``."""
    with FORMULARY.open(encoding="utf-8") as lines:
        return tuple(
            Drug(row["ndc"], int(row["quantity"]), int(row["days"]), row["units"], int(row["refills"]))
            for row in csv.DictReader(lines)
            if row["pattern"] == pattern
        )
