"""The same dispensation twice in one file.

Two records with the same key (`schemas.dispensation.record_key`) are the same dispensation. If they agree
in drug, quantity and patient, the later one is a duplicate: counted, not stored again, no fault. If they do
not, one of them is wrong, and nobody here can tell which: the first is kept and the later one goes back.
"""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule


def _repeat(code: str, title: str, severity: Severity, fails: pl.Expr, message: str, remedy: str) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.STORE,
        scope=Scope.RECORD,
        tier=Tier.STATE_GUIDE,
        source="asap.md 5: duplicates; candidate identity",
        segment="REPEAT",
        element="DSP02",
        fails=fails,
        message=message,
        remedy=remedy,
    )


DUPLICATE = _repeat(
    "R-DUPLICATE",
    "A dispensation stands once in a file",
    Severity.INFO,
    pl.col("repeats") & pl.col("agrees"),
    "The same dispensation stands already earlier in this file; it is counted once.",
    "Nothing to do.",
)

CONTRADICTION = _repeat(
    "R-CONTRADICTION",
    "Two records of one dispensation say the same",
    Severity.ERROR,
    pl.col("repeats") & ~pl.col("agrees"),
    "An earlier record of this file has the same prescription number, fill date, fill number and partial fill, "
    "but another drug, quantity or patient.",
    "Correct what tells them apart (DSP02, DSP05, DSP06 or DSP13) and send the record again.",
)

RULES = (DUPLICATE, CONTRADICTION)
