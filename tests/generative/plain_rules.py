"""THE ORACLE: every rule once more, in slow plain Python, written from the reference and not from the rules.

`broken_rules` takes a drawn file and says which rules which of its segments break. It shares with the judge
the tables of the standard and the list of who asks for what (which a person has to check by eye), and no
expression: two hands that must agree on every file that Hypothesis can think of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from math import isfinite

from specimens import DRUGS, Segment, Specimen

from schemas.asap.specification import load
from schemas.identifiers import canonical_ndc_number, is_dea_number, is_npi_number


TODAY = date(2024, 3, 6)
SCHEDULE = {ndc: schedule for ndc, schedule, _, _ in DRUGS.values()}
DRUG_CLASS = {ndc: kind for ndc, _, kind, _ in DRUGS.values()}

Found = set[tuple[str, int]]  # rule code, position of the segment


def day(text: str | None) -> date | None:
    if text is None or not re.fullmatch(r"[1-9][0-9]{7}", text, re.ASCII):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def whole(text: str | None) -> int | None:
    """As the typed row holds it: a 32-bit integer."""
    if text is None or not re.fullmatch(r"[0-9]+", text, re.ASCII) or len(text) > 4000:
        return None
    return int(text) if int(text) < 2**31 else None


def decimal(text: str | None) -> float | None:
    """As the typed row holds it: hundreds of digits make infinity, which is no quantity."""
    if text is None or not re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", text, re.ASCII):
        return None
    return float(text) if isfinite(float(text)) else None


@dataclass
class Record:
    """One dispensation with the segments that govern it."""

    version: str
    position: int
    pat_position: int
    dsp: Segment
    pat: Segment
    pre: Segment | None = None
    pre_position: int | None = None
    cdi: list[tuple[int, Segment]] = field(default_factory=list)

    @property
    def ndc(self) -> str | None:
        return canonical_ndc_number(self.dsp[8]) if self.dsp.get(7) == "01" and self.dsp.get(8) else None

    @property
    def known(self) -> bool | None:
        return None if self.ndc is None else self.ndc in SCHEDULE

    @property
    def schedule(self) -> str | None:
        return SCHEDULE.get(self.ndc or "")

    @property
    def at_any_supply(self) -> bool:
        """asap.md 9.3: naloxone, the diabetes drugs, and devices, which come as UPC or HRI."""
        return self.drug_class in {"naloxone", "insulin"} or self.dsp.get(7) in {"02", "03"}

    @property
    def drug_class(self) -> str | None:
        return DRUG_CLASS.get(self.ndc or "")


def broken_rules(file: Specimen) -> Found:
    """Every (rule, position) that the file breaks; for one transaction, without a register."""
    segments = [(position, segment) for position, segment in enumerate(file.counted(), 1)]
    found: Found = set()
    for position, segment in segments:
        found |= {
            (code, position) for code in _element_rules(file.version, segment, _record_of(segments, position, file))
        }
        found |= {(code, position) for code in _pair_rules(file.version, segment)}
        width = len(load(file.version).segments[segment.name].elements)
        if any(value for at, value in segment.items() if at > width):
            found.add((f"S-{segment.name}-SURPLUS", position))
    records = list(_records(segments, file.version))
    for record in records:
        found |= set(_record_rules(record))
    for position, segment in segments:
        if segment.name == "PHA":
            found |= {(code, position) for code in _pharmacy_rules(segment)}
        if segment.name == "PAT":
            found |= {(code, position) for code in _birth_rules(segment)}
        if segment.name == "TH" and (made := day(segment.get(5))) and made > TODAY:
            found.add(("D-CREATED-FUTURE", position))
    return found | set(_structure_rules(segments, records, file.version))


# WHICH RECORDS ---------------------------------------------------------------------------------
def _records(segments: list[tuple[int, Segment]], version: str) -> Iterator[Record]:
    patient: tuple[int, Segment] | None = None
    record: Record | None = None
    for position, segment in segments:
        if segment.name == "PAT":
            patient = (position, segment)
        if segment.name in {"PAT", "DSP", "TP"} and record is not None:
            yield record
            record = None
        if segment.name == "DSP" and patient is not None:
            record = Record(version, position, patient[0], segment, patient[1])
        elif segment.name == "PRE" and record is not None:
            record.pre, record.pre_position = segment, position
        elif segment.name == "CDI" and record is not None:
            record.cdi.append((position, segment))


def _record_of(segments: list[tuple[int, Segment]], position: int, file: Specimen) -> Record | None:
    for record in _records(segments, file.version):
        if position in {record.position, record.pre_position}:
            return record
    return None


# ONE ELEMENT -----------------------------------------------------------------------------------
# From the reference: asked of everybody, and where (asap.md 2 "usage" and "also asked by", 9.2).
REQUIRED = {
    *("TH02", "TH05", "TH06", "TH07", "TH09", "IS01", "IS02", "TP01", "TT01", "TT02"),
    *("PAT07", "PAT08", "PAT12", "PAT14", "PAT15", "PAT16", "PAT18", "PAT19"),
    *("DSP01", "DSP02", "DSP03", "DSP04", "DSP05", "DSP06", "DSP07", "DSP08", "DSP09", "DSP10", "DSP12", "DSP16"),
    *("CDI01", "CDI02", "CDI03", "CDI04", "AIR07", "AIR08"),
}


def _let_off(element: str, version: str, segment: Segment, record: Record | None) -> bool:  # noqa: PLR0911  a table in words
    if element in {"PAT08", "PAT18", "PAT19"}:
        return segment.get(20) == "02"
    if element in {"PAT12", "PAT14", "PAT15", "PAT16"}:
        return segment.get(22) is not None or segment.get(21) in {"12", "13"}
    if element == "DSP01":
        return version in {"4.1", "4.2"}
    if element == "DSP08":
        return segment.get(7) == "07"
    if element == "DSP10":
        return record is not None and record.at_any_supply
    if segment.name == "CDI":
        return not any(segment.get(at) for at in range(1, 6))
    if segment.name == "AIR":
        return version != "5.0" or not any(segment.get(at) for at in (3, 4, 5, 6, 7, 8, *range(12, 20)))
    return False


def _element_rules(version: str, segment: Segment, record: Record | None) -> Iterator[str]:  # noqa: C901  one after the other
    for element in load(version).segments[segment.name].elements:
        value = segment.get(element.position) or None
        if value is None:
            if element.id in REQUIRED and not _let_off(element.id, version, segment, record):
                yield f"E-{element.id}-REQUIRED"
            continue
        if element.id in {"TH01", "TH09"}:
            continue
        if element.codes:
            shown = value.zfill(2) if element.id == "DSP13" else value
            shown = shown.upper() if element.id == "TH07" else shown
            if shown not in element.codes:
                yield f"E-{element.id}-CODE"
            elif element.id == "DSP13" and version == "4.1" and value not in {"01", "02"}:
                yield "E-DSP13-CODE"  # 4.1 knows the two codes only, and the row holds neither
            continue
        if element.format in {"DT", "TM"}:
            if not _reads(element.format, version, value) and not (element.id == "PAT18" and segment.get(20) == "02"):
                yield f"E-{element.id}-TYPE"
            continue
        form = "D" if element.id == "DSP22" else element.format
        if form != "AN" and (not _reads(form, version, value) or _overflows(element.id, value)):
            yield f"E-{element.id}-TYPE"
        if len(value) > element.max_length:
            yield f"E-{element.id}-LENGTH"


def _reads(form: str, version: str, value: str) -> bool:
    if form == "N":
        return value.isascii() and value.isdigit()
    if form == "D":
        return re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", value, re.ASCII) is not None
    if form == "DT":
        return day(value) is not None
    clock = value.removesuffix("Z") if version == "5.0" else value
    if len(clock) not in {4, 6} or not (clock.isascii() and clock.isdigit()):
        return False
    return int(clock[:2]) < 24 and int(clock[2:4]) < 60 and int(clock[4:] or 0) < 60


def _overflows(element: str, value: str) -> bool:
    """Digits that no typed row can hold are not read, and that is said."""
    if element in {"DSP09", "DSP22"}:
        return decimal(value) is None
    return element in {"DSP04", "DSP06", "DSP10"} and whole(value) is None


def _pair_rules(version: str, segment: Segment) -> Iterator[str]:
    def has(at: int) -> bool:
        return bool(segment.get(at))

    five = version == "5.0"
    pairs = {
        "PAT": [(2, 3, True), (5, 6, True), (1, 2, five)],
        "AIR": [(2, 1, True), (3, 4, five), (20, 21, five)],
    }
    for asking, asked, applies in pairs.get(segment.name, []):
        if applies and has(asking) and not has(asked):
            yield f"E-{segment.name}{asked:02}-WITH-{segment.name}{asking:02}"
    if segment.name == "DSP" and five:
        for paid, card in ((16, 31), (32, 33)):
            if segment.get(paid) in {"01", "04"} and not has(card):
                yield f"E-DSP{card}-WITH-DSP{paid}"


# ELEMENTS TOGETHER -----------------------------------------------------------------------------
def _pharmacy_rules(pha: Segment) -> Iterator[str]:
    npi, ncpdp, dea = (re.sub("[^A-Z0-9]", "", (pha.get(at) or "").upper()).strip("0") for at in (1, 2, 3))
    if not (npi or ncpdp or dea):
        yield "I-PHA-NONE"
    if dea and not is_dea_number(pha[3]):
        yield "I-PHA03-CHECK"
    if npi and not is_npi_number(pha[1]):
        yield "I-PHA01-CHECK" if dea or ncpdp else "I-PHA01-ONLY"
    if ncpdp and not re.fullmatch("[0-9]{7}", pha[2], re.ASCII):
        yield "I-PHA02-FORM"


def _birth_rules(pat: Segment) -> Iterator[str]:
    born = day(pat.get(18))
    if pat.get(20) == "02":
        if pat.get(18) and born is None:
            yield "D-BORN-ANIMAL"
        return
    if born and born > TODAY:
        yield "D-BORN-FUTURE"
    if born and born < date(1900, 1, 1):
        yield "D-BORN-ABSURD"


def _record_rules(record: Record) -> Iterator[tuple[str, int]]:
    yield from ((code, record.position) for code in (*_amounts(record), *_dates(record), *_product(record)))
    born, written = day(record.pat.get(18)), day(record.dsp.get(3))
    if born and written and born > written and record.pat.get(20) != "02":
        yield "D-BORN-AFTER-WRITTEN", record.pat_position
    if record.pre is not None and record.pre_position is not None:
        yield from ((code, record.pre_position) for code in _prescriber(record, record.pre))
    for position, cdi in record.cdi:
        yield from ((code, position) for code in _ingredient(cdi))


def _amounts(record: Record) -> Iterator[str]:  # noqa: C901  one after the other
    quantity, days = decimal(record.dsp.get(9)), whole(record.dsp.get(10))
    if quantity is not None and quantity <= 0:
        yield "R-QUANTITY-ZERO"
    if days == 0 and not record.at_any_supply:
        yield "R-DAYS-ZERO"
    if days is not None and days > 150:
        yield "R-DAYS-LONG"
    if record.known is False:
        yield "R-DRUG-UNKNOWN"
    if record.dsp.get(7) in {"02", "03", "04", "05"}:
        yield "R-PRODUCT-NOT-NDC"
    if record.version == "5.0" and record.known:
        said = {"02": "II", "03": "III", "04": "IV", "05": "V"}.get(record.dsp.get(34) or "")
        if said is not None and said != record.schedule:
            yield "R-SCHEDULE-DISAGREES"
        if record.dsp.get(34) == "99" and record.schedule is not None:
            yield "R-SCHEDULE-DISAGREES"
    if record.dsp.get(14) and not is_npi_number(record.dsp[14]):
        yield "I-DSP14-CHECK"
    if record.dsp.get(7) == "06" and not any(any(cdi.values()) for _, cdi in record.cdi):
        yield "S-CDI-MISSING"
    if record.dsp.get(1) in {"01", "02"}:
        yield "H-REVISION" if record.dsp[1] == "01" else "H-VOID"
    if record.pre is None:
        yield "S-PRE-MISSING"


def _dates(record: Record) -> Iterator[str]:
    written, filled, sold = (day(record.dsp.get(at)) for at in (3, 5, 17))
    ancient = date(1900, 1, 1)
    if written and filled and written > filled and record.dsp.get(12) != "03":
        yield "D-WRITTEN-AFTER-FILLED"
    if written and written > TODAY:
        yield "D-WRITTEN-FUTURE"
    if written and written < ancient:
        yield "D-WRITTEN-ABSURD"
    if filled and filled > TODAY:
        yield "D-FILLED-FUTURE"
    if filled and filled < ancient:
        yield "D-FILLED-ABSURD"
    if sold and filled and sold < filled:
        yield "D-SOLD-BEFORE-FILLED"
    if sold and sold > TODAY:
        yield "D-SOLD-FUTURE"


def _ndc(value: str | None) -> Iterator[str]:
    if value is None:
        return
    if canonical_ndc_number(value) is None:
        yield "AMBIGUOUS" if re.fullmatch("[0-9]{10}", value, re.ASCII) else "FORM"
    elif "-" in value:
        yield "HYPHENS"


def _product(record: Record) -> Iterator[str]:
    if record.dsp.get(7) == "01":
        yield from (f"I-DSP08-{fault}" for fault in _ndc(record.dsp.get(8)))
    if record.dsp.get(7) == "06" and record.dsp.get(8) and not record.dsp[8].startswith("99999"):
        yield "I-DSP08-COMPOUND"


def _ingredient(cdi: Segment) -> Iterator[str]:
    if cdi.get(2) == "01":
        yield from (f"I-CDI03-{fault}" for fault in _ndc(cdi.get(3)))
        ndc = canonical_ndc_number(cdi[3]) if cdi.get(3) else None
        if ndc is not None and ndc not in SCHEDULE:
            yield "R-INGREDIENT-UNKNOWN"


def _prescriber(record: Record, pre: Segment) -> Iterator[str]:
    npi, dea, licence = (pre.get(at) for at in (1, 2, 4))
    uncontrolled = record.known is True and record.schedule is None
    if dea is None and record.schedule is not None:
        yield "E-PRE02-REQUIRED"
    elif dea is None and npi is None and licence is None:
        yield "I-PRE-NONE-UNCONTROLLED" if uncontrolled else "I-PRE-NONE"
    elif dea is None and not uncontrolled:
        yield "I-PRE02-EXPECTED"
    if dea is not None and not is_dea_number(dea):
        another = bool(licence) or (npi is not None and is_npi_number(npi))
        yield "I-PRE02-BESIDE-CHECK" if uncontrolled and another else "I-PRE02-CHECK"
    if npi is not None and not is_npi_number(npi):
        yield "I-PRE01-ONLY" if dea is None and licence is None else "I-PRE01-CHECK"


# THE ENVELOPE ----------------------------------------------------------------------------------
def _structure_rules(
    segments: list[tuple[int, Segment]], records: list[Record], version: str
) -> Iterator[tuple[str, int]]:
    places = {segment.name: position for position, segment in segments}
    pharmacy, header, loop_end, end = (places[name] for name in ("PHA", "TH", "TP", "TT"))
    its = {segment.name: segment for _, segment in segments}
    loop_right = _counts(its["TP"].get(1), loop_end - pharmacy + 1)
    whole_right = _counts(its["TT"].get(2), end - header + 1)
    if loop_right is False and whole_right:
        yield "S-TP01-COUNT", loop_end
    if whole_right is False and loop_right:
        yield "S-TT02-COUNT", end
    if not loop_right and not whole_right:
        yield "S-COUNTS", pharmacy
    control, repeated = its["TH"].get(2), its["TT"].get(1)
    if control and repeated and control != repeated and not (version == "4.1" and control[:10] == repeated):
        yield "S-CONTROL-NUMBER", end
    if its["TH"].get(3) in {"02", "03"}:
        yield "S-TH03-ANSWER", header
    if its["TH"].get(3) == "04":
        yield "H-VOID-FILE", header
    with_record = Counter(record.pat_position for record in records)
    for position, segment in segments:
        if segment.name == "PAT" and not with_record[position]:
            yield "S-DSP-MISSING", position


def _counts(stated: str | None, true: int) -> bool | None:
    return None if not stated else stated.lstrip("0") == str(true)
