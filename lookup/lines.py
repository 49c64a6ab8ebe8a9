"""A stored dispensation -> a line of the report, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from drugs.mme import mme_per_day, mme_reason
from lookup.active import active_until, is_active
from lookup.drug_facts import COMPOUND_CODE, DrugTable, drug_of, visible, words
from schemas.report import Dispensation, Pharmacy, Prescriber, Provenance


PRIVATE_PAY: Final = "01"
COMPOUND_DOSE: Final = "a compound's dose per unit is not reported"
# Two decimals of an MME are more than anybody needs, and enough to add up.
MME_DECIMALS: Final = 2


def with_doses(history: pl.DataFrame, table: DrugTable) -> pl.DataFrame:
    """The history with ``mme_per_day`` and ``mme_reason``, computed for all rows at once."""
    facts = table.products.select("ndc", "drug_class", "form", "mme_factor", "mme_strength")
    return (
        history.join(facts, on="ndc", how="left", maintain_order="left")
        .with_columns(mme_per_day(), mme_reason())
        .drop("drug_class", "form", "mme_factor", "mme_strength")
    )


def visible_fills(history: pl.DataFrame, table: DrugTable, hidden: frozenset[str]) -> Iterator[Mapping[str, Any]]:
    """The rows, newest fill first, without what this role may not see."""
    newest_first = history.sort("filled_on", "recorded_at", "submission_id", "record", descending=True, nulls_last=True)
    for fill in newest_first.iter_rows(named=True):
        shown = visible(fill, table, hidden)
        if shown is not None:
            yield shown


def line(fill: Mapping[str, Any], identity: int, table: DrugTable, state_code: str, today: date) -> Dispensation:
    """One line.

    Args:
        fill: columns of `EVENT_SCHEMA` and those of `with_doses`.
        identity: number of the identity it stands under.
        table: the drug table.
        state_code: the state whose schedules apply.
        today: the day on which it is active or not.
    """
    dates = (fill["filled_on"], fill["sold_on"], fill["days_supply"])
    mme, note = _dose(fill)
    return Dispensation(
        identity=identity,
        filled_on=fill["filled_on"],
        written_on=fill["written_on"],
        sold_on=fill["sold_on"],
        drug=drug_of(fill, table, state_code),
        quantity=fill["quantity"],
        units=words("DSP11", fill["version"], fill["dosage_units"]),
        quantity_prescribed=fill["quantity_prescribed"],
        days_supply=fill["days_supply"],
        rx_number=fill["rx_number"],
        fill_number=fill["fill_number"],
        refills_authorized=fill["refills_authorized"],
        partial_fill=fill["partial_fill"],
        prescriber=Prescriber(
            name=_full_name(fill["prescriber_last_name"], fill["prescriber_first_name"]),
            dea=fill["prescriber_dea"],
            dea_suffix=fill["prescriber_dea_suffix"],
            npi=fill["prescriber_npi"],
            phone=fill["prescriber_phone"],
        ),
        pharmacy=Pharmacy(
            name=fill["pharmacy_name"],
            dea=fill["pharmacy_dea"],
            ncpdp=fill["pharmacy_ncpdp"],
            npi=fill["pharmacy_npi"],
            city=fill["pharmacy_city"],
            state=fill["pharmacy_state"],
            phone=fill["pharmacy_phone"],
        ),
        payment=words("DSP16", fill["version"], fill["payment_code"]),
        private_pay=fill["payment_code"] == PRIVATE_PAY,
        active=is_active(*dates, today),
        active_until=active_until(*dates),
        mme_per_day=mme,
        mme_note=note,
        source=Provenance(
            submission_id=fill["submission_id"],
            record=fill["record"],
            version=fill["version"],
            recorded_at=fill["recorded_at"],
        ),
    )


def _dose(fill: Mapping[str, Any]) -> tuple[float | None, str | None]:
    if fill["product_qualifier"] == COMPOUND_CODE:
        return None, COMPOUND_DOSE
    value = fill["mme_per_day"]
    return (None if value is None else round(value, MME_DECIMALS)), fill["mme_reason"]


def _full_name(last: str | None, first: str | None) -> str | None:
    return ", ".join(part for part in (last, first) if part) or None
