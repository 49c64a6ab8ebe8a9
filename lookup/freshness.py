"""How complete what you see is: until when every dispenser has reported, and who is late.

A dispenser HAS REPORTED THROUGH the last day that any of its accepted files covers, by dispensing or by
a zero report. It is LATE when a day it owes is missing: a daily reporter owes each day by the end of
the next business day (L-01), a weekly one its last seven days (P-019). Business days here are Monday
to Friday; closures and holidays are a later concern of `compliance`, and leaving them out can only make
somebody look late who is not, so the sentence errs on the side of caution.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from schemas.dispenser import Cadence
from schemas.report import Freshness


WEEK: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)
SATURDAY: Final = 5


@dataclass(frozen=True)
class ReportedThrough:
    """One dispenser on the register.

    Attributes:
        dispenser_id: in the register.
        cadence: how often it must report, of `Cadence`.
        through: the last day covered; null where it has never reported.
    """

    dispenser_id: str
    cadence: str
    through: date | None


def owed_through(cadence: str, today: date) -> date:
    """The last day that a dispenser of this cadence must have covered before today began.

    >>> owed_through("daily", date(2024, 3, 6))  # Wednesday: Monday was due on Tuesday
    datetime.date(2024, 3, 4)
    >>> owed_through("daily", date(2024, 3, 4))  # Monday: Thursday was due on Friday
    datetime.date(2024, 2, 29)
    >>> owed_through("weekly", date(2024, 3, 8))
    datetime.date(2024, 2, 29)
    """
    if cadence == Cadence.WEEKLY:
        return today - WEEK - DAY
    # The last day whose next business day is over.
    day = today - 2 * DAY
    while _next_business_day(day) >= today:
        day -= DAY
    return day


def _next_business_day(day: date) -> date:
    day += DAY
    while day.weekday() >= SATURDAY:
        day += DAY
    return day


def freshness(
    dispensers: list[ReportedThrough],
    *,
    here: frozenset[str],
    today: date,
    latest_recorded_at: datetime | None,
    state: str,
) -> Freshness:
    """How complete the data are today, in numbers and in one sentence.

    Args:
        dispensers: the register, each with what it has covered.
        here: the dispensers that stand in the report at hand.
        today: in the state's time zone.
        latest_recorded_at: when the newest dispensation was recorded.
        state: the state's name.
    """
    late = {
        dispenser.dispenser_id
        for dispenser in dispensers
        if dispenser.through is None or dispenser.through < owed_through(dispenser.cadence, today)
    }
    days = [dispenser.through for dispenser in dispensers]
    known = [day for day in days if day is not None]
    complete = min(known) if known and len(known) == len(days) else None
    never = len(days) - len(known)
    return Freshness(
        sentence=_sentence(state, len(days), complete, len(late), never, len(late & here)),
        state=state,
        dispensers=len(days),
        complete_through=complete,
        overdue=len(late),
        never_reported=never,
        overdue_here=len(late & here),
        latest_recorded_at=latest_recorded_at,
    )


def _sentence(state: str, dispensers: int, complete: date | None, overdue: int, never: int, here: int) -> str:
    if not dispensers:
        return f"No dispenser is on {state}'s register, so nobody can say how complete this is."
    if complete is not None:
        first = f"All {state} dispensers ({dispensers}) have reported through {complete.isoformat()}"
    else:
        first = f"{never} of {dispensers} {state} dispensers {_have(never)} never reported"
    late = "none is overdue" if not overdue else f"{overdue} {_are(overdue)} overdue"
    ours = f", {here} of them among the pharmacies in this report" if here else ""
    return f"{first}; {late}{ours}."


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
