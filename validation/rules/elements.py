"""One element at a time: required, length, type, code. Made from the specification, not by hand.

For each element of each version this module makes at most four rules, from the tables of schemas/asap
and from `demands` (who asks for it, how much it weighs):

    E-<element>-REQUIRED   it is given
    E-<element>-TYPE       it reads as what its format says: digits, a decimal number, a real day, a time
    E-<element>-LENGTH     it is no longer than the version allows
    E-<element>-CODE       it is in the version's code list

A coded element is asked for its code only, and a date or time for its type only: the list and the format
already fix the length. Versions that agree share one record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import polars as pl

from schemas.asap.specification import VERSIONS, Element, Usage, load
from schemas.dispensation import ROW_COLUMNS
from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule
from validation.rules.demands import ANIMAL, DEMANDS, ELSEWHERE, GRAVE_CODE, GRAVE_LENGTH, GRAVE_TYPE, Demand


# Which records an error in a segment rejects.
SCOPES = {
    **dict.fromkeys(("TH", "IS", "TT"), Scope.TRANSACTION),
    **dict.fromkeys(("PHA", "TP"), Scope.PHARMACY),
    "PAT": Scope.PATIENT,
    **dict.fromkeys(("DSP", "PRE", "CDI", "AIR"), Scope.RECORD),
}

# Digits are spelt out: `\d` would also take the digits of other scripts.
DIGITS = r"^[0-9]+$"
DECIMAL = r"^([0-9]+\.?[0-9]*|\.[0-9]+)$"
# A day is eight digits, none of a year before 1000: those are typing errors, not dates of another age.
DAY = r"^[1-9][0-9]{7}$"
# asap.md TH06: HHMMSS or HHMM up to 4.2B; 5.0 adds a Z for UTC, which many leave out.
TIME = r"^([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9])?$"
TIME_5_0 = r"^([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9])?Z?$"

# asap.md gives DSP22 as N up to 4.2B, D in 5.0; it is a quantity like DSP09, so it is read as one throughout.
DECIMALS = frozenset({"DSP22"})

# The typed column of a DSP element: what did not read as its type is null there.
TYPED = {
    column.elements[0]: column.name
    for column in ROW_COLUMNS
    if len(column.elements) == 1
    and column.elements[0].startswith("DSP")
    and column.dtype in {pl.Date, pl.Int32, pl.Float64}
}

# asap.md section 3: same place, another meaning in 4.1.
MOVED = frozenset({"DSP18", "DSP19"})

# Lists longer than this are not spelt out in a remedy.
MANY_CODES = 16

REMEDY_MISSING = {
    Severity.ERROR: "Fill it in and send the record again.",
    Severity.WARNING: "Fill it in from the next file on.",
    Severity.INFO: "Nothing to do.",
}

TYPE_WORDS = {
    "N": ("holds digits only", "is not a whole number", "Send digits only, without sign, blank or punctuation."),
    "D": (
        "is a number",
        "is not a number",
        "Send a plain number such as 30 or 2.5, without unit, sign or thousands separator.",
    ),
    "DT": ("is a real day", "is not a real date", "Send the date as CCYYMMDD, such as 20240305."),
    "TM": (
        "is a time of day",
        "is not a time of day",
        "Send the time as HHMMSS on the 24-hour clock, in 5.0 as HHMMSSZ in UTC.",
    ),
}


def day(column: str) -> pl.Expr:
    """The element as a date; null where it is none."""
    return pl.when(pl.col(column).str.contains(DAY)).then(pl.col(column)).str.to_date("%Y%m%d", strict=False)


def _definitions() -> dict[str, dict[str, Element]]:
    """Element id to its definition in each version that has it, versions in order."""
    found: dict[str, dict[str, Element]] = {}
    for version in VERSIONS:
        for segment in load(version).segments.values():
            for element in segment.elements:
                found.setdefault(element.id, {})[version] = element
    return found


DEFINITIONS = _definitions()


def format_of(element: Element) -> str:
    """AN, N, D, DT or TM: what the judge takes the element for."""
    return "D" if element.id in DECIMALS else element.format


def name_of(element_id: str) -> str:
    """The element as a message names it, such as ``Date Filled (DSP05)``: its newest name."""
    names = [element.name for element in DEFINITIONS[element_id].values()]
    if element_id in MOVED:
        return f"{names[-1]} ({element_id}; in 4.1: {names[0]})"
    return f"{names[-1]} ({element_id})"


Facet = TypeVar("Facet")


def _grouped(element_id: str, facet: Callable[[Element], Facet | None]) -> Iterator[tuple[Facet, tuple[str, ...]]]:
    """Each value of the facet with the versions that share it; versions without one are left out."""
    groups: dict[Facet, list[str]] = {}
    for version, element in DEFINITIONS[element_id].items():
        value = facet(element)
        if value is not None:
            groups.setdefault(value, []).append(version)
    yield from ((value, tuple(versions)) for value, versions in groups.items())


def _rule(
    element_id: str,
    kind: str,
    versions: tuple[str, ...],
    weight: tuple[Severity, Tier, str],
    fails: pl.Expr,
    words: tuple[str, str, str],
) -> Rule:
    """An element rule; `words` are what must hold, what is wrong, and what to do."""
    severity, tier, source = weight
    segment = element_id[:-2]
    return Rule(
        code=f"E-{element_id}-{kind}",
        title=f"{name_of(element_id)} {words[0]}",
        severity=severity,
        stage=Stage.ELEMENT,
        scope=SCOPES[segment],
        tier=tier,
        source=source,
        segment=segment,
        element=element_id,
        fails=fails,
        message=f"{name_of(element_id)} {words[1]}.",
        remedy=words[2],
        versions=() if versions == VERSIONS else versions,
        needs=() if kind == "REQUIRED" else (element_id,),
    )


def _weight(element_id: str, graver: frozenset[str]) -> tuple[Severity, Tier, str]:
    severity = Severity.ERROR if element_id in graver else Severity.WARNING
    return severity, Tier.STANDARD, f"ASAP {element_id}"


def _required(element_id: str) -> Iterator[Rule]:
    if element_id in ELSEWHERE:
        return
    defined = DEFINITIONS[element_id]
    demand = DEMANDS.get(element_id)
    if demand is None:
        versions = tuple(version for version, element in defined.items() if element.usage is Usage.REQUIRED)
        if not versions:
            return
        demand = Demand(Severity.WARNING, Tier.STANDARD, f"ASAP {element_id}, usage R", versions=versions)
    missing = pl.col(element_id).is_null()
    yield _rule(
        element_id,
        "REQUIRED",
        demand.versions or tuple(defined),
        (demand.severity, demand.tier, demand.source),
        missing if demand.unless is None else missing & ~demand.unless.fill_null(value=False),
        ("is given", "is missing", REMEDY_MISSING[demand.severity]),
    )


def _unread(element_id: str) -> pl.Expr:
    """Given, but null in the typed row: the last guard that no value is lost without a word."""
    return pl.col(TYPED[element_id]).is_null() if element_id in TYPED else pl.lit(value=False)


def _type(element_id: str) -> Iterator[Rule]:
    def facet(element: Element) -> tuple[str, str] | None:
        form = format_of(element)
        if form == "AN" or element.codes:
            return None
        return form, TIME_5_0 if element.max_length > len("HHMMSS") else TIME

    value = pl.col(element_id)
    for (form, time), versions in _grouped(element_id, facet):
        fails = {
            "N": ~value.str.contains(DIGITS),
            "D": ~value.str.contains(DECIMAL),
            "DT": day(element_id).is_null(),
            "TM": ~value.str.contains(time),
        }[form] | _unread(element_id)
        if element_id == "PAT18":
            fails &= ~ANIMAL.fill_null(value=False)
        given = value.is_not_null() & fails
        yield _rule(element_id, "TYPE", versions, _weight(element_id, GRAVE_TYPE), given, TYPE_WORDS[form])


def _length(element_id: str) -> Iterator[Rule]:
    def facet(element: Element) -> int | None:
        return None if element.codes or element.format in {"DT", "TM"} else element.max_length

    limits = list(_grouped(element_id, facet))
    words = (
        "is not too long",
        "is longer than the standard allows",
        f"Send no more characters than {_limits(limits)}.",
    )
    for limit, versions in limits:
        fails = pl.col(element_id).str.len_chars() > limit
        yield _rule(element_id, "LENGTH", versions, _weight(element_id, GRAVE_LENGTH), fails, words)


def _limits(limits: list[tuple[int, tuple[str, ...]]]) -> str:
    """``55``, or ``30 (4.1), 35 (4.2, 4.2A)`` where versions differ."""
    if len(limits) == 1:
        return str(limits[0][0])
    return ", ".join(f"{limit} ({', '.join(versions)})" for limit, versions in limits)


def _code(element_id: str) -> Iterator[Rule]:
    def facet(element: Element) -> tuple[str, ...] | None:
        return tuple(element.codes) or None

    value = pl.col(element_id)
    if element_id == "DSP13":
        # A count: 1 and 01 are the same fill, and the typed row holds the number.
        value = value.str.zfill(2)
    elif element_id == "TH07":
        value = value.str.to_uppercase()
    lists = list(_grouped(element_id, facet))
    if not lists:
        return
    words = ("is a code of its list", "is not a code of the standard's list", _choices(lists))
    for codes, versions in lists:
        fails = ~value.is_in(codes)
        if element_id in TYPED:
            fails |= pl.col(element_id).is_not_null() & _unread(element_id)
        yield _rule(element_id, "CODE", versions, _weight(element_id, GRAVE_CODE), fails, words)


def _choices(lists: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> str:
    if max(len(codes) for codes, _ in lists) > MANY_CODES:
        return "Send a code of the list that the standard gives for it."
    if len(lists) == 1:
        return f"Send one of {', '.join(lists[0][0])}."
    each = [f"{', '.join(codes)} ({', '.join(versions)})" for codes, versions in lists]
    return f"Send one of {'; '.join(each)}."


# What the reader has already decided: a transaction whose TH01 names no version is refused, and TH09 is the
# one character that ends the segments.
READ = {"TH01": (), "TH09": (_required,)}


def _rules() -> Iterator[Rule]:
    for element_id in DEFINITIONS:
        for make in READ.get(element_id, (_required, _type, _length, _code)):
            yield from make(element_id)


RULES = tuple(_rules())
