"""ASAP files drawn by hand for tests, and a plain reading of them that shares no code with the reader.

A specimen is a list of segments that a test changes before it is read:

    file = specimen("4.2B")
    file.only("DSP")[5] = "20260230"        # DSP05
    ruling = judge(file.reading(), context())

`Specimen.reading` takes the segments as they are, in slow plain Python; `Specimen.text` is the same file as
bytes, for the real reader. Everything in here is invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from math import inf
from typing import Any

import polars as pl

from drugs.table import DRUG_SCHEMA
from schemas.asap.specification import VERSIONS, load
from schemas.dispensation import ROW_COLUMNS, ROW_SCHEMA
from schemas.dispenser import REGISTER_SCHEMA
from schemas.reading import TRANSACTION_SCHEMA, ZERO_REPORT_SCHEMA, Reading
from validation.context import Context


TODAY = date(2024, 3, 6)

# One drug of each kind that a rule tells apart; invented codes, except tramadol's of asap.md 1.7.
DRUGS = {
    "tramadol": ("65162062750", "IV", "opioid", False),
    "oxycodone": ("00406055201", "II", "opioid", False),
    "methadone": ("00054057125", "II", "opioid", True),
    "buprenorphine": ("00093565656", "III", "buprenorphine", True),
    "gabapentin": ("00071080324", None, "gabapentin", False),
    "naloxone": ("69547035302", None, "naloxone", False),
    "insulin": ("00002751001", None, "insulin", False),
    "amoxicillin": ("00093310905", None, "other", False),
}

DRUG_TABLE = pl.DataFrame(
    [
        {"ndc": ndc, "name": name, "schedule": schedule, "drug_class": kind, "agonist": agonist}
        for name, (ndc, schedule, kind, agonist) in DRUGS.items()
    ],
    schema={name: DRUG_SCHEMA[name] for name in ("ndc", "name", "schedule", "drug_class", "agonist")},
)

NPI, DEA, PRESCRIBER_DEA = "1234567893", "FX1234563", "AB1234563"


def context(**changes: Any) -> Context:
    """What the judge knows offline on the day of the specimens; any of it changed."""
    return Context(**({"received_on": TODAY, "drugs": DRUG_TABLE, "drug_edition": "specimens"} | changes))


def register(*entries: dict[str, str | None]) -> pl.DataFrame:
    """A dispenser register; each entry has the specimen pharmacy's DEA number unless it says otherwise."""
    usual = {"dispenser_id": "d1", "name": "EXAMPLE PHARMACY", "dea": DEA, "cadence": "daily"}
    return pl.DataFrame([usual | entry for entry in entries], schema=REGISTER_SCHEMA)


class Segment(dict[int, str | None]):
    """One segment: element position to value; an element left out is empty."""

    def __init__(self, name: str, elements: dict[int, str] | None = None) -> None:
        super().__init__(elements or {})
        self.name = name

    def __setitem__(self, position: int, value: str | None) -> None:
        if value is None:
            self.pop(position, None)
        else:
            super().__setitem__(position, value)

    def copy(self) -> Segment:
        return Segment(self.name, dict(self))


