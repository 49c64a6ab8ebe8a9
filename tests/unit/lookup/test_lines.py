from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest

from lookup.drug_facts import DrugTable
from lookup.lines import line, visible_fills, with_doses
from lookup.summary import count_prescribers, summarise
from schemas.report import Dispensation, Prescriber


TODAY = date(2024, 3, 6)
NOTHING: frozenset[str] = frozenset()
NALOXONE = frozenset({"naloxone"})

History = Callable[..., pl.DataFrame]


def lines(history: pl.DataFrame, table: DrugTable, hidden: frozenset[str] = NOTHING) -> list[Dispensation]:
    return [line(fill, 1, table, "CT", TODAY) for fill in visible_fills(with_doses(history, table), table, hidden)]


def part(product_id: str | None, quantity: float = 10.0) -> dict[str, Any]:
    return {
        "sequence": "1",
        "product_qualifier": "01",
        "product_id": product_id,
        "quantity": quantity,
        "dosage_units": "01",
    }


def compound(*products: str | None) -> dict[str, Any]:
    parts = [part(product) for product in products]
    return {"product_qualifier": "06", "product_id": "99999123456", "ndc": None, "ingredients": parts}


def test_a_known_product_is_named_by_our_table(make_history: History, table: DrugTable) -> None:
    (only,) = lines(make_history({}), table)
    assert (only.drug.known, only.drug.name, only.drug.strength, only.drug.form) == (
        True,
        "Hydrocodone",
        "5 mg",
        "tablet",
    )
    assert (only.drug.schedule, only.drug.drug_class, only.drug.product_kind) == ("II", "opioid", "NDC")
    assert (only.quantity, only.units, only.days_supply) == (120.0, "each", 30)
    assert (only.mme_per_day, only.mme_note) == (20.0, None)  # the CDC's own example (clinical.md 1.4)
    assert only.payment == "private pay: cash, charge or card"
    assert only.prescriber.name == "WELBY, MAREN"
    assert (only.source.submission_id, only.source.record, only.source.version) == ("s-1", 1, "4.2B")


def test_an_unknown_product_is_said_to_be_unknown(make_history: History, table: DrugTable) -> None:
    (only,) = lines(make_history({"ndc": "99999999999", "product_id": "99999999999"}), table)
    assert not only.drug.known
    assert only.drug.name == "Not in the drug table (NDC 99999999999)"
    assert (only.drug.drug_class, only.drug.schedule, only.drug.strength) == ("unknown", None, None)
    assert (only.mme_per_day, only.mme_note) == (None, "product not in the drug table")


def test_a_code_that_is_no_ndc_is_shown_as_sent(make_history: History, table: DrugTable) -> None:
    (only,) = lines(make_history({"ndc": None, "product_qualifier": "02", "product_id": "0123"}), table)
    assert only.drug.name == "Not in the drug table (UPC 0123)"


def test_medical_marijuana_is_schedule_two_in_connecticut(make_history: History, table: DrugTable) -> None:
    """L-13."""
    (only,) = lines(
        make_history({"ndc": None, "product_qualifier": "07", "product_id": "MM1", "version": "5.0"}), table
    )
    assert (only.drug.name, only.drug.schedule, only.drug.drug_class) == ("Medical marijuana", "II", "cannabis")


def test_a_compound_is_what_its_ingredients_are(make_history: History, table: DrugTable) -> None:
    (only,) = lines(make_history(compound("11111111111", "22222222222")), table)
    assert (only.drug.known, only.drug.drug_class, only.drug.schedule) == (True, "compound", "II")
    assert only.drug.ingredients == ("Hydrocodone 5 mg tablet: 10 each", "Lorazepam 1 mg tablet: 10 each")
    assert (only.mme_per_day, only.mme_note) == (None, "a compound's dose per unit is not reported")


def test_a_compound_with_an_unknown_part_is_not_known(make_history: History, table: DrugTable) -> None:
    (only,) = lines(make_history(compound("11111111111", None)), table)
    assert not only.drug.known
    assert only.drug.ingredients[1] == "not in the drug table (no code given): 10 each"


def test_naloxone_is_not_shown_and_not_counted(make_history: History, table: DrugTable) -> None:
    """L-04."""
    history = make_history({}, {"ndc": "44444444444", "product_id": "44444444444"}, compound("44444444444"))
    assert [one.drug.name for one in lines(history, table, NALOXONE)] == ["Hydrocodone"]
    assert len(lines(history, table)) == 3


