"""What is dispensed on a day: a course's rhythm becomes fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sample_data.world import Course, Patient


@dataclass(frozen=True)
class Fill:
    """One dispensation.

    Attributes:
        written: the day it was prescribed.
        filled: the day it was dispensed.
        number: 0 original, 1… refill.
        partial: 0 whole, 1 first partial fill, 2 the second.
        status: DSP01.
        quantity: in the drug's units.
        changes: element id -> raw value, written instead of the right one.
    """

    patient: Patient
    course: Course
    rx_number: str
    written: date
    filled: date
    number: int
    quantity: float
    days: int
    partial: int = 0
    status: str = "00"
    changes: Mapping[str, str] = field(default_factory=dict)


# Days between the first partial fill and the second.
PARTIAL_GAP = 3


def fills_on(patient: Patient, course: Course, today: date, day_of_month: int) -> Iterator[Fill]:
    """The fills of a course on a day; most days none.

    Args:
        patient: who takes it.
        course: what they take.
        today: the day.
        day_of_month: days since the first day of the demo's month, for courses that name their days.
    """
    if course.only_on:
        if day_of_month in course.only_on:
            yield _fill(patient, course, today, run=0, number=0)
        return
    elapsed = today.toordinal() - course.offset
    if elapsed >= 0 and elapsed % course.cycle == 0:
        run, number = divmod(elapsed // course.cycle, course.drug.refills + 1)
        whole = _fill(patient, course, today, run, number)
        yield _part(whole, 1) if course.partial else whole
    if course.partial and elapsed >= PARTIAL_GAP and (elapsed - PARTIAL_GAP) % course.cycle == 0:
        run, number = divmod((elapsed - PARTIAL_GAP) // course.cycle, course.drug.refills + 1)
        yield _part(_fill(patient, course, today, run, number), 2)


def _fill(patient: Patient, course: Course, today: date, run: int, number: int) -> Fill:
    first_fill = today - timedelta(days=number * course.cycle)
    return Fill(
        patient=patient,
        course=course,
        rx_number=f"{course.serial:05d}{run % 1000:03d}",
        written=first_fill - timedelta(days=course.serial % 3),
        filled=today,
        number=number,
        quantity=course.drug.quantity,
        days=course.drug.days,
    )


def _part(whole: Fill, partial: int) -> Fill:
    """Two thirds, then the rest, three days later under the same number."""
    first_days, first_quantity = whole.days * 2 // 3, int(whole.quantity * 2 // 3)
    share = (first_days, first_quantity) if partial == 1 else (whole.days - first_days, whole.quantity - first_quantity)
    written = whole.written if partial == 1 else whole.written - timedelta(days=PARTIAL_GAP)
    return Fill(
        whole.patient,
        whole.course,
        whole.rx_number,
        written,
        whole.filled,
        whole.number,
        quantity=share[1],
        days=share[0],
        partial=partial,
    )