@dataclass
class Specimen:
    """A file as a list of segments; TP01 and TT02 count right where a test does not set them."""

    version: str
    segments: list[Segment] = field(default_factory=list)

    def all(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment.name == name]

    def only(self, name: str) -> Segment:
        (segment,) = self.all(name)
        return segment

    def drop(self, *names: str) -> Specimen:
        self.segments = [segment for segment in self.segments if segment.name not in names]
        return self

    def after(self, name: str, *segments: Segment) -> Specimen:
        """Put segments behind the last one of this name."""
        place = max(number for number, segment in enumerate(self.segments) if segment.name == name) + 1
        self.segments[place:place] = segments
        return self

    def set(self, **elements: str | None) -> Specimen:
        """Set elements of the first segment of their name: ``set(DSP05="20240304", PAT20="02")``."""
        for element, value in elements.items():
            self.all(element[:-2])[0][int(element[-2:])] = value
        return self

    def text(self, terminator: str = "~", newline: str = "\n") -> bytes:
        """The same file as bytes."""
        lines = []
        for segment in self.counted():
            last = 9 if segment.name == "TH" else max(segment, default=0)
            values = [segment.get(position) or "" for position in range(1, last + 1)]
            if segment.name == "TH":
                values[8] = terminator
            lines.append("*".join([segment.name, *values]) + terminator + newline)
        return "".join(lines).encode()

    def counted(self) -> list[Segment]:
        """The segments, with the counts filled in where a test left them to be."""
        counted, start, loop = [], 0, 0
        for number, segment in enumerate(segment.copy() for segment in self.segments):
            if segment.name == "TH":
                start = number
            elif segment.name == "PHA":
                loop = number
            elif segment.name == "TP":
                segment.setdefault(1, str(number - loop + 1))
            elif segment.name == "TT":
                segment.setdefault(2, str(number - start + 1))
            counted.append(segment)
        return counted

    def reading(self) -> Reading:
        """The file as a reader should read it."""
        return plain_reading(self.counted())


def specimen(version: str = "4.2A") -> Specimen:
    """The worked example of asap.md 1.7 in any version, with nothing to find in it."""
    zip_code = "06103"
    time = "210500Z" if version == "5.0" else "210500"
    segments = [
        Segment("TH", {1: version, 2: "20240305-1", 3: "01", 5: "20240305", 6: time, 7: "P", 9: "~"}),
        Segment("IS", {1: "5550000000", 2: "EXAMPLE PHARMACY", 3: "#20240305#-#20240305#"}),
        Segment("PHA", {1: NPI, 2: "0000000", 3: DEA, 4: "EXAMPLE PHARMACY", 8: "CT", 9: "06103"}),
        Segment(
            "PAT",
            {7: "SAMPLE", 8: "ALEX", 12: "2 EXAMPLE ST", 14: "HARTFORD", 15: "CT", 16: zip_code}
            | {18: "19800101", 19: "U", 20: "01"},
        ),
        dispensing(version),
        Segment("PRE", {1: NPI, 2: PRESCRIBER_DEA, 5: "SAMPLE", 6: "ROBIN"}),
        Segment("TP"),
        Segment("TT", {1: "20240305-1"}),
    ]
    return Specimen(version, segments)


def dispensing(version: str, rx_number: str = "100001", drug: str = "tramadol") -> Segment:
    """A DSP segment with nothing to find in it."""
    elements = {1: "00", 2: rx_number, 3: "20240304", 4: "0", 5: "20240305", 6: "0", 7: "01", 8: DRUGS[drug][0]}
    elements |= {9: "30", 10: "7", 11: "01", 12: "05", 13: "02" if version == "4.1" else "00", 16: "01"}
    if version == "5.0":
        elements |= {31: "02"}
    return Segment("DSP", elements)


def zero_report(version: str = "4.2A") -> Specimen:
    """The zero report of asap.md 4."""
    file = specimen(version).set(IS03="#20240101#-#20240107#")
    file.segments[3] = Segment("PAT", {7: "REPORT", 8: "ZERO", 20: "01"})
    file.segments[4] = Segment("DSP", {1: "00", 5: "20240107"})
    file.segments[5] = Segment("PRE")
    return file.after("PRE", Segment("CDI"), Segment("AIR"))


# A PLAIN READING -------------------------------------------------------------------------------
BELOW = ("PAT", "DSP", "PRE", "CDI", "AIR")


