"""Elements that ask for each other: if one is given, so must be the other (asap.md section 2)."""

from __future__ import annotations

import polars as pl

from schemas.finding import Severity, Stage, Tier
from validation.rule import Rule
from validation.rules.elements import SCOPES, name_of


FIVE = ("5.0",)

# What asks, what is asked for, why, in which versions (empty: all).
PAIRS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("PAT02", "PAT03", ()),
    ("PAT05", "PAT06", ()),
    ("PAT01", "PAT02", FIVE),
    ("AIR02", "AIR01", ()),
    ("AIR03", "AIR04", FIVE),
    ("AIR20", "AIR21", FIVE),
)

# 5.0: whoever pays privately or through an insurer says whether a discount card was used.
CARDS: tuple[tuple[str, str], ...] = (("DSP16", "DSP31"), ("DSP32", "DSP33"))


def _pair(asking: str, asked: str, applies: pl.Expr, why: str, versions: tuple[str, ...]) -> Rule:
    segment = asked[:-2]
    return Rule(
        code=f"E-{asked}-WITH-{asking}",
        title=f"{name_of(asked)} is given where {asking} asks for it",
        severity=Severity.WARNING,
        stage=Stage.ELEMENT,
        scope=SCOPES[segment],
        tier=Tier.STANDARD,
        source=f"ASAP {asked}",
        segment=segment,
        element=asked,
        fails=applies & pl.col(asked).is_null(),
        message=f"{name_of(asked)} is missing, although {why}.",
        remedy="Send both or neither." if why.endswith("is given") else "Fill it in from the next file on.",
        versions=versions,
        needs=(asking,),
    )


RULES = tuple(
    _pair(asking, asked, pl.col(asking).is_not_null(), f"{name_of(asking)} is given", versions)
    for asking, asked, versions in PAIRS
) + tuple(
    _pair(asking, asked, pl.col(asking).is_in(["01", "04"]), f"{name_of(asking)} is 01 or 04", FIVE)
    for asking, asked in CARDS
)
