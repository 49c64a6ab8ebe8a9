"""The tables of schemas/asap say what the reference says: widths, formats, usage, codes per version."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from schemas.asap.specification import VERSIONS, Usage, codes, load


ORDER = ["TH", "IS", "PHA", "PAT", "DSP", "PRE", "CDI", "AIR", "TP", "TT"]

# How many elements each segment has, in the order of VERSIONS.
WIDTHS = {
    "TH": (9, 9, 9, 9, 9),
    "IS": (3, 3, 3, 3, 5),
    "PHA": (12, 12, 13, 13, 15),
    "PAT": (23, 23, 23, 23, 29),
    "DSP": (19, 21, 25, 25, 36),
    "PRE": (7, 9, 9, 10, 15),
    "CDI": (5, 5, 5, 5, 6),
    "AIR": (10, 11, 11, 11, 32),
    "TP": (1, 1, 1, 1, 1),
    "TT": (2, 2, 2, 2, 2),
}

# Format and maximum length in the order of VERSIONS, "-" where a version lacks the element.
FORMATS = {
    "TH04": "AN10 AN40 AN40 AN40 AN40",
    "TH06": "TM6 TM6 TM6 TM6 TM7",
    "IS01": "AN10 AN10 AN10 AN10 N10",
    "PHA05": "AN30 AN30 AN30 AN55 AN55",
    "PHA09": "AN9 AN9 AN9 AN9 AN10",
    "PHA13": "- - AN20 AN20 AN20",
    "PAT05": "AN2 AN2 N2 N2 N2",
    "PAT12": "AN30 AN35 AN35 AN55 AN55",
    "PAT15": "AN10 AN10 AN10 AN10 AN2",
    "PAT24": "- - - - AN50",
    "DSP04": "N2 N2 N2 N2 N4",
    "DSP15": "AN10 AN10 AN10 AN10 AN20",
    "DSP18": "AN15 N2 N2 N2 AN20",
    "DSP19": "N30 AN15 AN15 AN15 AN15",
    "DSP20": "- AN35 AN35 AN35 AN35",
    "DSP22": "- - N100 N15 D11",
    "PRE04": "AN10 AN20 AN20 AN20 AN20",
    "PRE08": "- N10 N10 AN10 N10",
    "PRE10": "- - - AN2 AN2",
    "AIR11": "- N2 N2 N2 N2",
    "TT01": "AN10 AN40 AN40 AN40 AN40",
    "TT02": "N10 N10 N10 N10 N12",
}

# The codes each version has and, where a code's meaning changes, the word that tells it.
CODES = {
    "TH03": "01 02 03 04 | 01 02 03 04 | 01 02 03 04 | 01 02 03 04 | 01 02 03 04",
    "PAT02": (
        "01 02 03 04 05 06 07 08 99 | 01 02 03 04 05 06 07 08 99 | 01 02 03 04 05 06 07 08 99 | "
        "01 02 03 04 05 06 07 08 09 10 99 | 01 02 03 04 05 06 07 08 09 10 11 99"
    ),
    "PAT19": "F M U | F M U | F M U | F M U | F M N U X",
    "DSP01": "00 01 02 | 00 01 02 | 00 01 02 | 00 01 02 | 00 01 02",
    "DSP07": ("01 02 03 04 05 06 | 01 02 03 04 05 06 | 01 02 03 04 05 06 | 01 02 03 04 05 06 | 01 02 03 04 05 06 07"),
    "DSP12": (
        "01 02 03 04 05 99 | 01 02 03 04 05 99 | 01 02 03 04 05 06 99 | 01 02 03 04 05 06 99 | "
        "01 02 03 04 05 06 07 08 09 99"
    ),
    "AIR06": "01 02 03 04 99 | 01 02 03 04 99 | 01 02 03 04 99 | 01 02 03 04 99 | 01 02 03 99",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_segment_is_there_in_order_with_its_elements(version: str) -> None:
    loaded = load(version)
    assert list(loaded.segments) == ORDER
    for segment in loaded.segments.values():
        assert len(segment.elements) == WIDTHS[segment.id][VERSIONS.index(version)]
        for position, element in enumerate(segment.elements, start=1):
            assert (element.id, element.segment, element.position) == (
                f"{segment.id}{position:02d}",
                segment.id,
                position,
            )
            assert element.format in {"AN", "N", "D", "DT", "TM"}
            assert element.max_length > 0
            assert loaded.element(element.id) is element


@pytest.mark.parametrize("version", VERSIONS)
def test_a_record_needs_every_segment_but_ingredients_and_additional_information(version: str) -> None:
    assert {s.id for s in load(version).segments.values() if not s.required} == {"CDI", "AIR"}
    parents = {s.id: s.parent for s in load(version).segments.values()}
    assert parents == {
        "TH": None, "IS": "TH", "PHA": "IS", "PAT": "PHA", "DSP": "PAT",
        "PRE": "DSP", "CDI": "DSP", "AIR": "DSP", "TP": "PHA", "TT": "TH",
    }  # fmt: skip


@pytest.mark.parametrize("element", FORMATS)
def test_format_and_length(element: str) -> None:
    for version, expected in zip(VERSIONS, FORMATS[element].split(), strict=True):
        if expected == "-":
            with pytest.raises(KeyError):
                load(version).element(element)
        else:
            found = load(version).element(element)
            assert f"{found.format}{found.max_length}" == expected


@pytest.mark.parametrize("element", CODES)
def test_codes(element: str) -> None:
    for version, expected in zip(VERSIONS, CODES[element].split("|"), strict=True):
        assert list(load(version).element(element).codes) == expected.split()


def test_the_same_place_means_other_things_in_other_versions() -> None:
    partial = {v: load(v).element("DSP13") for v in VERSIONS}
    assert dict(partial["4.1"].codes) == {"01": "partial fill", "02": "not a partial fill"}
    for version in VERSIONS[1:]:
        assert list(partial[version].codes) == [f"{n:02d}" for n in range(100)]
        assert partial[version].codes["00"] == "not a partial fill"
        assert partial[version].codes["01"] == "first partial fill"
    assert load("4.2B").element("AIR06").codes["01"] == "patient"
    assert load("5.0").element("AIR06").codes["01"] == "parent or legal guardian"
    assert load("4.1").element("DSP18").name == "RxNorm Code"
    assert load("4.1").element("DSP19").name == "Electronic Prescription Reference Number"
    assert load("4.2").element("DSP19").name == "RxNorm Code"
    assert not load("4.1").element("DSP18").codes
    assert list(load("4.2").element("DSP18").codes) == ["01", "02", "03", "04"]


def test_treatment_types_10_and_11_came_with_4_2b() -> None:
    assert load("4.2B").element("DSP24").codes.keys() - load("4.2A").element("DSP24").codes.keys() == {"10", "11"}


def test_patient_locations_12_and_13_came_with_5_0() -> None:
    assert load("5.0").element("PAT21").codes.keys() - load("4.2B").element("PAT21").codes.keys() == {"12", "13"}


def test_relationship_of_the_person_dropping_off_takes_both_unconfirmed_codes_for_other() -> None:
    assert list(load("5.0").element("AIR23").codes) == ["01", "02", "03", "04", "99"]


def test_usage() -> None:
    assert load("4.2").element("PAT13").usage is Usage.SITUATIONAL  # the VA's 4.2 entry is taken for a slip
    assert load("4.2B").element("PAT15").usage is Usage.SITUATIONAL
    assert load("5.0").element("PAT15").usage is Usage.REQUIRED
    assert load("5.0").element("DSP08").usage is Usage.SITUATIONAL
    assert load("4.2").element("DSP17").usage is Usage.SITUATIONAL
    retired = [e.id for s in load("5.0").segments.values() for e in s.elements if e.usage is Usage.RETIRED]
    assert retired == ["PRE09", "AIR09", "AIR10", "AIR11"]


def test_a_version_that_is_not_read_names_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"read are 4\.1, 4\.2, 4\.2A, 4\.2B, 5\.0"):
        load("4.0")
    with pytest.raises(KeyError):
        load("4.1").element("DSP00")


def test_every_code_list_is_used_and_its_codes_fit_their_element() -> None:
    folder = resources.files("schemas.asap").joinpath("codes")
    used = set()
    for version in VERSIONS:
        for segment in load(version).segments.values():
            for element in segment.elements:
                if element.code_list:
                    used.add(element.code_list)
                    assert element.codes == codes(element.code_list)
                    assert all(code == code.strip() and len(code) <= element.max_length for code in element.codes)
                    assert all(element.codes.values())
                else:
                    assert not element.codes
    assert {file.name.removesuffix(".csv") for file in folder.iterdir()} == used


def test_the_readme_tells_which_lists_differ_by_version() -> None:
    text = resources.files("schemas.asap").joinpath("README.md").read_text(encoding="utf-8")
    told: dict[str, list[str | None]] = {}
    for line in text.split("## Lists that differ by version")[1].split("**Same place")[0].splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) == 6 and re.match(r"[A-Z]{2,3}\d\d", cells[0]):
            lists = [None if cell == "none" else cell for cell in cells[1:]]
            for i in range(1, 5):
                if cells[1 + i] == "same":
                    lists[i] = lists[i - 1]
            for element in re.findall(r"[A-Z]{2,3}\d\d", cells[0]):
                told[element] = lists
    differing: dict[str, list[str | None]] = {}
    for segment in load("5.0").segments.values():
        for element in segment.elements:
            lists = []
            for version in VERSIONS:
                elements = load(version).segments[segment.id].elements
                lists.append(elements[element.position - 1].code_list if element.position <= len(elements) else None)
            if len({name for name in lists if name}) > 1 or element.id == "DSP18":
                differing[element.id] = lists
    assert {k: v for k, v in told.items() if k != "AIR21"} == differing
