import doctest
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any, cast

import pytest
from dispensations import drug_table, history

from access.permit import Act, Permit, Reason
from lookup.desk import Desk
from lookup.drug_facts import words
from lookup.errors import PeriodRefused
from lookup.lines import line, visible_fills, with_doses
from lookup.references import Chosen
from lookup.report import _header, age_on, default_period, make_report
from lookup.summary import summarise
from schemas.criteria import PatientCriteria, Period


NOW = datetime(2024, 3, 6, tzinfo=UTC)
CHOSEN = Chosen("p-1", PatientCriteria("Sample", "Ada", date(1980, 2, 29)), 7, "SAMPLE|ADA", NOW)


@pytest.mark.parametrize(
    "module",
    ["lookup.active", "lookup.freshness", "lookup.report", "lookup.search", "lookup.patients.grade"],
)
def test_the_examples_in_docstrings_hold(module: str) -> None:
    outcome = doctest.testmod(import_module(module))
    assert (outcome.failed, outcome.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    ("day", "born", "age"),
    [
        (date(2024, 2, 28), date(1980, 2, 29), 43),
        (date(2024, 2, 29), date(1980, 2, 29), 44),
        (date(2023, 2, 28), date(1980, 2, 29), 42),
        (date(2023, 3, 1), date(1980, 2, 29), 43),
        (date(2024, 1, 1), date(2024, 1, 1), 0),
        (date(2024, 1, 1), date(2024, 1, 2), None),
        (date(2024, 1, 1), None, None),
    ],
)
def test_age_is_in_completed_years(day: date, born: date | None, age: int | None) -> None:
    assert age_on(day, born) == age


def test_the_usual_period_begins_on_the_same_day_two_years_ago() -> None:
    assert default_period(date(2024, 3, 6)) == Period(date(2022, 3, 6), date(2024, 3, 6))


def test_a_period_that_ends_before_it_begins_is_refused_before_anything_is_read() -> None:
    permit = Permit("p", Act.READ_REPORT, "a", "prescriber", "a", Reason.TREATMENT, (), NOW, frozenset(), 1)
    backwards = Period(date(2024, 3, 6), date(2024, 3, 5))
    with pytest.raises(PeriodRefused, match="exchange filled_from and filled_to"):
        make_report(permit, [CHOSEN], backwards, cast("Desk", None), NOW)


def test_where_nothing_may_be_seen_the_header_says_what_was_asked() -> None:
    header = _header(1, CHOSEN, None, date(2024, 3, 6))
    assert (header.last_name, header.first_name, header.date_of_birth) == ("Sample", "Ada", date(1980, 2, 29))
    assert (header.age, header.address, header.gender, header.species) == (44, (), None, "human")


def test_fills_without_a_number_are_prescriptions_of_their_own() -> None:
    table = drug_table()
    fills: list[dict[str, Any]] = [{"rx_number": None, "record": 1}, {"rx_number": None, "record": 2}]
    rows = visible_fills(with_doses(history(*fills), table), table, frozenset())
    lines = [line(row, 1, table, "CT", date(2024, 3, 6)) for row in rows]
    assert summarise(lines, 0).prescriptions == 2


def test_a_code_is_worded_by_the_version_it_was_sent_in() -> None:
    assert words("DSP07", "4.2B", "07") == "code 07"
    assert words("DSP07", "5.0", "07") == "cannabis"
    assert words("DSP16", None, "01") == "private pay: cash, charge or card"
    assert words("DSP16", "4.1", None) is None


def test_a_row_without_a_fill_date_stands_last() -> None:
    table = drug_table()
    rows = visible_fills(history({"filled_on": None}, {"filled_on": date(2020, 1, 1)}), table, frozenset())
    assert [row["filled_on"] for row in rows] == [date(2020, 1, 1), None]
