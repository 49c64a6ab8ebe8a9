from datetime import date, timedelta

import pytest

from lookup.freshness import ReportedThrough, freshness, owed_through
from schemas.report import Freshness


WEDNESDAY = date(2024, 3, 6)


def line(*dispensers: ReportedThrough, here: frozenset[str] = frozenset()) -> Freshness:
    return freshness(list(dispensers), here=here, today=WEDNESDAY, latest_recorded_at=None, state="Connecticut")


def daily(name: str, through: date | None) -> ReportedThrough:
    return ReportedThrough(name, "daily", through)


@pytest.mark.parametrize(
    ("today", "owed"),
    [
        (date(2024, 3, 4), date(2024, 2, 29)),  # Monday: Friday's is due today, Thursday's was due on Friday
        (date(2024, 3, 5), date(2024, 3, 3)),  # Tuesday: the weekend was due on Monday
        (date(2024, 3, 6), date(2024, 3, 4)),
        (date(2024, 3, 8), date(2024, 3, 6)),
        (date(2024, 3, 9), date(2024, 3, 7)),  # Saturday: Friday's is due on Monday
        (date(2024, 3, 10), date(2024, 3, 7)),
    ],
)
def test_a_day_is_owed_by_the_end_of_the_next_business_day(today: date, owed: date) -> None:
    """L-01."""
    assert owed_through("daily", today) == owed


def test_a_weekly_reporter_owes_a_week_later() -> None:
    """P-019."""
    assert owed_through("weekly", WEDNESDAY) == WEDNESDAY - timedelta(days=8)


def test_when_everybody_has_reported_the_slowest_decides() -> None:
    result = line(daily("d1", date(2024, 3, 5)), daily("d2", date(2024, 3, 4)))
    assert result.complete_through == date(2024, 3, 4)
    assert result.overdue == 0
    assert result.sentence == "All Connecticut dispensers (2) have reported through 2024-03-04; none is overdue."


def test_a_late_pharmacy_of_this_patient_is_named_as_such() -> None:
    result = line(daily("d1", date(2024, 3, 5)), daily("d2", date(2024, 2, 1)), here=frozenset({"d2"}))
    assert (result.overdue, result.overdue_here) == (1, 1)
    assert result.sentence == (
        "All Connecticut dispensers (2) have reported through 2024-02-01; 1 is overdue, "
        "1 of them among the pharmacies in this report."
    )


def test_while_one_never_reported_there_is_no_such_day() -> None:
    result = line(daily("d1", date(2024, 3, 5)), daily("d2", None))
    assert result.complete_through is None
    assert (result.never_reported, result.overdue) == (1, 1)
    assert result.sentence == "1 of 2 Connecticut dispensers has never reported; 1 is overdue."


def test_an_empty_register_claims_nothing() -> None:
    result = line()
    assert result.complete_through is None
    assert result.sentence == "No dispenser is on Connecticut's register, so nobody can say how complete this is."
