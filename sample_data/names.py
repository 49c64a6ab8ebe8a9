"""Invented names, and the Connecticut towns they live in."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random


DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Town:
    """A town with one of its ZIP codes and its area code."""

    name: str
    zip: str
    area_code: str


@cache
def towns() -> tuple[Town, ...]:
    """Connecticut towns; a town with several ZIP codes stands once for each."""
    with (DATA / "towns.csv").open(encoding="utf-8") as lines:
        return tuple(Town(row["town"], row["zip"], row["area_code"]) for row in csv.DictReader(lines))


@cache
def names(kind: str) -> tuple[str, ...]:
    """All names of a kind: first_f, first_m, last, street, pet."""
    with (DATA / "names.csv").open(encoding="utf-8") as lines:
        return tuple(row["name"] for row in csv.DictReader(lines) if row["kind"] == kind)


def full_name(random: Random, gender: str) -> tuple[str, str]:
    """A first and a last name; one in twenty-five last names is double."""
    last, other = random.sample(names("last"), 2)
    if random.random() < 0.04 and "-" not in last + other:  # noqa: PLR2004  one in twenty-five
        last = f"{last}-{other}"
    return random.choice(names("first_f" if gender == "F" else "first_m")), last


def street_address(random: Random) -> str:
    """A house number and a street."""
    kind = random.choice(("St", "Ave", "Rd", "Ln", "Dr", "Ct"))
    return f"{random.randint(1, 480)} {random.choice(names('street'))} {kind}"
