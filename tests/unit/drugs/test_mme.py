"""Every check value of clinical.md 1.4 and 1.5, over the shipped table, and every reason for no answer."""

from __future__ import annotations

import polars as pl
import pytest

import drugs
from drugs.mme import LIQUID, NotComputable, mme_per_day, mme_reason


def product(ingredient: str, strength: float, form: str, name: str | None = None) -> dict[str, object]:
    """A product of the shipped table, found by what it is and not by its NDC."""
    found = drugs.load().filter(
        (pl.col("ingredients") == ingredient)
        & (pl.col("mme_strength") == strength)
        & (pl.col("form") == form)
        & (pl.col("name") == name if name else pl.lit(value=True))
    )
    assert not found.is_empty(), (ingredient, strength, form)
    return found.row(0, named=True)


def daily(row: dict[str, object], quantity: float | None, days: int | None, units: str | None = None) -> drugs.DailyMme:
    return drugs.daily_mme(
        drug_class=row["drug_class"],
        form=row["form"],
        factor=row["mme_factor"],
        strength=row["mme_strength"],
        quantity=quantity,
        days_supply=days,
        dosage_units=units,
    )


@pytest.mark.parametrize(
    ("ingredient", "strength", "form", "quantity", "days", "expected"),
    [
        # clinical.md 1.4, in its order
        ("hydrocodone", 5, "tablet", 120, 30, 20),
        ("oxycodone", 10, "extended-release tablet", 60, 30, 30),
        ("fentanyl", 25, "transdermal system", 10, 30, 60),
        ("methadone", 10, "tablet", 90, 30, 141),
        ("tramadol", 50, "tablet", 120, 30, 40),
        ("hydromorphone", 4, "tablet", 60, 15, 80),
        ("codeine", 30, "tablet", 120, 30, 18),
        ("tapentadol", 100, "tablet", 60, 30, 80),
        ("oxymorphone", 10, "tablet", 60, 30, 60),
        ("morphine", 30, "tablet", 60, 30, 60),
        # clinical.md 1.5, the two prescriptions of the worked example
        ("oxycodone", 30, "extended-release tablet", 60, 30, 90),
        ("oxycodone", 5, "tablet", 14, 7, 15),
    ],
)
def test_check_values(ingredient: str, strength: float, form: str, quantity: float, days: int, expected: float) -> None:
    assert daily(product(ingredient, strength, form), quantity, days, "01") == (drugs.DailyMme(expected, None))


def test_worked_example_totals_2805() -> None:
    long_acting = daily(product("oxycodone", 30, "extended-release tablet"), 60, 30).value
    short_acting = daily(product("oxycodone", 5, "tablet"), 14, 7).value
    assert long_acting is not None
    assert short_acting is not None
    assert long_acting * 30 + short_acting * 7 == 2805
    assert long_acting + short_acting == 105
    assert (long_acting + short_acting) / 2 == 52.5


def test_a_liquid_is_milligrams_per_millilitre() -> None:
    concentrate = product("methadone", 10, "oral concentrate")
    assert daily(concentrate, 240, 30, "02").value == pytest.approx(10 * 8 * 4.7)
    assert daily(concentrate, 240, 30).value == pytest.approx(10 * 8 * 4.7)


@pytest.mark.parametrize("units", ["01", "03"])
def test_a_liquid_counted_in_bottles_or_grams_is_not_computable(units: str) -> None:
    assert daily(product("methadone", 10, "oral concentrate"), 240, 30, units).reason is NotComputable.UNIT_MISMATCH


def test_tablets_counted_in_millilitres_are_not_computable() -> None:
    assert daily(product("morphine", 30, "tablet"), 60, 30, "02").reason is NotComputable.UNIT_MISMATCH


@pytest.mark.parametrize("days", [0, None, -1])
def test_no_days_supply_is_not_computable_never_zero(days: int | None) -> None:
    assert daily(product("morphine", 30, "tablet"), 60, days) == drugs.DailyMme(None, NotComputable.NO_DAYS)


@pytest.mark.parametrize("quantity", [0.0, None, -5.0])
def test_no_quantity_is_not_computable_never_zero(quantity: float | None) -> None:
    assert daily(product("morphine", 30, "tablet"), quantity, 30) == drugs.DailyMme(None, NotComputable.NO_QUANTITY)


def test_buprenorphine_has_none_in_any_form() -> None:
    table = drugs.load().filter(pl.col("drug_class") == "buprenorphine")
    assert table["form"].n_unique() > 4
    assert table["mme_factor"].null_count() == table.height
    ruled = table.with_columns(quantity=pl.lit(30.0), days_supply=pl.lit(30), dosage_units=pl.lit("01"))
    assert set(ruled.select(mme_reason()).to_series()) == {NotComputable.BUPRENORPHINE}


@pytest.mark.parametrize(
    ("drug_class", "factor", "strength", "reason"),
    [
        (None, None, None, NotComputable.UNKNOWN_PRODUCT),
        ("benzodiazepine", None, None, NotComputable.NOT_AN_OPIOID),
        ("opioid", None, None, NotComputable.NO_FACTOR),
        ("opioid", 1.5, None, NotComputable.NO_STRENGTH),
    ],
)
def test_reasons(drug_class: str | None, factor: float | None, strength: float | None, reason: NotComputable) -> None:
    answer = drugs.daily_mme(
        drug_class=drug_class, form="tablet", factor=factor, strength=strength, quantity=30, days_supply=30
    )
    assert answer == drugs.DailyMme(None, reason)


def test_expression_gives_a_value_or_a_reason_for_every_product() -> None:
    fills = drugs.load().with_columns(
        quantity=pl.lit(60.0),
        days_supply=pl.lit(30),
        dosage_units=pl.when(pl.col("form").str.contains(LIQUID)).then(pl.lit("02")).otherwise(pl.lit("01")),
    )
    ruled = fills.with_columns(mme_per_day(), mme_reason())
    assert ruled.filter(pl.col("mme_per_day").is_null() == pl.col("mme_reason").is_null()).is_empty()
    # Two a day: the strongest are the 100 mcg/hr patch (100 x 2 x 7.2) and morphine 200 mg (200 x 2).
    patches = pl.col("form") == "transdermal system"
    assert ruled.filter(patches)["mme_per_day"].max() == 1440
    assert ruled.filter(~patches)["mme_per_day"].max() == 400


def test_injections_and_other_fentanyl_have_no_factor() -> None:
    table = drugs.load().filter(pl.col("drug_class") == "opioid")
    outside = table.filter(
        (pl.col("form") == "injection")
        | ((pl.col("ingredients") == "fentanyl") & (pl.col("form") != "transdermal system"))
    )
    assert outside.height > 50
    assert outside["mme_factor"].null_count() == outside.height
