"""What waits: for an administrator who knows the pharmacy, or for the part that carries out corrections.

Held is neither taken nor turned away. A pharmacy that the register does not know, or that this sender may
not report for, waits for an administrator; nothing of it is stored, and nothing is lost, because the bytes
are kept. Where nobody asks (an offline check with an empty register) no pharmacy is held.
"""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule


def _held(
    code: str,
    title: str,
    severity: Severity,
    scope: Scope,
    frame: str,
    element: str | None,
    fails: pl.Expr,
    message: str,
    remedy: str,
    tier: Tier,
    source: str,
) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.STORE,
        scope=scope,
        tier=tier,
        source=source,
        segment=frame,
        element=element,
        fails=fails,
        message=message,
        remedy=remedy,
    )


LATER = "Nothing to do: it is kept, and will be carried out when corrections are."

RULES = (
    _held(
        "H-PHARMACY-UNKNOWN",
        "The pharmacy is in the register",
        Severity.WARNING,
        Scope.PHARMACY,
        "PHA",
        None,
        pl.col("asked") & pl.col("identified") & pl.col("dispenser_id").is_null() & ~pl.col("conflict"),
        "No pharmacy of the register has these identifiers; its records wait for an administrator.",
        "Check PHA01 to PHA03. If they are right, ask the program to register the pharmacy; do not send again.",
        Tier.STATE_GUIDE,
        "P-017; asap.md 11: files from unregistered pharmacies",
    ),
    _held(
        "H-PHARMACY-CONFLICT",
        "The pharmacy's identifiers belong to one pharmacy",
        Severity.WARNING,
        Scope.PHARMACY,
        "PHA",
        None,
        pl.col("asked") & pl.col("conflict"),
        "The identifiers do not belong to one pharmacy of the register; the records wait for an administrator.",
        "Check PHA01 to PHA03, and tell the program which pharmacy it is; do not send again.",
        Tier.STATE_GUIDE,
        "P-017; asap.md 11: files from unregistered pharmacies",
    ),
    _held(
        "H-PHARMACY-NOT-PERMITTED",
        "The sender may report for the pharmacy",
        Severity.WARNING,
        Scope.PHARMACY,
        "PHA",
        None,
        pl.col("dispenser_id").is_not_null() & ~pl.col("permitted") & ~pl.col("conflict"),
        "This account may not report for the pharmacy; its records wait for an administrator.",
        "Ask the program to let this account report for the pharmacy; do not send again.",
        Tier.STATE_GUIDE,
        "asap.md 6.1: accounts and what they may submit",
    ),
    _held(
        "H-REVISION",
        "A revision waits until corrections are carried out",
        Severity.INFO,
        Scope.RECORD,
        "ROW",
        "DSP01",
        pl.col("reporting_status") == "01",
        "This record revises an earlier one (DSP01 is 01); it is kept, not yet carried out.",
        LATER,
        Tier.STANDARD,
        "asap.md 5: revise",
    ),
    _held(
        "H-VOID",
        "A void waits until corrections are carried out",
        Severity.INFO,
        Scope.RECORD,
        "ROW",
        "DSP01",
        pl.col("reporting_status") == "02",
        "This record voids an earlier one (DSP01 is 02); it is kept, not yet carried out.",
        LATER,
        Tier.STANDARD,
        "asap.md 5: void",
    ),
    _held(
        "H-VOID-FILE",
        "The void of a whole file waits until corrections are carried out",
        Severity.INFO,
        Scope.TRANSACTION,
        "TRANSACTION",
        "TH03",
        pl.col("transaction_type") == "04",
        "This transaction voids an earlier file (TH03 is 04); it is kept, not yet carried out.",
        LATER,
        Tier.STANDARD,
        "asap.md 1.6: TH03 04",
    ),
)

# The holds that wait for an administrator, who alone can say whose records these are.
FOR_ADMINISTRATOR = ("H-PHARMACY-UNKNOWN", "H-PHARMACY-CONFLICT", "H-PHARMACY-NOT-PERMITTED")
FOR_CORRECTIONS = ("H-REVISION", "H-VOID", "H-VOID-FILE")
