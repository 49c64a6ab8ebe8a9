"""One patient whose month is worth reading, and the physician who reads it.

Rosalind Demoret takes oxycodone from a pain specialist (75 MME a day) and, from another physician,
alprazolam over it; a dentist adds hydrocodone (20 more: 95 a day, above the 90 that states watch), an
emergency physician oxycodone for cash at a strange pharmacy. Naloxone is among her fills and must not show
on a report (L-04). Her family physician is about to prescribe, and looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sample_data.formulary import Drug
from sample_data.world import Course, Dispenser, Patient, Prescriber


OXYCODONE_10 = Drug("00603499321", 150, 30, "01", 0)
OXYCODONE_5 = Drug("00406055201", 28, 7, "01", 0)
HYDROCODONE_5 = Drug("00406012301", 20, 5, "01", 0)
ALPRAZOLAM = Drug("00228202910", 60, 30, "01", 3)
ZOLPIDEM = Drug("00093007401", 30, 30, "01", 5)
GABAPENTIN = Drug("16714050401", 90, 30, "01", 5)
NALOXONE = Drug("69547035302", 2, 1, "01", 0)


def demo_patient(
    serials: Iterator[int], pharmacies: Sequence[Dispenser], prescribers: Sequence[Prescriber]
) -> tuple[Patient, Prescriber]:
    """The patient, and her family physician."""

    def writes(specialty: str) -> Prescriber:
        return next(each for each in prescribers if each.specialty == specialty)

    physician = writes("family medicine")
    home, other, strange = pharmacies[0], pharmacies[1], pharmacies[-1]
    plan = (
        (OXYCODONE_10, writes("pain medicine"), home, 1, "04"),
        (GABAPENTIN, writes("pain medicine"), home, 1, "04"),
        (ALPRAZOLAM, writes("psychiatry"), other, 3, "04"),
        (HYDROCODONE_5, writes("dentistry"), home, 11, "04"),
        (OXYCODONE_5, writes("emergency medicine"), strange, 18, "01"),
        (ZOLPIDEM, physician, home, 21, "04"),
        (NALOXONE, physician, home, 21, "04"),
    )
    courses = tuple(
        Course(next(serials), drug, prescriber, dispenser, offset=0, cycle=drug.days, payment=payment, only_on=(day,))
        for drug, prescriber, dispenser, day, payment in plan
    )
    patient = Patient(
        first="Rosalind",
        last="Demoret",
        middle="K",
        birth=date(1979, 5, 14),
        gender="F",
        address="27 Charter Oak Ave",
        town="Hartford",
        zip="06106",
        phone="8605550127",
        license="990514079",
        courses=courses,
    )
    return patient, physician
