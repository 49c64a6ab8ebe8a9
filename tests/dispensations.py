"""Stored dispensations drawn by hand, and a drug table of four products. Nobody in here exists."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from drugs.table import DRUG_SCHEMA
from lookup.drug_facts import DrugTable
from schemas.dispensation import EVENT_SCHEMA


# The names of the columns are those of the dispensation row.
FILL: dict[str, Any] = {
    "submission_id": "s-1",
    "recorded_at": datetime(2024, 3, 5, 12, tzinfo=UTC),
    "record_key": "FX1234563|100001|20240304|0|0",
    "person_key": 7,
    "transaction": 1,
    "record": 1,
    "position": 5,
    "version": "4.2B",
    "pharmacy_dea": "FX1234563",
    "pharmacy_name": "ELM STREET PHARMACY",
    "last_name": "SAMPLE",
    "first_name": "ADA",
    "address_1": "12 ELM STREET",
    "city": "HARTFORD",
    "state": "CT",
    "zip": "06101",
    "date_of_birth": date(1980, 2, 29),
    "gender": "F",
    "species": "01",
    "reporting_status": "00",
    "rx_number": "100001",
    "written_on": date(2024, 3, 1),
    "refills_authorized": 0,
    "filled_on": date(2024, 3, 4),
    "fill_number": 0,
    "product_qualifier": "01",
    "product_id": "11111111111",
    "ndc": "11111111111",
    "quantity": 120.0,
    "days_supply": 30,
    "dosage_units": "01",
    "partial_fill": 0,
    "payment_code": "01",
    "prescriber_npi": "1234567893",
    "prescriber_dea": "AP5836727",
    "prescriber_last_name": "WELBY",
    "prescriber_first_name": "MAREN",
}

PRODUCTS = [
    # ndc, name, ingredients, strength, form, schedule, drug_class, agonist, factor, strength per unit
    ("11111111111", "Hydrocodone", "hydrocodone", "5 mg", "tablet", "II", "opioid", False, 1.0, 5.0),
    ("22222222222", "Lorazepam", "lorazepam", "1 mg", "tablet", "IV", "benzodiazepine", False, None, None),
    ("33333333333", "Buprenorphine", "buprenorphine", "8 mg", "tablet", "III", "buprenorphine", True, None, None),
    ("44444444444", "Naloxone", "naloxone", "4 mg", "nasal spray", None, "naloxone", False, None, None),
]


def fill(**changes: Any) -> dict[str, Any]:
    """One event: the specimen above with these columns changed; every other column is null."""
    return {**dict.fromkeys(EVENT_SCHEMA), **FILL, **changes}


def history(*fills: dict[str, Any]) -> pl.DataFrame:
    """Events with these changes, one each."""
    return pl.DataFrame([fill(**changes) for changes in fills], schema=EVENT_SCHEMA)


def drug_table() -> DrugTable:
    """The four products."""
    return DrugTable(pl.DataFrame(PRODUCTS, schema=DRUG_SCHEMA, orient="row"))
