"""Write ASAP: elements by number into segments, segments into a transaction with right counts.

This is the sender's side, written from the standard and sharing no code with our reader. What a version
knows is here as the number of its last element per segment; what a sender is used to, as a `Habit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime


# Element number -> value; an element that is not there is empty.
Elements = Mapping[int, str]

# The last element of each segment, by version.
LAST: dict[str, dict[str, int]] = {
    "4.1": {"TH": 9, "IS": 3, "PHA": 12, "PAT": 23, "DSP": 19, "PRE": 7, "CDI": 5, "AIR": 10, "TP": 1, "TT": 2},
    "4.2": {"TH": 9, "IS": 3, "PHA": 12, "PAT": 23, "DSP": 21, "PRE": 9, "CDI": 5, "AIR": 11, "TP": 1, "TT": 2},
    "4.2A": {"TH": 9, "IS": 3, "PHA": 13, "PAT": 23, "DSP": 25, "PRE": 9, "CDI": 5, "AIR": 11, "TP": 1, "TT": 2},
    "4.2B": {"TH": 9, "IS": 3, "PHA": 13, "PAT": 23, "DSP": 25, "PRE": 10, "CDI": 5, "AIR": 11, "TP": 1, "TT": 2},
    "5.0": {"TH": 9, "IS": 5, "PHA": 15, "PAT": 29, "DSP": 36, "PRE": 15, "CDI": 6, "AIR": 32, "TP": 1, "TT": 2},
}
VERSIONS = tuple(LAST)


@dataclass(frozen=True)
class Habit:
    """How a sender's software writes.

    Attributes:
        terminator: the segment terminator; "" writes newline-terminated segments and an empty TH09.
        line_end: what follows each terminator.
        trailing: "trimmed" leaves trailing empty elements out, "padded" writes them all, "stray" trims
            and adds one surplus separator.
        lower_case: True writes the version as ``4.2b``.
        encoding: of names outside ASCII.
    """

    terminator: str = "~"
    line_end: str = "\r\n"
    trailing: str = "padded"
    lower_case: bool = False
    encoding: str = "ascii"


@dataclass(frozen=True)
class Record:
    """A DSP with its PRE, and its CDI and AIR where it has them."""

    dsp: Elements
    pre: Elements
    cdi: Sequence[Elements] = ()
    air: Elements | None = None


@dataclass(frozen=True)
class Loop:
    """A pharmacy's PHA…TP: its elements, and each patient's with the records under it."""

    pha: Elements
    patients: Sequence[tuple[Elements, Sequence[Record]]]
    miscount: int = 0  # added to TP01, to make it wrong


@dataclass(frozen=True)
class Envelope:
    """What a transaction says about itself.

    Attributes:
        version: one of `VERSIONS`.
        control: TH02 and TT01.
        created: TH05 and TH06.
        source_id: IS01.
        source_name: IS02.
        covers: the reporting period of IS03; None leaves it empty.
        file_type: TH07: P or T.
        transaction_type: TH03.
    """

    version: str
    control: str
    created: datetime
    source_id: str
    source_name: str
    covers: tuple[date, date] | None = None
    file_type: str = "P"
    transaction_type: str = "01"
    habit: Habit = field(default_factory=Habit)


def day(value: date) -> str:
    """CCYYMMDD."""
    return f"{value:%Y%m%d}"


def transaction(envelope: Envelope, loops: Iterable[Loop]) -> bytes:
    """A whole TH…TT, counts right unless a loop asks for a wrong one."""
    lines = [segment(envelope, "TH", header(envelope)), segment(envelope, "IS", source(envelope))]
    for loop in loops:
        body = list(_loop_lines(envelope, loop))
        lines += [*body, segment(envelope, "TP", {1: str(len(body) + 1 + loop.miscount)})]
    lines.append(segment(envelope, "TT", {1: envelope.control, 2: str(len(lines) + 1)}))
    end = envelope.habit.terminator + envelope.habit.line_end
    return "".join(line + end for line in lines).encode(envelope.habit.encoding)


def header(envelope: Envelope) -> Elements:
    """The elements of TH."""
    zulu = "Z" if envelope.version == "5.0" else ""
    return {
        1: envelope.version.lower() if envelope.habit.lower_case else envelope.version,
        2: envelope.control,
        3: envelope.transaction_type,
        5: day(envelope.created),
        6: f"{envelope.created:%H%M%S}{zulu}",
        7: envelope.file_type,
        9: envelope.habit.terminator,
    }


def source(envelope: Envelope) -> Elements:
    """The elements of IS."""
    period = f"#{day(envelope.covers[0])}#-#{day(envelope.covers[1])}#" if envelope.covers else ""
    vendor = {4: "SAMPLEWARE", 5: "8605550199"} if envelope.version == "5.0" else {}
    return {1: envelope.source_id, 2: envelope.source_name, 3: period, **vendor}


def segment(envelope: Envelope, name: str, elements: Elements) -> str:
    """One segment without its terminator, empties after the last value as the sender's habit has it."""
    last = LAST[envelope.version][name]
    surplus = [number for number in elements if number > last and elements[number]]
    if surplus:
        raise ValueError(f"{name}{surplus[0]:02d} is not in ASAP {envelope.version}; leave it out")
    values = [elements.get(number, "") for number in range(1, last + 1)]
    if envelope.habit.trailing != "padded" and name not in {"TH", "TT"}:
        while values and not values[-1]:
            values.pop()
        if envelope.habit.trailing == "stray":
            values.append("")
    return "*".join((name, *values))


def _loop_lines(envelope: Envelope, loop: Loop) -> Iterable[str]:
    """The segments of a pharmacy, its TP left out."""
    yield segment(envelope, "PHA", loop.pha)
    for patient, records in loop.patients:
        yield segment(envelope, "PAT", patient)
        for record in records:
            yield segment(envelope, "DSP", record.dsp)
            yield segment(envelope, "PRE", record.pre)
            for ingredient in record.cdi:
                yield segment(envelope, "CDI", ingredient)
            if record.air is not None:
                yield segment(envelope, "AIR", record.air)


def zero_loop(pha: Elements, covers: tuple[date, date]) -> Loop:
    """A pharmacy's zero report: nothing dispensed in the days covered (asap.md section 4)."""
    nobody = {7: "REPORT", 8: "ZERO"}
    return Loop(pha, [(nobody, [Record({5: day(covers[1])}, {}, cdi=[{}], air={})])])
