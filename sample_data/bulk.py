"""Files of any size, fast: for benchmarks and for filling a lake, not for reading by eye.

Segments are written from ready-made pieces: a patient's PAT and a prescriber's PRE once, a DSP per
dispensation. 200,000 dispensations take a second or two and some 50 MB.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from sample_data.census import make_world
from sample_data.courses import Fill
from sample_data.elements import dispensing_elements, patient_elements, pharmacy_elements, prescriber_elements
from sample_data.formulary import drugs_for
from sample_data.population import invented_person
from sample_data.segments import Envelope, Habit, header, segment, source
from sample_data.world import World


PATTERNS = ("chronic_opioid", "acute_opioid", "benzodiazepine", "stimulant", "neuropathic", "sleep", "buprenorphine")

# A stretch of the file that is written at once.
CHUNK = 20_000

# Dispensations per pharmacy loop, and patients per hundred dispensations.
PER_PHARMACY = 400
PATIENT_SHARE = 30

FIRST_RX = 1_000_000


def bulk_file(
    dispensations: int,
    seed: int,
    version: str = "4.2B",
    *,
    first_day: date = date(2026, 1, 1),
    days: int = 30,
) -> bytes:
    """One transaction of exactly so many dispensations, every record key its own.

    Args:
        dispensations: at least 1.
        seed: the same seed gives the same bytes.
        version: one of `segments.VERSIONS`.
        first_day: of the days on which they were filled.
        days: how many days.
    """
    return b"".join(bulk_chunks(dispensations, seed, version, first_day=first_day, days=days))


def bulk_chunks(
    dispensations: int,
    seed: int,
    version: str = "4.2B",
    *,
    first_day: date = date(2026, 1, 1),
    days: int = 30,
    first_rx: int = FIRST_RX,
) -> Iterator[bytes]:
    """The same file in pieces, so that one of millions need not be in memory."""
    random = Random(seed)  # noqa: S311  repeatable on purpose, and no secret
    until = first_day + timedelta(days=days - 1)
    envelope = Envelope(
        version=version,
        control=f"B{seed % 10**8}",
        created=datetime.combine(until + timedelta(days=1), time(2, 0)),
        source_id="8605550100",
        source_name="BULK SAMPLE",
        covers=(first_day, until),
        habit=Habit(line_end="\n"),
    )
    end = envelope.habit.terminator + envelope.habit.line_end
    world = make_world(seed, patients=240)
    pharmacies = [segment(envelope, "PHA", pharmacy_elements(each, version)) for each in world.pharmacies]
    prescribers = [segment(envelope, "PRE", prescriber_elements(each, version)) for each in world.prescribers]
    patients = _patients(random, envelope, max(1, dispensations * PATIENT_SHARE // 100))
    fills = _fill_templates(world, envelope)
    dates = [f"{first_day + timedelta(days=offset):%Y%m%d}" for offset in range(-3, days)]

    lines = [segment(envelope, "TH", header(envelope)), segment(envelope, "IS", source(envelope))]
    count, serial, loop, remaining = len(lines), first_rx, 0, dispensations
    while remaining:
        here = min(PER_PHARMACY, remaining)
        remaining -= here
        body = [pharmacies[loop % len(pharmacies)]]
        loop += 1
        while here:
            together = min(here, random.choice((1, 1, 1, 2, 2, 3)))
            here -= together
            body.append(random.choice(patients))
            for _ in range(together):
                serial += 1
                offset = random.randrange(3, len(dates))
                filled, written = dates[offset], dates[offset - random.randrange(4)]
                one, two, three, four, five = random.choice(fills)
                body.append(f"{one}{serial}{two}{written}{three}{filled}{four}{filled}{five}")
                body.append(random.choice(prescribers))
        body.append(f"TP*{len(body) + 1}")
        count += len(body)
        lines += body
        if len(lines) > CHUNK:
            yield (end.join(lines) + end).encode("ascii")
            lines = []
    lines.append(f"TT*{envelope.control}*{count + 1}")
    yield (end.join(lines) + end).encode("ascii")


def _patients(random: Random, envelope: Envelope, count: int) -> list[str]:
    """PAT segments of invented people."""
    lines = []
    for _ in range(count):
        person = invented_person(random)
        lines.append(segment(envelope, "PAT", patient_elements(person, "01", envelope.version)))
    return lines


def _fill_templates(world: World, envelope: Envelope) -> list[tuple[str, ...]]:
    """DSP segments of every drug and payment, cut where number, written, filled and sold dates belong."""
    course = world.demo_patient.courses[0]
    any_day = date(2026, 1, 1)
    templates = []
    for pattern in PATTERNS:
        for drug in drugs_for(pattern):
            for payment in ("01", "02", "03", "04"):
                taken = replace(course, drug=drug, payment=payment)
                fill = Fill(world.demo_patient, taken, "", any_day, any_day, 0, drug.quantity, drug.days)
                elements = dispensing_elements(fill, envelope.version) | dict.fromkeys((2, 3, 5, 17), "\0")
                templates.append(tuple(segment(envelope, "DSP", elements).split("\0")))
    return templates