def plain_reading(segments: Iterable[Segment]) -> Reading:  # noqa: C901, PLR0912, PLR0915  one pass, in file order
    """A reading of whole transactions, one segment after the other."""
    frames: dict[str, list[dict[str, Any]]] = {}
    transactions, strays, zeros = [], [], []
    number = record = 0
    version, pharmacy, patient, dispensed, covers = "", None, None, None, None
    seen_in_loop = 0
    rows: list[dict[str, Any]] = []
    for position, segment in enumerate(segments, 1):
        name = segment.name
        place: dict[str, Any] = {"position": position, "transaction": number}
        if name == "TH":
            number, version = number + 1, (segment.get(1) or "").upper()
            place["transaction"] = number
            pharmacy = patient = dispensed = covers = None
            transactions.append(
                {
                    "transaction": number,
                    "version": version,
                    "control_number": segment.get(2) or None,
                    "transaction_type": segment.get(3) or None,
                    "file_type": (segment.get(7) or "").upper() or None,
                    "terminator": "~",
                    "position": position,
                }
            )
        misplaced = (
            name not in load(VERSIONS[-1]).segments
            or (name in {"PAT", "TP"} and pharmacy is None)
            or (name == "DSP" and patient is None)
            or (name in {"PRE", "CDI", "AIR"} and dispensed is None)
            or (name == "PRE" and dispensed is not None and "PRE" in dispensed)
        )
        seen_in_loop += 1
        if misplaced:
            known = name if name in load(VERSIONS[-1]).segments else None
            strays.append(place | {"segment": known})
            continue
        if name == "IS":
            covers = re.search(r"#([0-9]{8})#-#([0-9]{8})#", segment.get(3) or "")
        elif name == "PHA":
            pharmacy = {"position": position, "segment": segment}
            patient = dispensed = None
            seen_in_loop = 1
        elif name == "PAT":
            zero = [(segment.get(n) or "").upper() for n in (7, 8)] == ["REPORT", "ZERO"]
            patient = {"position": position, "segment": segment, "zero": zero, "record": None}
            dispensed = None
            if zero:
                zeros.append(_zero(place, pharmacy, covers))
        elif name == "DSP":
            record += 0 if patient["zero"] else 1
            dispensed = {"record": None if patient["zero"] else record, "segment": segment}
            if patient["record"] is None:
                patient["record"] = dispensed["record"]
            if not patient["zero"]:
                rows.append(_row(place, version, record, pharmacy, patient, segment))
            elif zeros[-1]["covers_from"] is None:
                zeros[-1]["covers_from"] = zeros[-1]["covers_to"] = _day(segment.get(5))
        elif name == "PRE":
            dispensed["PRE"] = segment
            if not patient["zero"]:
                rows[-1] |= {"pre_position": position, **_said("PRE", segment, version)}
        elif name == "CDI" and not patient["zero"] and segment:
            rows[-1]["ingredients"] = (rows[-1]["ingredients"] or []) + [_ingredient(segment)]
        if name in ("PHA", "TP", *BELOW):
            place["pha_position"] = pharmacy["position"]
        if name in BELOW[1:]:
            place |= {"pat_position": patient["position"], "record": dispensed["record"]}
        if name == "PAT":
            place["patient"] = patient
        if name == "TP":
            place["segments_seen"] = seen_in_loop
            pharmacy = patient = dispensed = None
        if name == "TT":
            place["segments_seen"] = position - transactions[-1]["position"] + 1
            transactions[-1] |= {"trailer_position": position, "segments_seen": place["segments_seen"]}
        width = len(load(version).segments[name].elements)
        place["surplus"] = any(value for at, value in segment.items() if at > width)
        place |= {f"{name}{at:02}": value or None for at, value in segment.items() if at <= width}
        frames.setdefault(name, []).append(place)
    for patient_row in frames.get("PAT", []):
        patient_row["record"] = patient_row.pop("patient")["record"]
    versions = {row["version"] for row in transactions}
    return Reading(
        transactions=pl.DataFrame(transactions, schema=TRANSACTION_SCHEMA),
        segments={name: _frame(name, found, versions) for name, found in frames.items()},
        strays=pl.DataFrame(
            strays, schema={"position": pl.UInt32, "transaction": pl.UInt16, "segment": pl.String}, orient="row"
        ),
        rows=pl.DataFrame(rows, schema=ROW_SCHEMA),
        zero_reports=pl.DataFrame(zeros, schema=ZERO_REPORT_SCHEMA),
    )


