"""Days in their order: born, written, filled, sold; none of them in the future, none of another age.

That a date is a real day of the calendar is the element's own rule (`E-<element>-TYPE`). The future begins
after the day on which the file came, in the state's own time zone. An animal's date of birth is often a
guess (asap.md 10), so nothing is concluded from it.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule
from validation.rules.demands import ANIMAL, STATUTE
from validation.rules.elements import SCOPES, day


EARLIEST = date(1900, 1, 1)

DSP, PAT, TH = "DSP", "PAT", "TH"


def _date(
    code: str,
    title: str,
    severity: Severity,
    element: str,
    fails: pl.Expr,
    message: str,
    remedy: str,
    source: str,
    frame: str = "ROW",
) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.RECORD,
        scope=Scope.RECORD if frame == "ROW" else SCOPES[frame],
        tier=Tier.LAW if source.startswith("CGS") else Tier.STANDARD,
        source=source,
        segment=frame,
        element=element,
        fails=fails,
        message=message,
        remedy=remedy,
    )


HUMAN = (pl.col("species") != "02").fill_null(value=True)
HUMAN_PATIENT = ~ANIMAL.fill_null(value=False)
# A covering prescription follows a telephoned emergency (DSP12 = 03), so it may be written after the fill.
COVERED_LATER = (pl.col("origin_code") == "03").fill_null(value=False)
RECEIVED = pl.col("received_on")

RULES = (
    _date(
        "D-WRITTEN-AFTER-FILLED",
        "A prescription is written before it is filled",
        Severity.ERROR,
        "DSP03",
        (pl.col("written_on") > pl.col("filled_on")) & ~COVERED_LATER,
        "The prescription was written (DSP03) after it was filled (DSP05).",
        "Correct the date that is wrong and send the record again.",
        f"{STATUTE}(B), (J)",
    ),
    _date(
        "D-WRITTEN-FUTURE",
        "A prescription is not written in the future",
        Severity.ERROR,
        "DSP03",
        pl.col("written_on") > RECEIVED,
        "The date written (DSP03) lies after the day on which the file came.",
        "Correct the date and send the record again.",
        f"{STATUTE}(J)",
    ),
    _date(
        "D-WRITTEN-ABSURD",
        f"A prescription is written after {EARLIEST.year - 1}",
        Severity.ERROR,
        "DSP03",
        pl.col("written_on") < EARLIEST,
        f"The date written (DSP03) lies before {EARLIEST.year}.",
        "Correct the date and send the record again.",
        f"{STATUTE}(J)",
    ),
    _date(
        "D-FILLED-FUTURE",
        "A prescription is not filled in the future",
        Severity.ERROR,
        "DSP05",
        pl.col("filled_on") > RECEIVED,
        "The date filled (DSP05) lies after the day on which the file came.",
        "Correct the date and send the record again.",
        f"{STATUTE}(B)",
    ),
    _date(
        "D-FILLED-ABSURD",
        f"A prescription is filled after {EARLIEST.year - 1}",
        Severity.ERROR,
        "DSP05",
        pl.col("filled_on") < EARLIEST,
        f"The date filled (DSP05) lies before {EARLIEST.year}.",
        "Correct the date and send the record again.",
        f"{STATUTE}(B)",
    ),
    _date(
        "D-SOLD-BEFORE-FILLED",
        "A drug is sold after it is filled",
        Severity.WARNING,
        "DSP17",
        pl.col("sold_on") < pl.col("filled_on"),
        "The date sold (DSP17) lies before the date filled (DSP05).",
        "Check both dates.",
        "ASAP DSP17",
    ),
    _date(
        "D-SOLD-FUTURE",
        "A drug is not sold in the future",
        Severity.WARNING,
        "DSP17",
        pl.col("sold_on") > RECEIVED,
        "The date sold (DSP17) lies after the day on which the file came.",
        "Leave it empty until the drug has left the pharmacy.",
        "ASAP DSP17",
    ),
    _date(
        "D-BORN-AFTER-WRITTEN",
        "A patient is born before the prescription is written",
        Severity.ERROR,
        "PAT18",
        (pl.col("date_of_birth") > pl.col("written_on")) & HUMAN,
        "The date of birth (PAT18) lies after the date written (DSP03).",
        "Correct the date that is wrong and send the record again.",
        f"{STATUTE}(I)",
    ),
    _date(
        "D-BORN-FUTURE",
        "A patient is born",
        Severity.ERROR,
        "PAT18",
        (day("PAT18") > RECEIVED) & HUMAN_PATIENT,
        "The date of birth (PAT18) lies after the day on which the file came.",
        "Correct the date of birth and send the patient's records again.",
        f"{STATUTE}(I)",
        PAT,
    ),
    _date(
        "D-BORN-ABSURD",
        f"A patient is born after {EARLIEST.year - 1}",
        Severity.ERROR,
        "PAT18",
        (day("PAT18") < EARLIEST) & HUMAN_PATIENT,
        f"The date of birth (PAT18) lies before {EARLIEST.year}.",
        "Correct the date of birth and send the patient's records again.",
        f"{STATUTE}(I)",
        PAT,
    ),
    _date(
        "D-BORN-ANIMAL",
        "An animal's date of birth is a day",
        Severity.WARNING,
        "PAT18",
        pl.col("PAT18").is_not_null() & day("PAT18").is_null() & ~HUMAN_PATIENT,
        "The animal's date of birth (PAT18) is not a real date.",
        "If it is not known, send 1 January of the year in which the animal was probably born.",
        "asap.md 10: animals' birth dates",
        PAT,
    ),
    _date(
        "D-CREATED-FUTURE",
        "A file is not made in the future",
        Severity.WARNING,
        "TH05",
        day("TH05") > RECEIVED,
        "The creation date (TH05) lies after the day on which the file came.",
        "Check the clock of the system that writes the file.",
        "ASAP TH05",
        TH,
    ),
)
