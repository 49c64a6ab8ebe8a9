"""Who dispensed: a pharmacy can be told by at least one identifier that can be right.

Check digits catch typing errors, not lies: whether a well-formed identifier is somebody's is for the
register (`held`). The department issues pseudo-identifiers to cannabis dispensaries (asap.md 9.3); what it
issued, and what stands in the register, need no check digit (`dea_issued`).
"""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule
from validation.rules.demands import STATUTE


def _pharmacy(
    code: str,
    title: str,
    severity: Severity,
    element: str | None,
    fails: pl.Expr,
    message: str,
    remedy: str,
    source: str,
) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.RECORD,
        scope=Scope.PHARMACY,
        tier=Tier.LAW if source.startswith("CGS") else Tier.STANDARD,
        source=source,
        segment="PHA",
        element=element,
        fails=fails,
        message=message,
        remedy=remedy,
        needs=(element,) if element else (),
    )


DEA_RIGHT = pl.col("PHA03_right") | pl.col("dea_issued")
NPI_RIGHT = pl.col("PHA01_right") | pl.col("npi_issued")

RULES = (
    _pharmacy(
        "I-PHA-NONE",
        "A pharmacy has an identifier",
        Severity.ERROR,
        None,
        pl.all_horizontal(pl.col("dea", "ncpdp", "npi").is_null()),
        "The pharmacy has no identifier: NPI (PHA01), NCPDP id (PHA02) and DEA number (PHA03) are all empty.",
        "Fill in the DEA number (PHA03), or else the NCPDP id or NPI, and send the file again.",
        f"{STATUTE}(A)",
    ),
    _pharmacy(
        "I-PHA03-CHECK",
        "The pharmacy's DEA number has the right check digit",
        Severity.ERROR,
        "PHA03",
        pl.col("dea").is_not_null() & ~DEA_RIGHT,
        "The pharmacy's DEA number (PHA03) cannot be right: its form or check digit is wrong.",
        "Compare it with the DEA certificate and send the file again.",
        f"{STATUTE}(A)",
    ),
    _pharmacy(
        "I-PHA01-CHECK",
        "The pharmacy's NPI has the right check digit",
        Severity.WARNING,
        "PHA01",
        pl.col("npi").is_not_null() & ~NPI_RIGHT & pl.any_horizontal(pl.col("dea", "ncpdp").is_not_null()),
        "The pharmacy's NPI (PHA01) cannot be right: its form or check digit is wrong.",
        "Compare it with the NPI registry; until then the other identifier counts.",
        "ASAP PHA01",
    ),
    _pharmacy(
        "I-PHA01-ONLY",
        "An NPI that stands alone has the right check digit",
        Severity.ERROR,
        "PHA01",
        pl.col("npi").is_not_null() & ~NPI_RIGHT & pl.all_horizontal(pl.col("dea", "ncpdp").is_null()),
        "The pharmacy's only identifier, the NPI (PHA01), cannot be right: its form or check digit is wrong.",
        "Compare it with the NPI registry and send the file again.",
        f"{STATUTE}(A)",
    ),
    _pharmacy(
        "I-PHA02-FORM",
        "The pharmacy's NCPDP id has seven digits",
        Severity.WARNING,
        "PHA02",
        pl.col("ncpdp").is_not_null() & ~pl.col("PHA02").str.contains(r"^[0-9]{7}$"),
        "The pharmacy's NCPDP id (PHA02) does not have seven digits.",
        "Send the seven digits of the NCPDP provider id.",
        "ASAP PHA02",
    ),
)
