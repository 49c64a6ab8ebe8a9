"""One file of the sample state: what a sender uploads, with the truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby

from sample_data.courses import Fill
from sample_data.elements import changed, patient_elements, pharmacy_elements, record
from sample_data.mistakes import RECORD_MISTAKES, Planted, innocent
from sample_data.segments import Envelope, Loop, transaction, zero_loop
from sample_data.world import Dispenser


@dataclass(frozen=True)
class SampleFile:
    """One file as a sender uploads it.

    Attributes:
        name: its file name.
        sender: the account that uploads it.
        dispensers: whose reports are in it, by dispenser_id.
        day: the last day it covers; it is sent on the next morning.
        covers: first and last day covered.
        data: the bytes.
        shows: what is worth seeing in it, one sentence.
        records: DSP segments in it, a zero report's not counted.
        zero: a zero report: nothing was dispensed.
        test: TH07 = T.
        planted: what in it is not plainly accepted.
    """

    name: str
    sender: str
    dispensers: tuple[str, ...]
    day: date
    covers: tuple[date, date]
    data: bytes
    shows: str
    records: int
    zero: bool = False
    test: bool = False
    planted: tuple[Planted, ...] = ()


def dispensed(
    sender: str,
    dispensers: Sequence[Dispenser],
    fills: Sequence[Fill],
    covers: tuple[date, date],
    *,
    shows: str = "",
    miscount: int = 0,
    encoding: str | None = None,
    test: bool = False,
) -> SampleFile:
    """The file of a sender's dispensations."""
    since, until = covers
    envelope = _envelope(dispensers[0], since, until, file_type="T" if test else "P", serial=3 if test else 1)
    if encoding:
        envelope = replace(envelope, habit=replace(envelope.habit, encoding=encoding))
    loops, planted, records = [], [], 0
    for dispenser in dispensers:
        own = [fill for fill in fills if fill.course.dispenser is dispenser]
        patients = []
        for _, group in groupby(own, key=_same_patient):
            together = list(group)
            one = together[0]
            patient = patient_elements(one.patient, one.course.location, envelope.version)
            patients.append((changed(patient, "PAT", one), [record(fill, envelope.version) for fill in together]))
            for fill in together:
                records += 1
                planted += _truth(fill, records)
        loops.append(Loop(pharmacy_elements(dispenser, envelope.version), patients, miscount))
    if miscount:
        planted.append(Planted("wrong_count", None, "TP01", "accepted_with_warnings"))
    kind = "_test" if test else ""
    return SampleFile(
        name=f"{sender}_{until:%Y%m%d}{kind}.dat",
        sender=sender,
        dispensers=tuple(each.dispenser_id for each in dispensers),
        day=until,
        covers=covers,
        data=transaction(envelope, loops),
        shows=shows,
        records=records,
        test=test,
        planted=tuple(planted),
    )


def zero_report(sender: str, idle: Sequence[Dispenser], since: date, until: date) -> SampleFile:
    """The zero report of a sender's dispensers that dispensed nothing."""
    envelope = _envelope(idle[0], since, until, serial=2)
    loops = [zero_loop(pharmacy_elements(each, envelope.version), (since, until)) for each in idle]
    return SampleFile(
        name=f"{sender}_{until:%Y%m%d}_zero.dat",
        sender=sender,
        dispensers=tuple(each.dispenser_id for each in idle),
        day=until,
        covers=(since, until),
        data=transaction(envelope, loops),
        shows="a zero report",
        records=0,
        zero=True,
    )


def _same_patient(fill: Fill) -> tuple[object, ...]:
    """Fills stand under one PAT where nothing of the patient differs between them."""
    patient_changes = tuple((key, value) for key, value in fill.changes.items() if key.startswith("PAT"))
    return fill.patient, fill.course.location, patient_changes


def _truth(fill: Fill, number: int) -> list[Planted]:
    mistake = next((each for each in RECORD_MISTAKES if each.element in fill.changes), None)
    if mistake:
        return [Planted(mistake.kind, number, mistake.element, mistake.disposition)]
    special = innocent(fill)
    if special:
        kind, disposition, reason = special
        return [Planted(kind, number, None, disposition, reason)]
    return []


def _envelope(dispenser: Dispenser, since: date, until: date, *, file_type: str = "P", serial: int = 1) -> Envelope:
    return Envelope(
        version=dispenser.version,
        # Ten characters at most: TT01 has no more in 4.1.
        control=f"{until:%m%d}{dispenser.dispenser_id[1:]}{serial}",
        created=datetime.combine(until + timedelta(days=1), time(1, 15, serial)),
        source_id=dispenser.phone,
        source_name=dispenser.name.partition(" #")[0].upper(),
        covers=(since, until),
        file_type=file_type,
        habit=dispenser.habit,
    )
