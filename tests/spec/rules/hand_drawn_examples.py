"""The examples of all rules that are not made from the specification, in the order of the rule book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rule_examples import Change, Example, both, compound, nothing, put
from specimens import DRUGS, Segment, Specimen, dispensing, register, specimen, zero_report


OXYCODONE, GABAPENTIN, NALOXONE = (DRUGS[name][0] for name in ("oxycodone", "gabapentin", "naloxone"))
UNKNOWN = "11111111111"
OTHER_DEA = "AP5836727"


def drawn(
    code: str,
    broken: Change,
    repaired: Change = nothing,
    *,
    version: str = "4.2A",
    start: Callable[[str], Specimen] = specimen,
    beside: tuple[str, ...] = (),
    **knows: Any,
) -> Example:
    return Example(code, version, broken, repaired, knows, start, frozenset(beside))


def drop(*names: str) -> Change:
    return lambda file: file.drop(*names)


def add(name: str, *segments: Segment) -> Change:
    """Put copies of segments behind the last one of a name."""
    return lambda file: file.after(name, *(segment.copy() for segment in segments))


def again(**elements: str) -> Change:
    """Report the same dispensation a second time under the same patient, with these elements changed."""

    def change(file: Specimen) -> None:
        second = file.all("DSP")[0].copy()
        for element, value in elements.items():
            second[int(element[-2:])] = value
        file.after("PRE", second, file.all("PRE")[0].copy())

    return change


def second_pharmacy(file: Specimen) -> None:
    """Put another pharmacy of the same content behind the first."""
    loop = [segment.copy() for segment in file.segments if segment.name not in {"TH", "IS", "TT"}]
    loop[2][2] = "100002"
    file.after("TP", *loop)


def second_transaction(file: Specimen) -> None:
    """Put another transaction behind the first."""
    file.segments += specimen(file.version).set(DSP02="100002").segments


def surplus(name: str) -> Change:
    return lambda file: file.all(name)[0].__setitem__(40, "X")


def stray(name: str, before: str, segment: Segment) -> Change:
    """Put a segment where none of its kind may stand: directly before the first of a name."""

    def change(file: Specimen) -> None:
        place = next(number for number, its in enumerate(file.segments) if its.name == before)
        file.segments.insert(place, segment.copy())

    assert segment.name == name
    return change


SURPLUS = [drawn(f"S-{name}-SURPLUS", surplus(name)) for name in ("IS", "PHA", "PAT", "DSP", "PRE", "TP", "TT")] + [
    drawn("S-CDI-SURPLUS", both(compound, surplus("CDI")), compound),
    drawn("S-AIR-SURPLUS", both(add("PRE", Segment("AIR")), surplus("AIR")), add("PRE", Segment("AIR"))),
]

STRUCTURE = [
    drawn("S-IS-MISSING", drop("IS")),
    drawn("S-TT-MISSING", drop("TT")),
    drawn("S-PHA-MISSING", drop("PHA", "PAT", "DSP", "PRE", "TP")),
    drawn("S-PAT-MISSING", drop("PAT", "DSP", "PRE")),
    drawn("S-DSP-MISSING", add("PRE", Segment("PAT", {7: "OTHER", 8: "KIM"} | dict(specimen().only("PAT")))), nothing),
    drawn("S-PRE-MISSING", drop("PRE")),
    drawn("S-TP-MISSING", drop("TP")),
    drawn("S-CDI-MISSING", put(DSP07="06", DSP08="99999123456"), compound),
    drawn("S-CDI-MISSING", both(put(DSP07="06", DSP08="99999123456"), add("PRE", Segment("CDI"))), compound),
    drawn("S-CONTROL-NUMBER", put(TT01="other")),
    drawn(
        "S-CONTROL-NUMBER",
        put(TH02="20240305-0001", TT01="20240305-9"),
        put(TH02="20240305-0001", TT01="20240305-0"),
        version="4.1",
    ),
    drawn("S-TT02-COUNT", put(TT02="9"), put(TT02="08")),
    drawn("S-TP01-COUNT", put(TP01="7"), put(TP01="0000000005")),
    drawn("S-COUNTS", put(TP01="7", TT02="10"), put(TP01="5")),
    drawn("S-COUNTS", both(drop("TP"), put(TT02="10")), drop("TP"), beside=("S-TP-MISSING",)),
    drawn("S-TH03-ANSWER", put(TH03="02"), put(TH03="01")),
    drawn("S-TH03-ANSWER", put(TH03="03"), put(TH03=None)),
    drawn("S-TH07-MIXED", both(second_transaction, put(TH07="T")), second_transaction),
    drawn(
        "S-STRAY-RECORD",
        stray("DSP", "PHA", dispensing("4.2A", "100002")),
        add("PRE", dispensing("4.2A", "100002"), specimen().only("PRE")),
    ),
    drawn("S-STRAY-PRESCRIBER", add("PRE", specimen().only("PRE"))),
    drawn("S-STRAY-OTHER", stray("CDI", "PHA", Segment("CDI")), add("PRE", Segment("CDI"))),
    drawn("S-STRAY-UNKNOWN", add("PRE", Segment("ZZZ", {1: "X"}))),
    *SURPLUS,
]

PAIRS = [
    drawn("E-PAT03-WITH-PAT02", put(PAT02="02"), put(PAT02="02", PAT03="X1")),
    drawn("E-PAT06-WITH-PAT05", put(PAT05="02"), put(PAT05="02", PAT06="X1")),
    drawn("E-PAT02-WITH-PAT01", put(PAT01="CT"), put(PAT01="CT", PAT02="02", PAT03="X1"), version="5.0"),
    drawn("E-AIR01-WITH-AIR02", add("PRE", Segment("AIR", {2: "X1"})), add("PRE", Segment("AIR", {1: "CT", 2: "X1"}))),
    drawn(
        "E-AIR04-WITH-AIR03",
        add("PRE", Segment("AIR", {3: "CT", 7: "SAMPLE", 8: "KIM"})),
        add("PRE", Segment("AIR", {3: "CT", 4: "06", 7: "SAMPLE", 8: "KIM"})),
        version="5.0",
    ),
    drawn(
        "E-AIR21-WITH-AIR20",
        add("PRE", Segment("AIR", {20: "CT"})),
        add("PRE", Segment("AIR", {20: "CT", 21: "06"})),
        version="5.0",
    ),
    drawn("E-DSP31-WITH-DSP16", put(DSP16="01", DSP31=None), put(DSP16="02", DSP31=None), version="5.0"),
    drawn("E-DSP33-WITH-DSP32", put(DSP32="04"), put(DSP32="04", DSP33="02"), version="5.0"),
]

IDENTIFIERS = [
    drawn("I-PHA-NONE", put(PHA01=None, PHA03=None), put(PHA01=None)),
    drawn("I-PHA03-CHECK", put(PHA03="FX1234564"), put(PHA03="fx1234563")),
    drawn("I-PHA01-CHECK", put(PHA01="1234567890"), put(PHA01=None)),
    drawn("I-PHA01-ONLY", put(PHA01="1234567890", PHA03=None), put(PHA03=None)),
    drawn("I-PHA02-FORM", put(PHA02="12345"), put(PHA02="1234567")),
    drawn("E-PRE02-REQUIRED", put(PRE02=None, DSP08=OXYCODONE), put(PRE02=None, DSP08=GABAPENTIN)),
    drawn(
        "I-PRE-NONE",
        put(PRE01=None, PRE02=None, DSP08=UNKNOWN),
        put(PRE01=None, DSP08=UNKNOWN),
        beside=("R-DRUG-UNKNOWN",),
    ),
    drawn(
        "I-PRE-NONE-UNCONTROLLED",
        put(PRE01=None, PRE02=None, DSP08=NALOXONE),
        put(PRE01=None, PRE02=None, PRE04="CT1", DSP08=NALOXONE),
    ),
    drawn("I-PRE02-EXPECTED", put(PRE02=None, DSP08=UNKNOWN), put(DSP08=UNKNOWN), beside=("R-DRUG-UNKNOWN",)),
    drawn("I-PRE02-CHECK", put(PRE02="AB1234564"), put(PRE02="ab1234563")),
    # A wrong number is the only one; with a right NPI beside it, the drug not being controlled, it only warns.
    drawn(
        "I-PRE02-CHECK",
        put(PRE01=None, PRE02="000000000", DSP08=NALOXONE),
        put(PRE02="000000000", DSP08=NALOXONE),
        beside=("I-PRE02-BESIDE-CHECK",),
    ),
    drawn("I-PRE02-BESIDE-CHECK", put(PRE02="000000000", DSP08=NALOXONE), put(DSP08=NALOXONE)),
    drawn("I-PRE01-CHECK", put(PRE01="1234567890"), put(PRE01=None)),
    drawn("I-PRE01-ONLY", put(PRE01="1234567890", PRE02=None, DSP08=NALOXONE), put(PRE02=None, DSP08=NALOXONE)),
    drawn("I-DSP14-CHECK", put(DSP14="1234567890"), put(DSP14="1234567893")),
]

PRODUCTS = [
    drawn("I-DSP08-AMBIGUOUS", put(DSP08="5165508952"), put(DSP08="65162062750")),
    drawn("I-DSP08-FORM", put(DSP08="6516206275X"), put(DSP08="65162062750")),
    drawn("I-DSP08-FORM", put(DSP08="651620627"), put(DSP08="65162-0627-50"), beside=("I-DSP08-HYPHENS",)),
    drawn("I-DSP08-HYPHENS", put(DSP08="65162-627-50"), put(DSP08="65162062750")),
    drawn("I-DSP08-COMPOUND", both(compound, put(DSP08="12345123456")), compound),
    drawn("I-CDI03-AMBIGUOUS", both(compound, put(CDI03="5165508952")), compound),
    drawn("I-CDI03-FORM", both(compound, put(CDI03="X")), compound),
    drawn("I-CDI03-HYPHENS", both(compound, put(CDI03="65162-0627-50")), compound),
    drawn("R-DRUG-UNKNOWN", put(DSP08=UNKNOWN)),
    drawn("R-INGREDIENT-UNKNOWN", both(compound, put(CDI03=UNKNOWN)), compound),
    *(drawn("R-PRODUCT-NOT-NDC", put(DSP07=qualifier, DSP08="A1")) for qualifier in ("02", "03", "04", "05")),
    drawn("R-SCHEDULE-DISAGREES", put(DSP34="02"), put(DSP34="04"), version="5.0"),
    drawn("R-SCHEDULE-DISAGREES", put(DSP34="99"), put(DSP34="06"), version="5.0"),
    drawn("R-SCHEDULE-DISAGREES", put(DSP34="05", DSP08=GABAPENTIN), put(DSP34="99", DSP08=GABAPENTIN), version="5.0"),
    drawn("R-QUANTITY-ZERO", put(DSP09="0.0"), put(DSP09="0.1")),
    drawn("R-DAYS-ZERO", put(DSP10="0"), put(DSP10="1")),
    drawn("R-DAYS-ZERO", put(DSP10="0"), put(DSP10="0", DSP08=NALOXONE)),
    drawn("R-DAYS-LONG", put(DSP10="151"), put(DSP10="150")),
]

DATES = [
    drawn("D-WRITTEN-AFTER-FILLED", put(DSP03="20240306"), put(DSP03="20240305")),
    drawn("D-WRITTEN-AFTER-FILLED", put(DSP03="20240306"), put(DSP03="20240306", DSP12="03")),
    drawn("D-WRITTEN-FUTURE", put(DSP03="20240307", DSP12="03"), put(DSP03="20240306", DSP12="03")),
    drawn(
        "D-WRITTEN-ABSURD",
        put(DSP03="18991231", PAT18="19000101"),
        put(DSP03="19000101", PAT18="19000101"),
        beside=("D-BORN-AFTER-WRITTEN",),
    ),
    drawn("D-WRITTEN-ABSURD", put(DSP03="10000101", PAT20="02"), put(DSP03="19000101", PAT20="02")),
    drawn("D-FILLED-FUTURE", put(DSP05="20240307"), put(DSP05="20240306")),
    drawn("D-FILLED-FUTURE", put(DSP05="99991231"), put(DSP05="20240306")),
    drawn("D-FILLED-ABSURD", put(DSP05="18991231", DSP12="03"), put(DSP05="19000101", DSP12="03")),
    drawn("D-SOLD-BEFORE-FILLED", put(DSP17="20240304"), put(DSP17="20240305")),
    drawn("D-SOLD-FUTURE", put(DSP17="20240307"), put(DSP17="20240306")),
    drawn("D-BORN-AFTER-WRITTEN", put(PAT18="20240305"), put(PAT18="20240304")),
    drawn("D-BORN-AFTER-WRITTEN", put(PAT18="20240305"), put(PAT18="20240305", PAT20="02")),
    drawn("D-BORN-FUTURE", put(PAT18="20240307"), put(PAT18="20240304"), beside=("D-BORN-AFTER-WRITTEN",)),
    drawn("D-BORN-ABSURD", put(PAT18="18991231"), put(PAT18="19000101")),
    drawn("D-BORN-ABSURD", put(PAT18="18991231"), put(PAT18="18991231", PAT20="02")),
    drawn(
        "D-BORN-ANIMAL", put(PAT18="UNKNOWN", PAT20="02"), put(PAT18="20190101", PAT20="02"), beside=("E-PAT18-TYPE",)
    ),
    drawn("D-CREATED-FUTURE", put(TH05="20240307"), put(TH05="20240306")),
]

ZERO_REPORTS = [
    drawn(
        "Z-COVERS-UNREADABLE",
        put(IS03="#2024#", DSP05=None),
        put(IS03="Range #20240101#-#20240101#"),
        start=zero_report,
    ),
    drawn("Z-COVERS-REVERSED", put(IS03="#20240107#-#20240106#"), put(IS03="#20240107#-#20240107#"), start=zero_report),
    drawn("Z-COVERS-FUTURE", put(IS03="#20240301#-#20240307#"), put(IS03="#20240301#-#20240306#"), start=zero_report),
    drawn("Z-COVERS-LONG", put(IS03="#20240101#-#20240201#"), put(IS03="#20240101#-#20240131#"), start=zero_report),
]

REPEATS = [
    drawn("R-DUPLICATE", again(), again(DSP13="01")),
    drawn("R-DUPLICATE", again(DSP10="8"), again(DSP10="8", DSP06="1")),
    drawn("R-DUPLICATE", again(DSP08="65162-0627-50"), again(DSP06="1"), beside=("I-DSP08-HYPHENS",)),
    drawn("R-CONTRADICTION", again(DSP09="60"), again(DSP09="60", DSP13="01")),
    drawn("R-CONTRADICTION", again(DSP08=OXYCODONE), again(DSP08=OXYCODONE, DSP02="100002")),
]

ONE = register({"kind": "pharmacy"})
TWO = register({"kind": "pharmacy", "npi": None}, {"dispenser_id": "d2", "dea": OTHER_DEA, "npi": "1234567893"})

HELD = [
    drawn("H-PHARMACY-UNKNOWN", put(PHA03=OTHER_DEA), dispensers=ONE),
    drawn("H-PHARMACY-CONFLICT", nothing, put(PHA01=None), dispensers=TWO),
    drawn(
        "H-PHARMACY-NOT-PERMITTED",
        put(PHA03=OTHER_DEA, PHA01=None),
        put(PHA01=None),
        dispensers=TWO,
        permitted=frozenset({"d1"}),
    ),
    drawn("H-REVISION", put(DSP01="01"), put(DSP01="00")),
    drawn("H-VOID", put(DSP01="02"), put(DSP01="00")),
    drawn("H-VOID-FILE", both(drop("IS", "PHA", "PAT", "DSP", "PRE", "TP"), put(TH03="04"))),
]

BY_HAND = [*STRUCTURE, *PAIRS, *IDENTIFIERS, *PRODUCTS, *DATES, *ZERO_REPORTS, *REPEATS, *HELD]