def test_a_hyphen_does_not_show_what_is_hidden(make_history: History, table: DrugTable) -> None:
    """L-04: an ingredient's code stands as it was sent."""
    assert lines(make_history(compound("44444-4444-44")), table, NALOXONE) == []


def test_a_compound_is_shown_without_its_hidden_part(make_history: History, table: DrugTable) -> None:
    (only,) = lines(make_history(compound("11111111111", "44444444444")), table, NALOXONE)
    assert only.drug.ingredients == ("Hydrocodone 5 mg tablet: 10 each",)


def test_lines_stand_newest_first_whatever_the_order_stored(make_history: History, table: DrugTable) -> None:
    days = [date(2024, 3, 2), date(2024, 3, 4), date(2024, 3, 3)]
    history = make_history(*({"filled_on": day, "record": number} for number, day in enumerate(days)))
    assert [one.filled_on for one in lines(history, table)] == sorted(days, reverse=True)


def test_the_summary_counts_by_the_rules_it_states(make_history: History, table: DrugTable) -> None:
    history = make_history(
        {},
        {"record": 2, "fill_number": 1, "filled_on": date(2024, 1, 2)},  # same prescription, no longer active
        {"record": 3, "rx_number": "2", "ndc": "22222222222", "payment_code": "04", "pharmacy_dea": "BX1234567"},
        {"record": 4, "rx_number": "3", "ndc": "33333333333", "prescriber_npi": None},  # same DEA number: same person
        {"record": 5, "rx_number": "4", "days_supply": None, "prescriber_npi": "1993999998", "prescriber_dea": None},
        {"record": 6, "rx_number": "5", "ndc": "99999999999"},
    )
    summary = summarise(lines(history, table), outside_period=3)
    assert (summary.dispensations, summary.prescriptions) == (6, 5)
    assert (summary.prescribers, summary.pharmacies) == (2, 2)
    assert (summary.active, summary.active_unknown, summary.private_pay) == (4, 1, 5)
    assert (summary.opioid_mme_per_day, summary.opioid_mme_missing, summary.buprenorphine_active) == (20.0, 0, 1)
    assert (summary.first_fill, summary.last_fill, summary.outside_period) == (date(2024, 1, 2), date(2024, 3, 4), 3)
    assert {one.drug_class: (one.dispensations, one.prescriptions, one.active) for one in summary.classes} == {
        "opioid": (3, 2, 1),
        "benzodiazepine": (1, 1, 1),
        "buprenorphine": (1, 1, 1),
        "unknown": (1, 1, 1),
    }


def test_a_dose_that_cannot_be_computed_is_missing_and_not_nought(make_history: History, table: DrugTable) -> None:
    summary = summarise(lines(make_history({"quantity": None}), table), 0)
    assert (summary.opioid_mme_per_day, summary.opioid_mme_missing) == (None, 1)


def test_no_line_counts_nothing() -> None:
    summary = summarise([], 0)
    assert (summary.dispensations, summary.prescribers, summary.pharmacies, summary.classes) == (0, 0, 0, ())
    assert (summary.first_fill, summary.opioid_mme_per_day) == (None, None)


def prescriber(npi: str | None, dea: str | None, suffix: str | None = None, name: str | None = None) -> Prescriber:
    return Prescriber(name=name, dea=dea, dea_suffix=suffix, npi=npi, phone=None)


@pytest.mark.parametrize(
    ("prescribers", "persons"),
    [
        ([prescriber("1", "A"), prescriber("2", "A")], 2),  # an institution's number, two residents
        ([prescriber("1", "A"), prescriber("1", "B")], 1),  # one person, two registrations
        ([prescriber("1", "A"), prescriber(None, "A")], 1),
        ([prescriber("1", "A"), prescriber("2", "A"), prescriber(None, "A")], 3),  # whose it is cannot be known
        ([prescriber(None, "A", "001"), prescriber(None, "A", "002")], 2),
        ([prescriber(None, None, name="WELBY, M"), prescriber(None, None, name="WELBY, M")], 1),
        ([prescriber(None, None)], 0),
    ],
)
def test_prescribers_are_counted_as_persons(prescribers: list[Prescriber], persons: int) -> None:
    assert count_prescribers(prescribers) == persons
