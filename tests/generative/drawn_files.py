"""Files as Hypothesis draws them: the specimen, multiplied and spoilt."""

from __future__ import annotations

from hypothesis import strategies as st
from specimens import DRUGS, Segment, Specimen, dispensing, specimen

from schemas.asap.specification import VERSIONS, Element, load


# What a sender's system may put anywhere: F5's numbers, F6's days, things that look right, things that do not.
NUMBERS = [
    "0",
    "00",
    "1",
    "07",
    "151",
    "1000",
    "99999999999",
    "1e999",
    "NaN",
    "\u0663",
    "-0",
    "1.5",
    ".5",
    "5.",
    ".",
    "9" * 5000,
]
DAYS = ["20240305", "20240304", "20240306", "20240307", "00000000", "20260230", "00010101", "99991231", "18991231"]
DAYS += ["19000101", "20240229", "20230229", "2024035", "\u0662\u0660240305"]
CODES = [
    "00",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
    "09",
    "10",
    "12",
    "13",
    "98",
    "99",
    "F",
    "M",
    "X",
    "P",
    "T",
    "zz",
]
IDENTIFIERS = [
    "1234567893",
    "1234567890",
    "AB1234563",
    "ab1234563",
    "AB1234564",
    "0000000",
    "1234567",
    "FX-1234563",
    "CT1",
]
PRODUCTS = [ndc for ndc, *_ in DRUGS.values()]
PRODUCTS += ["5165508952", "65162-0627-50", "65162-627-50", "65162-627-5", "11111111111", "99999123456", "A1"]
CLOCKS = ["0000", "2359", "2400", "235959", "235960", "235959Z", "12:30"]
TEXTS = ["A", "SAMPLE", "O'NEIL-ÄÖ", "?" * 56, "A" * 200, "名" * 31]

# A header longer than any header is no header to the reader.
MOST_OF_A_HEADER = 100

VALUES = st.one_of(
    st.none(),
    *(st.sampled_from(pool) for pool in (NUMBERS, DAYS, CODES, IDENTIFIERS, PRODUCTS, CLOCKS, TEXTS)),
    st.text(st.characters(exclude_characters="*~", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=60),
)
LIKELY = {"DT": DAYS, "N": NUMBERS + CODES, "D": NUMBERS, "TM": CLOCKS}


@st.composite
def files(draw: st.DrawFn, most_patients: int = 3) -> Specimen:
    """A file of one transaction and pharmacy, with some patients and records, and up to a dozen spoilt elements."""
    version = draw(st.sampled_from(VERSIONS))
    file = specimen(version)
    patient, prescriber = file.only("PAT"), file.only("PRE")
    file.drop("PAT", "DSP", "PRE")
    body = []
    number = 0
    for _ in range(draw(st.integers(1, most_patients))):
        body.append(patient.copy())
        for _ in range(draw(st.integers(0, 2))):
            number += 1
            body.append(dispensing(version, f"1{number:05}", draw(st.sampled_from(sorted(DRUGS)))))
            if draw(st.integers(0, 9)):
                body.append(prescriber.copy())
            if not draw(st.integers(0, 3)):
                body.append(Segment("CDI", {1: "1", 2: "01", 3: draw(st.sampled_from(PRODUCTS)), 4: "30"}))
            if not draw(st.integers(0, 3)):
                body.append(Segment("AIR", {7: "SAMPLE", 8: "KIM"}))
    file.after("PHA", *body)
    for _ in range(draw(st.integers(0, 14))):
        spoil(draw, file)
    return file


# Where rules look at several elements together, the values that they tell apart: half of all changes are these.
NEAR_DAYS = ["20240304", "20240306", "20240307", "18991231", "19000101", None]
TELLING: dict[str, list[str | None]] = {
    "TH03": ["02", "03", "04", None],
    "TH05": ["20240307", "20240306", None],
    "PHA01": ["1234567890", None],
    "PHA02": ["1234567", "12345", None],
    "PHA03": ["FX1234564", "fx1234563", "000000000", None],
    "PHA14": ["04", "05", "07"],
    "PAT02": ["02", None],
    "PAT03": ["X1", None],
    "PAT18": [*NEAR_DAYS, "UNKNOWN"],
    "PAT20": ["02", "2", None],
    "PAT21": ["09", "12", "13", None],
    "PAT22": ["CANADA"],
    "PAT12": [None],
    "PAT16": [None],
    "DSP01": ["01", "02", None],
    "DSP02": ["100001", "100002", None],
    "DSP03": NEAR_DAYS,
    "DSP05": [*NEAR_DAYS, "20220630", "20220701", "20201231"],
    "DSP06": ["1", None],
    "DSP07": ["02", "06", "07", None],
    "DSP08": PRODUCTS,
    "DSP09": ["0", "60", None],
    "DSP10": ["0", "1", "2", "3", "151", None],
    "DSP12": ["03", "07", None],
    "DSP13": ["00", "01", "1", "02"],
    "DSP14": ["1234567893", "1234567890"],
    "DSP16": ["01", "02", None],
    "DSP17": NEAR_DAYS,
    "DSP24": ["01", "02"],
    "DSP31": ["01", None],
    "DSP32": ["01", "02"],
    "DSP34": ["02", "04", "06", "99"],
    "PRE01": ["1234567890", None],
    "PRE02": ["AB1234564", None, None],
    "PRE04": ["CT1", None],
    "CDI02": ["01", "02", None],
    "CDI03": PRODUCTS,
    "AIR02": ["X1"],
    "AIR03": ["CT"],
    "AIR20": ["CT"],
    "TP01": ["7", ""],
    "TT01": ["other", None],
    "TT02": ["9", ""],
}


def spoil(draw: st.DrawFn, file: Specimen) -> None:
    """Change one element of one segment, often to something near its format."""
    version = load(file.version)
    present = {segment.name for segment in file.segments}
    if draw(st.booleans()):
        element_id = draw(
            st.sampled_from(
                [
                    element
                    for element in TELLING
                    if element[:-2] in present and int(element[-2:]) <= len(version.segments[element[:-2]].elements)
                ]
            )
        )
        segment = draw(st.sampled_from(file.all(element_id[:-2])))
        segment[int(element_id[-2:])] = draw(st.sampled_from(TELLING[element_id]))
        return
    segment = draw(st.sampled_from(file.segments))
    elements = version.segments[segment.name].elements
    if segment.name == "TH":
        position = draw(st.integers(2, 8))  # TH01 and TH09 are the reader's
    else:
        position = draw(st.integers(1, len(elements) + (draw(st.integers(0, 5)) == 0)))
    segment[position] = draw(_value(elements[position - 1] if position <= len(elements) else None))


def _value(element: Element | None) -> st.SearchStrategy[str | None]:
    if element is None:
        return st.sampled_from(TEXTS)
    near = LIKELY.get(element.format, [])
    if element.codes:
        near = [*list(element.codes)[:30], *near]
    if element.id in {"DSP08", "CDI03"}:
        near = PRODUCTS
    if element.id in {"PHA01", "PHA02", "PHA03", "PRE01", "PRE02", "PRE04", "DSP14"}:
        near = IDENTIFIERS
    if element.segment == "TH":
        near = [value for value in near if len(value) < MOST_OF_A_HEADER]
        return st.one_of(st.none(), st.sampled_from([*near, *CODES]))
    return st.one_of(st.sampled_from(near), st.none(), VALUES) if near else VALUES