def _frame(name: str, found: list[dict[str, Any]], versions: set[str]) -> pl.DataFrame:
    widest = max(len(load(version).segments[name].elements) for version in versions)
    schema = {"position": pl.UInt32, "transaction": pl.UInt16, "pha_position": pl.UInt32}
    if name in BELOW:
        schema |= {"pat_position": pl.UInt32, "record": pl.UInt32}
    if name in {"TP", "TT"}:
        schema |= {"segments_seen": pl.UInt32}
    schema |= {"surplus": pl.Boolean} | {f"{name}{at:02}": pl.String for at in range(1, widest + 1)}
    return pl.DataFrame(found, schema=schema)


def _zero(place: dict[str, Any], pharmacy: Any, covers: re.Match[str] | None) -> dict[str, Any]:
    first, last = (_day(covers[1]), _day(covers[2])) if covers else (None, None)
    return {
        **place,
        "pha_position": pharmacy["position"],
        **_said("PHA", pharmacy["segment"], ""),
        "covers_from": first,
        "covers_to": last,
    }


def _row(
    place: dict[str, Any], version: str, record: int, pharmacy: Any, patient: Any, segment: Segment
) -> dict[str, Any]:
    row = {
        **place,
        "record": record,
        "version": version,
        "pha_position": pharmacy["position"],
        "pat_position": patient["position"],
        "pre_position": None,
        "ingredients": None,
        **_said("PHA", pharmacy["segment"], version),
        **_said("PAT", patient["segment"], version),
        **_said("DSP", segment, version),
        **_said("PRE", Segment("PRE"), version),
    }
    if row["reporting_status"] is None and version in {"4.1", "4.2"}:
        row["reporting_status"] = "00"
    row["ndc"] = _ndc(row["product_id"]) if row["product_qualifier"] == "01" else None
    if version == "4.1":
        row["partial_fill"] = {1: 1, 2: 0}.get(row["partial_fill"])
    return {name: row.get(name) for name in ROW_SCHEMA}


def _said(name: str, segment: Segment, version: str) -> dict[str, Any]:
    """The typed columns that one segment fills."""
    said: dict[str, Any] = {}
    for column in ROW_COLUMNS:
        if len(column.elements) != 1 or column.elements[0][:-2] != name or column.name == "version":
            continue
        if version and int(column.elements[0][-2:]) > len(load(version).segments[name].elements):
            said[column.name] = None
            continue
        value = segment.get(int(column.elements[0][-2:])) or None
        readers = {pl.Date: _day, pl.Int32: _whole, pl.Float64: _decimal}
        said[column.name] = readers.get(column.dtype, lambda text: text)(value)  # type: ignore[call-overload]
    return said


def _ingredient(segment: Segment) -> dict[str, Any]:
    names = ("sequence", "product_qualifier", "product_id", "quantity", "dosage_units")
    values = {name: segment.get(at) for at, name in enumerate(names, 1)}
    return values | {"quantity": _decimal(values["quantity"])}


def _day(text: str | None) -> date | None:
    if text is None or not re.fullmatch("[1-9][0-9]{7}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _whole(text: str | None) -> int | None:
    if not text or not re.fullmatch("[0-9]{1,400}", text):
        return None
    return int(text) if int(text) < 2**31 else None


def _decimal(text: str | None) -> float | None:
    number = float(text) if text and re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", text) else inf
    return None if number == inf else number


def _ndc(text: str | None) -> str | None:
    parts = (text or "").split("-")
    if len(parts) == 1:
        return text if re.fullmatch("[0-9]{11}", text or "") else None
    if [len(part) for part in parts] not in ([5, 4, 2], [4, 4, 2], [5, 3, 2], [5, 4, 1]) or not all(
        re.fullmatch("[0-9]+", part) for part in parts
    ):
        return None
    return parts[0].zfill(5) + parts[1].zfill(4) + parts[2].zfill(2)
