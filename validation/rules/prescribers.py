"""Who prescribed: told by a DEA number where the drug is controlled, else by an NPI or a licence.

asap.md 2, PRE02: the DEA number is asked for where the drug is DEA-controlled; a prescriber of gabapentin,
naloxone or insulin may have none and is told by PRE01. A veterinarian may be told by PRE04. The statute
asks for the prescriber's DEA number of every controlled drug.
"""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule
from validation.rules.demands import STATUTE


def _prescriber(
    code: str,
    title: str,
    severity: Severity,
    element: str | None,
    fails: pl.Expr,
    message: str,
    remedy: str,
    source: str,
    segment: str = "PRE",
) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.RECORD,
        scope=Scope.RECORD,
        tier=Tier.LAW if source.startswith("CGS") else Tier.STANDARD,
        source=source,
        segment=segment,
        element=element,
        fails=fails,
        message=message,
        remedy=remedy,
        needs=(element,) if element and code.endswith(("CHECK", "ONLY")) else (),
    )


CONTROLLED = pl.col("drug_schedule").is_not_null()
KNOWN_UNCONTROLLED = pl.col("drug_known").fill_null(value=False) & ~CONTROLLED
NO_OTHER = pl.all_horizontal(pl.col("PRE01", "PRE04").is_null())
# The DEA number is not asked for where the drug is not controlled: there another identifier is enough, whatever
# stands in PRE02 (fillers such as nine zeros).
DEA_NOT_ASKED = KNOWN_UNCONTROLLED & (pl.col("PRE01_right") | pl.col("PRE04").is_not_null()).fill_null(value=False)

RULES = (
    _prescriber(
        "E-PRE02-REQUIRED",
        "The prescriber of a controlled drug has a DEA number",
        Severity.ERROR,
        "PRE02",
        pl.col("PRE02").is_null() & CONTROLLED,
        "The prescriber's DEA number (PRE02) is missing, and the drug is a controlled substance.",
        "Fill it in and send the record again.",
        f"{STATUTE}(J)",
    ),
    _prescriber(
        "I-PRE-NONE",
        "A prescriber has an identifier",
        Severity.ERROR,
        None,
        pl.col("PRE02").is_null() & NO_OTHER & ~CONTROLLED & ~KNOWN_UNCONTROLLED,
        "The prescriber has no identifier: NPI (PRE01), DEA number (PRE02) and licence (PRE04) are all empty.",
        "Fill in the DEA number, or the NPI where the drug is not controlled, and send the record again.",
        f"{STATUTE}(J)",
    ),
    _prescriber(
        "I-PRE-NONE-UNCONTROLLED",
        "The prescriber of a drug that is not controlled has an identifier",
        Severity.WARNING,
        None,
        pl.col("PRE02").is_null() & NO_OTHER & KNOWN_UNCONTROLLED,
        "The prescriber has no identifier: NPI (PRE01), DEA number (PRE02) and licence (PRE04) are all empty.",
        "Fill in the NPI from the next file on.",
        "ASAP 4.2B PRE01",
    ),
    _prescriber(
        "I-PRE02-EXPECTED",
        "The prescriber of a drug that is not known here has a DEA number",
        Severity.WARNING,
        "PRE02",
        pl.col("PRE02").is_null() & ~NO_OTHER & ~CONTROLLED & ~KNOWN_UNCONTROLLED,
        "The prescriber's DEA number (PRE02) is missing; whether the drug is controlled is not known here.",
        "If the drug is a controlled substance, fill in the DEA number from the next file on.",
        "ASAP 4.2B PRE02",
    ),
    _prescriber(
        "I-PRE02-CHECK",
        "The prescriber's DEA number has the right check digit",
        Severity.ERROR,
        "PRE02",
        ~pl.col("PRE02_right") & ~DEA_NOT_ASKED,
        "The prescriber's DEA number (PRE02) cannot be right: its form or check digit is wrong.",
        "Compare it with the prescription and send the record again.",
        f"{STATUTE}(J)",
    ),
    _prescriber(
        "I-PRE02-BESIDE-CHECK",
        "A DEA number that is not asked for has the right check digit",
        Severity.WARNING,
        "PRE02",
        ~pl.col("PRE02_right") & DEA_NOT_ASKED,
        "The prescriber's DEA number (PRE02) cannot be right; the drug is not controlled, so NPI or licence count.",
        "Compare it with the prescription, or leave PRE02 empty where the prescriber has no DEA number.",
        "ASAP 4.2B PRE02",
    ),
    _prescriber(
        "I-PRE01-CHECK",
        "The prescriber's NPI has the right check digit",
        Severity.WARNING,
        "PRE01",
        ~pl.col("PRE01_right") & pl.any_horizontal(pl.col("PRE02", "PRE04").is_not_null()),
        "The prescriber's NPI (PRE01) cannot be right: its form or check digit is wrong.",
        "Compare it with the NPI registry; until then the other identifier counts.",
        "ASAP PRE01",
    ),
    _prescriber(
        "I-PRE01-ONLY",
        "An NPI that stands alone has the right check digit",
        Severity.ERROR,
        "PRE01",
        ~pl.col("PRE01_right") & pl.all_horizontal(pl.col("PRE02", "PRE04").is_null()),
        "The prescriber's only identifier, the NPI (PRE01), cannot be right: its form or check digit is wrong.",
        "Compare it with the NPI registry and send the record again.",
        "ASAP PRE01",
    ),
    _prescriber(
        "I-DSP14-CHECK",
        "The pharmacist's NPI has the right check digit",
        Severity.WARNING,
        "DSP14",
        ~pl.col("DSP14_right"),
        "The pharmacist's NPI (DSP14) cannot be right: its form or check digit is wrong.",
        "Compare it with the NPI registry.",
        "ASAP DSP14",
        segment="DSP",
    ),
)
