"""The ASAP standard held as data: every segment, element and code, per version.

THE TABLES DECIDE. ``versions/*.csv`` says what each version defines, ``codes/*.csv`` what each code
means, ``segments.csv`` how segments nest; this module only loads them into frozen types. The same
code means other things in other versions (DSP13, AIR06), so codes are always asked of the version
that TH01 names. Where the tables come from is told in README.md beside them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping


VERSIONS = ("4.1", "4.2", "4.2A", "4.2B", "5.0")

SEPARATOR = "*"


class Usage(StrEnum):
    """Whether an element has to be sent."""

    REQUIRED = "R"
    SITUATIONAL = "S"  # where the program or the circumstances ask for it
    RETIRED = "X"  # defined, and no longer to be sent


@dataclass(frozen=True)
class Element:
    """One element of a segment, as one version defines it.

    Attributes:
        id: segment and two digits, such as ``PAT07``.
        segment: the segment's id.
        position: which element of its segment, from 1: it follows that many separators.
        name: the standard's name for it.
        format: AN alphanumeric, N numeric, D decimal, DT date CCYYMMDD, TM time.
        max_length: in characters.
        usage: whether it has to be sent.
        codes: code to meaning; empty where it has no list.
        code_list: the list's name, which is its file in codes/; null where it has none.
    """

    id: str
    segment: str
    position: int
    name: str
    format: str
    max_length: int
    usage: Usage
    codes: Mapping[str, str] = field(hash=False, repr=False)
    code_list: str | None = None


@dataclass(frozen=True)
class Segment:
    """One segment, as one version defines it.

    Attributes:
        id: ``TH``, ``IS``, ``PHA``, ``PAT``, ``DSP``, ``PRE``, ``CDI``, ``AIR``, ``TP`` or ``TT``.
        elements: in order of position, without gaps.
        required: whether its parent must hold one.
        name: what the segment is.
        parent: the id of the segment that it stands in; null for TH.
    """

    id: str
    elements: tuple[Element, ...]
    required: bool
    name: str
    parent: str | None


@dataclass(frozen=True)
class Version:
    """One version of the standard."""

    name: str
    segments: Mapping[str, Segment] = field(hash=False, repr=False)

    def element(self, element_id: str) -> Element:
        """The element of this id, such as ``PAT07``; KeyError where this version has none."""
        segment = self.segments[element_id[:-2]]
        position = int(element_id[-2:])
        if not 1 <= position <= len(segment.elements):
            raise KeyError(element_id)
        return segment.elements[position - 1]


@cache
def load(version: str) -> Version:
    """The version of this name, one of `VERSIONS`; ValueError for another."""
    if version not in VERSIONS:
        raise ValueError(f"not an ASAP version that is read here; read are {', '.join(VERSIONS)}")
    elements: dict[str, list[Element]] = {}
    for row in _table(f"versions/{version}.csv"):
        code_list = row["code_list"] or None
        elements.setdefault(row["segment"], []).append(
            Element(
                id=row["element"],
                segment=row["segment"],
                position=int(row["position"]),
                name=row["name"],
                format=row["format"],
                max_length=int(row["length"]),
                usage=Usage(row["usage"]),
                codes=codes(code_list) if code_list else MappingProxyType({}),
                code_list=code_list,
            )
        )
    segments = {
        row["segment"]: Segment(
            id=row["segment"],
            elements=tuple(elements[row["segment"]]),
            required=row["usage"] == Usage.REQUIRED,
            name=row["name"],
            parent=row["parent"] or None,
        )
        for row in _table("segments.csv")
    }
    return Version(version, MappingProxyType(segments))


@cache
def codes(code_list: str) -> Mapping[str, str]:
    """Code to meaning of one list; FileNotFoundError where there is no such list."""
    return MappingProxyType({row["code"]: row["meaning"] for row in _table(f"codes/{code_list}.csv")})


def _table(path: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(path).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
