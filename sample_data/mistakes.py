"""The mistakes in the sample month: real ones, planted on purpose, each returned as truth.

A test compares what the judge says with `Planted`; the demo can say what it hid. The dispositions are
what the rule catalogue does with such a record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from sample_data.courses import Fill
from sample_data.identifiers import broken
from sample_data.segments import day


@dataclass(frozen=True)
class Planted:
    """One thing in a file that is not plainly accepted.

    Attributes:
        kind: what it is: "quantity_zero", "inpatient", "wrong_count" …
        record: which DSP of the file, counted from 1; None for the whole file.
        element: the element that is wrong; None where none is.
        disposition: what must become of the record, or of all records where record is None: a
            `schemas.submission.Disposition`, or "refused" (the file) or "duplicate" (the store decides).
        reason: the policy number of an exemption.
    """

    kind: str
    record: int | None
    element: str | None
    disposition: str
    reason: str | None = None


@dataclass(frozen=True)
class Mistake:
    """A mistake in one record."""

    kind: str
    element: str
    disposition: str
    spoil: Callable[[Fill, Random], str]


RECORD_MISTAKES = (
    Mistake("bad_prescriber_dea", "PRE02", "rejected", lambda fill, random: broken(fill.course.prescriber.dea, random)),
    Mistake("missing_birth_date", "PAT18", "rejected", lambda fill, random: ""),  # noqa: ARG005  one signature for all
    Mistake("quantity_zero", "DSP09", "rejected", lambda fill, random: "0"),  # noqa: ARG005
    Mistake("unknown_ndc", "DSP08", "accepted_with_warnings", lambda fill, random: "99999888877"),  # noqa: ARG005
    Mistake("fill_date_in_future", "DSP05", "rejected", lambda fill, random: day(fill.filled + timedelta(days=3650))),  # noqa: ARG005
    Mistake("missing_days_supply", "DSP10", "rejected", lambda fill, random: ""),  # noqa: ARG005
    Mistake("unknown_payment_code", "DSP16", "accepted_with_warnings", lambda fill, random: "42"),  # noqa: ARG005
)


def spoiled(fill: Fill, mistake: Mistake, random: Random) -> Fill:
    """The fill with the mistake in it."""
    return replace(fill, changes={**fill.changes, mistake.element: mistake.spoil(fill, random)})


def innocent(fill: Fill) -> tuple[str, str, str | None] | None:
    """What is no mistake and yet not plainly accepted: (kind, disposition, policy number)."""
    course, dispenser = fill.course, fill.course.dispenser
    if fill.status != "00":
        return ("revision" if fill.status == "01" else "void"), "held", None
    if dispenser.licence_class == "hospital":
        if course.location == "09":
            return "inpatient", "exempt", "P-021"
        if course.origin == "07":
            return "administered", "exempt", "P-025"
        if fill.days <= 2:  # noqa: PLR2004  48 hours
            return "facility_48_hours", "exempt", "P-024"
    if course.drug.ndc in NOT_REPORTABLE:
        return "not_reportable", "not_reportable", None
    return None


NOT_REPORTABLE = frozenset({"00143126701", "00093226301", "00087606005", "00049490030"})
