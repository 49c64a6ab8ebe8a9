from datetime import date

import pytest

from lookup.active import active_until, is_active


FILLED = date(2024, 3, 1)


@pytest.mark.parametrize(
    ("sold", "days", "today", "active"),
    [
        (None, 30, date(2024, 3, 1), True),
        (None, 30, date(2024, 3, 30), True),
        (None, 30, date(2024, 3, 31), False),  # fill_date <= t < fill_date + days (clinical.md 4.1)
        (None, 30, date(2024, 2, 29), False),
        (date(2024, 3, 5), 30, date(2024, 3, 4), False),  # not yet in the patient's hands
        (date(2024, 3, 5), 30, date(2024, 4, 3), True),
        (None, 1, date(2024, 3, 1), True),
        (None, 1, date(2024, 3, 2), False),
        (None, 0, date(2024, 3, 1), None),
        (None, None, date(2024, 3, 1), None),
        (None, -5, date(2024, 3, 1), None),
    ],
)
def test_active(sold: date | None, days: int | None, today: date, *, active: bool | None) -> None:
    assert is_active(FILLED, sold, days, today) is active


def test_without_any_date_nobody_can_say() -> None:
    assert is_active(None, None, 30, FILLED) is None


def test_a_supply_that_outlasts_the_calendar_is_no_supply() -> None:
    assert active_until(date(9999, 12, 1), None, 999) is None
