"""TH decides how the segments end: the forms of asap.md (1.2 and 1.3)."""

from __future__ import annotations

import pytest

from ingest.rows import read


SEGMENTS = [
    "IS*5550000000*EXAMPLE PHARMACY",
    "PHA*1234567893*0000000*FX1234563",
    "PAT*******SAMPLE*ALEX****2 EXAMPLE ST**HARTFORD*CT*06103**19800101*U*01",
    "DSP*00*100001*20240304*0*20240305*0*01*65162062750*30*7*01*05*00***01",
    "PRE*1234567893*AB1234563***SAMPLE*ROBIN",
    "TP*5",
    "TT*20240305-0001*8",
]


def header(terminator: str, version: str = "4.2A") -> str:
    return f"TH*{version}*20240305-0001*01**20240305*210500*P**{terminator}"


def is_whole(data: bytes, terminator: str) -> bool:
    reading = read(data)
    assert reading.refusals == ()
    assert reading.strays.is_empty()
    assert reading.transactions["terminator"].to_list() == [terminator]
    assert reading.transactions["segments_seen"].to_list() == [8]
    assert reading.segments["TH"]["TH09"].to_list() == [None if terminator == "\n" else terminator]
    assert reading.segments["TT"]["TT02"].to_list() == ["8"]
    row = reading.rows.select("last_name", "city", "gender", "quantity", "payment_code", "prescriber_first_name")
    return row.rows() == [("SAMPLE", "HARTFORD", "U", 30.0, "01", "ROBIN")]


# ~ and \ occur; any other character may be declared, also one that means something to a regular
# expression or a reader of delimited files, and one that is not ASCII.
@pytest.mark.parametrize("terminator", [*"~\\|^$.+?()[]{}\"'`,;:!%&/<=>@_-#", "\x1e", "\x1c", "§", "¬", "ÿ", "→"])
@pytest.mark.parametrize("between", ["", "\n", "\r\n", "\r"])
def test_the_terminator_is_the_character_after_the_ninth_separator(terminator: str, between: str) -> None:
    text = f"{terminator}{between}".join([header(terminator), *SEGMENTS]) + terminator + between
    text = text.replace("-0001", "0001") if terminator == "-" else text
    assert is_whole(text.encode(), terminator)


@pytest.mark.parametrize("between", ["", "\n", "\r\n"])
def test_a_single_terminator_after_th_instead_of_the_double(between: str) -> None:
    text = header("~") + between + f"~{between}".join(SEGMENTS) + "~" + between
    assert is_whole(text.encode(), "~")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_an_empty_th09_means_that_lines_end_the_segments(line_end: str, last: bool) -> None:  # noqa: FBT001 - a parameter
    text = line_end.join([header(""), *SEGMENTS]) + (line_end if last else "")
    assert is_whole(text.encode(), "\n")


@pytest.mark.parametrize(
    "form",
    [
        "TH*4.2A*20240305-0001*01**20240305*210500*P",
        "TH*4.2A*20240305-0001*01**20240305*210500*P*",
        "TH*4.2A*20240305-0001*01**20240305*210500*P**",
        "TH*4.2A*20240305-0001*01**20240305*210500*P***",
        "TH*4.2A*20240305-0001*01**20240305*210500*P** ",
    ],
)
def test_a_th_that_stops_early_or_late_in_a_line(form: str) -> None:
    assert is_whole("\r\n".join([form, *SEGMENTS, ""]).encode(), "\n")


def test_the_whole_transaction_on_one_line_and_one_line_end_after_it() -> None:
    assert is_whole(("~".join([header("~"), *SEGMENTS]) + "~\r\n").encode(), "~")


def test_lines_may_end_in_different_ways() -> None:
    text = header("") + "\r\n" + SEGMENTS[0] + "\n" + SEGMENTS[1] + "\r" + "\r\n".join(SEGMENTS[2:]) + "\n\n"
    assert is_whole(text.encode(), "\n")


def test_latin_1_terminator_in_a_latin_1_file() -> None:
    assert is_whole(("\xa7".join([header("\xa7"), *SEGMENTS]) + "\xa7").encode("latin-1"), "§")


@pytest.mark.parametrize("version", ["4.1", "4.2", "4.2A", "4.2B", "5.0", "4.2a", "4.2b"])
def test_versions_are_upper_case_in_the_reading(version: str) -> None:
    reading = read(("~".join([header("~", version), *SEGMENTS]) + "~").encode())
    assert reading.transactions["version"].to_list() == [version.upper()]
    assert reading.rows["version"].to_list() == [version.upper()]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ("TH*4.0*20240305-0001*01**20240305*210500*T*:\\", "F-VERSION-4.0"),
        ("TH*3.0*1*20240305-0001*01***20240305*210500*P**:*", "F-VERSION-3.0"),
        ("TH*4.3*20240305-0001*01**20240305*210500*P**~", "F-VERSION"),
        ("TH**20240305-0001*01**20240305*210500*P**~", "F-VERSION"),
        ("TH*4.2A*20240305-0001*01**20240305*210500*P**X", "F-TERMINATOR"),
        ("TH*4.2A*20240305-0001*01**20240305*210500*P~", "F-TERMINATOR"),
    ],
)
def test_headers_that_are_refused(form: str, code: str) -> None:
    reading = read((form + form[-1].join(["", *SEGMENTS, ""])).encode())
    assert [refusal.code for refusal in reading.refusals] == [code]
    assert reading.refused
    assert reading.rows.is_empty()


def test_a_terminator_that_the_segments_do_not_use() -> None:
    reading = read("\r\n".join([header("~") + "~", *SEGMENTS, ""]).encode())
    assert [refusal.code for refusal in reading.refusals] == ["F-TERMINATOR"]
