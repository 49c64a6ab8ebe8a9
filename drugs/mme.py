"""Daily morphine milligram equivalents (MME) of one prescription, CDC 2022, or why there is none.

    MME/day       = strength per unit x (units dispensed / days supply) x factor
    patch MME/day = mcg/hr x (patches / days supply) x 7.2          (2.4, worn for three days)

NOT COMPUTABLE IS AN ANSWER. Days supply 0 or blank gives no number, never an infinite one and never 0;
a liquid counted "each" gives none, because 240 bottles are not 240 mL. Buprenorphine has no factor: it is
shown and counted, and never added (clinical.md 2). Injections, fentanyl that is not a patch, and opioids
outside the ten of the 2022 table have none under this edition. The factors are for dispensed
analgesics and not for doses that treat opioid use disorder.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


# A patch delivers its hourly rate for three days: 7.2 = 2.4 x 3 per patch (clinical.md 1.3).
PATCH_DAYS = 3
PATCH_FORM = "transdermal system"

# Forms counted in mL (DSP11 = 02); every other form that has a factor is counted in pieces (01).
LIQUID = r"(solution|syrup|concentrate|suspension|liquid|elixir|tincture)$"

OPIOID_CLASSES = ("opioid", "buprenorphine")


class NotComputable(StrEnum):
    """Why a prescription has no daily MME."""

    NOT_AN_OPIOID = "not an opioid"
    UNKNOWN_PRODUCT = "product not in the drug table"
    BUPRENORPHINE = "buprenorphine has no MME factor"
    NO_FACTOR = "no CDC 2022 factor for this opioid or form"
    NO_STRENGTH = "strength per unit not known"
    NO_QUANTITY = "quantity missing or not above zero"
    NO_DAYS = "days supply missing or not above zero"
    UNIT_MISMATCH = "quantity is not in the unit of the strength"


@dataclass(frozen=True)
class DailyMme:
    """A prescription's MME per day, or the reason why there is none; never both."""

    value: float | None
    reason: NotComputable | None


def daily_mme(
    *,
    drug_class: str | None,
    form: str | None,
    factor: float | None,
    strength: float | None,
    quantity: float | None,
    days_supply: int | None,
    dosage_units: str | None = None,
) -> DailyMme:
    """The MME per day of one prescription.

    Args:
        drug_class: the drug table's; None where the product is not in the table.
        form: the drug table's.
        factor: the drug table's mme_factor.
        strength: the drug table's mme_strength: mg per piece or per mL, mcg/hr for a patch.
        quantity: dispensed, in dosage_units.
        days_supply: in days.
        dosage_units: 01 each, 02 mL, 03 g; None where not sent, which is taken for the form's own unit.
    """
    columns = {
        "drug_class": drug_class,
        "form": form,
        "mme_factor": factor,
        "mme_strength": strength,
        "quantity": quantity,
        "days_supply": days_supply,
        "dosage_units": dosage_units,
    }
    value, reason = pl.DataFrame([columns], schema=_INPUT).select(mme_per_day(), mme_reason()).row(0)
    return DailyMme(value, NotComputable(reason) if reason else None)


_INPUT = pl.Schema(
    {
        "drug_class": pl.String,
        "form": pl.String,
        "mme_factor": pl.Float64,
        "mme_strength": pl.Float64,
        "quantity": pl.Float64,
        "days_supply": pl.Int32,
        "dosage_units": pl.String,
    }
)


def mme_per_day() -> pl.Expr:
    """The column ``mme_per_day`` of dispensations joined to the drug table; null where not computable.

    Reads drug_class, form, mme_factor, mme_strength (drug table) and quantity, days_supply,
    dosage_units (dispensation row).
    """
    days_worn = pl.when(pl.col("form") == PATCH_FORM).then(PATCH_DAYS).otherwise(1)
    value = pl.col("mme_strength") * pl.col("quantity") / pl.col("days_supply") * pl.col("mme_factor") * days_worn
    return pl.when(_reason().is_null()).then(value.round(6)).otherwise(None).alias("mme_per_day")


def mme_reason() -> pl.Expr:
    """The column ``mme_reason``: a `NotComputable` where ``mme_per_day`` is null, else null."""
    return _reason().alias("mme_reason")


def _reason() -> pl.Expr:
    in_millilitres = pl.col("form").str.contains(LIQUID)
    expected_units = pl.when(in_millilitres).then(pl.lit("02")).otherwise(pl.lit("01"))
    reasons = (
        (pl.col("drug_class").is_null(), NotComputable.UNKNOWN_PRODUCT),
        (~pl.col("drug_class").is_in(OPIOID_CLASSES), NotComputable.NOT_AN_OPIOID),
        (pl.col("drug_class") == "buprenorphine", NotComputable.BUPRENORPHINE),
        (pl.col("mme_factor").is_null(), NotComputable.NO_FACTOR),
        (pl.col("mme_strength").is_null(), NotComputable.NO_STRENGTH),
        (~(pl.col("quantity") > 0).fill_null(value=False), NotComputable.NO_QUANTITY),
        (~(pl.col("days_supply") > 0).fill_null(value=False), NotComputable.NO_DAYS),
        ((pl.col("dosage_units") != expected_units).fill_null(value=False), NotComputable.UNIT_MISMATCH),
    )
    return pl.coalesce(pl.when(applies).then(pl.lit(reason.value)) for applies, reason in reasons)
