"""Zero reports: the days they cover must be days that can be told and are over."""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule


def _zero(code: str, title: str, severity: Severity, fails: pl.Expr, message: str, remedy: str) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.RECORD,
        scope=Scope.PATIENT,
        tier=Tier.STATE_GUIDE,
        source="asap.md 4: zero reports",
        segment="ZERO",
        element=None,
        fails=fails,
        message=message,
        remedy=remedy,
    )


RANGE = "Send IS03 as #CCYYMMDD#-#CCYYMMDD#, first day and last day, and send the zero report again."

# asap.md 4: states differ in how long a zero report may reach; the standard's own example spans a week.
LONG_RANGE = 31

RULES = (
    _zero(
        "Z-COVERS-UNREADABLE",
        "A zero report says which days it covers",
        Severity.ERROR,
        pl.any_horizontal(pl.col("covers_from", "covers_to").is_null()),
        "The zero report does not say which days it covers: neither IS03 nor DSP05 reads as a date.",
        RANGE,
    ),
    _zero(
        "Z-COVERS-REVERSED",
        "The days of a zero report run forward",
        Severity.ERROR,
        pl.col("covers_from") > pl.col("covers_to"),
        "The zero report ends before it begins.",
        RANGE,
    ),
    _zero(
        "Z-COVERS-FUTURE",
        "A zero report covers no day to come",
        Severity.ERROR,
        pl.col("covers_to") > pl.col("received_on"),
        "The zero report covers days after the day on which it came.",
        "Send it once the days are over.",
    ),
    _zero(
        "Z-COVERS-LONG",
        f"A zero report covers at most {LONG_RANGE} days",
        Severity.WARNING,
        (pl.col("covers_to") - pl.col("covers_from")).dt.total_days() >= LONG_RANGE,
        f"The zero report covers more than {LONG_RANGE} days.",
        "Check both days of the range.",
    ),
)
