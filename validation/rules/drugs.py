"""The drug and how much of it: known here, and an amount that can be meant.

A drug that the table does not know is taken with a warning, never refused and never thought unreportable:
the table has an edition, and the pharmacy has the package in its hand.
"""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule
from validation.rules.demands import STATUTE, WITHOUT_DAYS


def _drug(
    code: str,
    title: str,
    severity: Severity,
    frame: str,
    element: str,
    fails: pl.Expr,
    message: str,
    remedy: str,
    source: str,
    tier: Tier = Tier.STATE_GUIDE,
) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.RECORD,
        scope=Scope.RECORD,
        tier=tier,
        source=source,
        segment=frame,
        element=element,
        fails=fails,
        message=message,
        remedy=remedy,
    )


# DSP34 (5.0) to the schedule it names.
DESIGNATED = {"02": "II", "03": "III", "04": "IV", "05": "V"}

LONG_SUPPLY = 150  # days; the edit of the RxSentry system as remembered (asap.md 8)

UNKNOWN_PRODUCT = "Check the product code. If it is right there is nothing to do: the drug may be newer than the table."

RULES = (
    _drug(
        "R-DRUG-UNKNOWN",
        "The drug is in the drug table",
        Severity.WARNING,
        "ROW",
        "DSP08",
        pl.col("drug_known").eq(other=False),
        "The drug (DSP08) is not in the drug table, so reports will show its code instead of its name.",
        UNKNOWN_PRODUCT,
        "asap.md 8: unknown NDC, a warning of clearinghouses",
    ),
    _drug(
        "R-INGREDIENT-UNKNOWN",
        "An ingredient is in the drug table",
        Severity.WARNING,
        "CDI",
        "CDI03",
        pl.col("drug_known").eq(other=False),
        "An ingredient (CDI03) is not in the drug table, so reports will show its code instead of its name.",
        UNKNOWN_PRODUCT,
        "asap.md 8: unknown NDC, a warning of clearinghouses",
    ),
    _drug(
        "R-PRODUCT-NOT-NDC",
        "The product is named by an NDC",
        Severity.WARNING,
        "ROW",
        "DSP07",
        pl.col("product_qualifier").is_in(["02", "03", "04", "05"]),
        "The product is named by another code than an NDC, so it cannot be told here what it is.",
        "Send the NDC if the product has one; devices may have none.",
        f"{STATUTE}(E); asap.md 9.3: devices may come as UPC or HRI",
        Tier.LAW,
    ),
    _drug(
        "R-SCHEDULE-DISAGREES",
        "The schedule named in the record is the drug's",
        Severity.WARNING,
        "ROW",
        "DSP34",
        pl.when(pl.col("schedule_code").is_in(list(DESIGNATED)))
        .then(
            pl.col("schedule_code").replace_strict(DESIGNATED, default=None, return_dtype=pl.String)
            != pl.col("drug_schedule").fill_null("")
        )
        .otherwise((pl.col("schedule_code") == "99") & pl.col("drug_schedule").is_not_null())
        & pl.col("drug_known"),
        "The schedule in DSP34 is not the one that the drug table gives for this product.",
        "Check the product code (DSP08) and the schedule (DSP34); one of them may belong to another drug.",
        "ASAP 5.0 DSP34",
        Tier.STANDARD,
    ),
    _drug(
        "R-QUANTITY-ZERO",
        "Something was dispensed",
        Severity.ERROR,
        "ROW",
        "DSP09",
        ~(pl.col("quantity") > 0),
        "The quantity dispensed (DSP09) is zero.",
        "Send the quantity that left the pharmacy; if none did, leave the record out.",
        f"{STATUTE}(F)",
        Tier.LAW,
    ),
    _drug(
        "R-DAYS-ZERO",
        "The supply lasts at least one day",
        Severity.ERROR,
        "ROW",
        "DSP10",
        (pl.col("days_supply") < 1) & ~WITHOUT_DAYS.fill_null(value=False),
        "The days' supply (DSP10) is zero.",
        "Send the days that the supply lasts, at least 1, estimated if need be.",
        f"{STATUTE}(F)",
        Tier.LAW,
    ),
    _drug(
        "R-DAYS-LONG",
        f"The supply lasts no more than {LONG_SUPPLY} days",
        Severity.WARNING,
        "ROW",
        "DSP10",
        pl.col("days_supply") > LONG_SUPPLY,
        f"The days' supply (DSP10) is more than {LONG_SUPPLY}.",
        "Check that it is days, not the quantity.",
        "asap.md 8: an edit of the RxSentry system",
    ),
)
