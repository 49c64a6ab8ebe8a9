"""THE RULE BOOK: for every rule a file that breaks it, and the same file repaired.

An example is drawn on the specimen of asap.md 1.7, in which there is nothing to find. `broken` changes it so
that this rule speaks; `repaired` changes it as close to that as the rule allows. Rules about one element are
drawn from the specification (`of_elements`); all others by hand (hand_drawn_examples.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from specimens import DRUGS, Segment, Specimen, specimen

from schemas.asap.specification import Element, load
from validation.catalogue import catalogue
from validation.rules.elements import format_of


Change = Callable[[Specimen], object]


@dataclass(frozen=True)
class Example:
    """One rule, drawn twice.

    Attributes:
        code: of the rule.
        version: the version of the specimen.
        broken: the change that breaks the rule.
        repaired: the change that just does not.
        knows: what the judge knows besides the file, where it is not the usual.
        start: what is changed: the specimen, or the zero report.
        beside: codes that cannot but speak up as well, in the broken file or in the repaired one.
    """

    code: str
    version: str
    broken: Change
    repaired: Change
    knows: dict[str, Any] = field(default_factory=dict)
    start: Callable[[str], Specimen] = specimen
    beside: frozenset[str] = frozenset()


def put(**elements: str | None) -> Change:
    """Set elements of the first segment of their name."""
    return lambda file: file.set(**elements)


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(file: Specimen) -> None:
        for each in changes:
            each(file)

    return change


def nothing(_: Specimen) -> None:
    """Leave the specimen as it is."""


# ONE ELEMENT, FROM THE SPECIFICATION -----------------------------------------------------------
def compound(file: Specimen) -> None:
    """Make the drug a compound with one ingredient."""
    file.set(DSP07="06", DSP08="99999123456")
    file.after("PRE", Segment("CDI", {1: "1", 2: "01", 3: DRUGS["tramadol"][0], 4: "30", 5: "01"}))


def picked_up(file: Specimen) -> None:
    """Say who picked the drug up."""
    file.after("PRE", Segment("AIR", {4: "06", 5: "X1", 7: "SAMPLE", 8: "KIM"}))


FIRST: dict[str, Change] = {"CDI": compound, "AIR": picked_up}

# Broken and right values by format. F5 and F6: what a parser may take for a number or a day.
WRONG = {
    "N": ["12A", "-1", "1.5", "\u0663", "1e3", " 1", "+1", "1_0", "0x1", "\uff11"],
    "D": ["1e999", "NaN", "-0", "\u0663", "1,5", "inf", "30 TAB", ".", "1.2.3", "-1", "+1", "1e3", "1_0", "0x1"],
    "DT": [
        *("00000000", "20260230", "20230229", "20241301", "20240300", "99999999", "00000101", "00010101"),
        *("2024035", "202403055", "2024-3-5", "+2024305", " 2024305", "2024 305", "0001", "9999"),
        "\u0662\u0660240305",
    ],
    "TM": ["2400", "1260", "12:30", "123", "125960", "12305", "\u0661\u0662\u0663\u0660", "1230Z5"],
}
RIGHT = {
    "N": ["0", "7", "00"],
    "D": ["30", "2.5", "30.", ".5", "007", "0", "0.00"],
    "DT": ["20240229", "19000101", "10000101", "99991231"],
    "TM": ["0000", "235959", "0905"],
}


@dataclass(frozen=True)
class Values:
    """For one element rule in one version, values that break it and values that do not."""

    code: str
    version: str
    element: Element
    broken: tuple[str | None, ...]
    right: tuple[str | None, ...]

    @property
    def example(self) -> Example:
        """The first of each, drawn as files."""
        first = FIRST.get(self.element.segment, nothing)
        return Example(
            self.code,
            self.version,
            both(first, put(**{self.element.id: self.broken[0]})),
            both(first, put(**{self.element.id: self.right[0]})) if self.right else first,
        )


def of_elements(version: str) -> Iterator[Values]:
    """The values for every rule of this version that is made from the specification."""
    for rule in catalogue(version):
        _, element_id, kind = (rule.code.split("-") + [""] * 2)[:3]
        if kind in KINDS and rule.source and not (element_id == "PRE02" and kind == "REQUIRED"):
            element = load(version).element(element_id)
            yield Values(rule.code, version, element, *KINDS[kind](element))


Drawn = tuple[tuple[str | None, ...], tuple[str | None, ...]]


def _missing(_: Element) -> Drawn:
    return ("",), ()


def _mistyped(element: Element) -> Drawn:
    return tuple(WRONG[format_of(element)]), tuple(RIGHT[format_of(element)])


def _too_long(element: Element) -> Drawn:
    fill = {"N": "1", "D": "1"}.get(format_of(element), "Ä")
    most = element.max_length
    return (fill * (most + 1), fill * 5_000), (fill * most, fill)


def _uncoded(element: Element) -> Drawn:
    return ("ZZ", "\u0660\u0661", " ", "NaN"), tuple(element.codes)


KINDS: dict[str, Callable[[Element], Drawn]] = {
    "REQUIRED": _missing,
    "TYPE": _mistyped,
    "LENGTH": _too_long,
    "CODE": _uncoded,
}
