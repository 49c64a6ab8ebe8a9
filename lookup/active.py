"""Whether a fill is active on a day.

ACTIVE is a convention (clinical.md 4.1), and a conservative one: a fill is active from the day it was
sold, or filled where no sale was reported, for as many days as its supply. Early refills overlap; they
are not stacked. Without a positive days supply nobody can say.
"""

from __future__ import annotations

from datetime import date, timedelta


def active_until(filled_on: date | None, sold_on: date | None, days_supply: int | None) -> date | None:
    """The last active day; null where it cannot be computed.

    >>> active_until(date(2024, 3, 1), None, 30)
    datetime.date(2024, 3, 30)
    """
    begins = sold_on or filled_on
    if begins is None or days_supply is None or days_supply <= 0:
        return None
    try:
        return begins + timedelta(days=days_supply - 1)
    except OverflowError:  # a supply that outlasts the calendar is no supply
        return None


def is_active(filled_on: date | None, sold_on: date | None, days_supply: int | None, today: date) -> bool | None:
    """Whether the fill is active today; null where it cannot be known.

    >>> is_active(date(2024, 3, 1), date(2024, 3, 4), 30, date(2024, 3, 3))
    False
    >>> is_active(date(2024, 3, 1), None, 0, date(2024, 3, 3)) is None
    True
    """
    until = active_until(filled_on, sold_on, days_supply)
    begins = sold_on or filled_on
    if until is None or begins is None:
        return None
    return begins <= today <= until
