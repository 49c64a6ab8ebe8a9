"""The zero report of asap.md (section 4), word for word, and the ways in which it varies."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.rows import read


ZERO_REPORT = b"""\
TH*4.2A*123456*01**20240107*223000*P**~~
IS*5550000000*EXAMPLE PHARMACY*#20240101#-#20240107#~
PHA***FX1234563**********~
PAT*******REPORT*ZERO************01***~
DSP*00****20240107********************~
PRE*********~
CDI*****~
AIR***********~
TP*7~
TT*123456*10~
"""

COVERED = {
    "transaction": 1,
    "position": 4,
    "pha_position": 3,
    "pharmacy_dea": "FX1234563",
    "pharmacy_ncpdp": None,
    "pharmacy_npi": None,
    "covers_from": date(2024, 1, 1),
    "covers_to": date(2024, 1, 7),
}


def test_word_for_word() -> None:
    reading = read(ZERO_REPORT)
    assert reading.refusals == ()
    assert reading.strays.is_empty()
    assert reading.zero_reports.to_dicts() == [COVERED]


def test_it_is_no_dispensation_and_has_no_record() -> None:
    reading = read(ZERO_REPORT)
    assert reading.rows.is_empty()
    for kind in ("PAT", "DSP", "PRE", "CDI", "AIR"):
        assert reading.segments[kind]["record"].to_list() == [None], kind


def test_its_counts_are_true() -> None:
    segments = read(ZERO_REPORT).segments
    assert segments["TP"]["segments_seen"].to_list() == [7]
    assert segments["TT"]["segments_seen"].to_list() == [10]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"REPORT*ZERO", b"Report*Zero"),
        (b"REPORT*ZERO", b"report*zero"),
        (b"CDI*****~\nAIR***********~\n", b""),
        (b"DSP*00*", b"DSP**"),
        (b"************01***~", b"***********~"),  # PAT cut to 19 elements
        (b"PRE*********~", b"PRE*~"),
        (b"~", b"\\"),
        (b"#20240101#-", b"Date Range of Report #20240101#-"),
        (b"#20240101#-", b"#20240101# - "),
        (b"DSP*00****20240107", b"DSP*00****20240108"),  # the range counts, not the day of creation
    ],
)
def test_as_others_write_it(was: bytes, becomes: bytes) -> None:
    assert was in ZERO_REPORT
    reading = read(ZERO_REPORT.replace(was, becomes))
    assert reading.refusals == ()
    assert reading.zero_reports.to_dicts() == [COVERED]
    assert reading.rows.is_empty()


@pytest.mark.parametrize(
    "message", [b"", b"NOTHING DISPENSED", b"#20240101#", b"#20240101#-#20240141#", b"20240101-20240107"]
)
def test_without_a_range_the_day_in_dsp05_is_all_that_is_known(message: bytes) -> None:
    zero = read(ZERO_REPORT.replace(b"#20240101#-#20240107#", message)).zero_reports
    assert zero.select("covers_from", "covers_to").row(0) == (date(2024, 1, 7), date(2024, 1, 7))


def test_without_either_nothing_is_known() -> None:
    file = ZERO_REPORT.replace(b"#20240101#-#20240107#", b"").replace(b"DSP*00****20240107*", b"DSP*00*****")
    assert read(file).zero_reports.select("covers_from", "covers_to").row(0) == (None, None)


def test_one_report_for_several_pharmacies() -> None:
    lines = ZERO_REPORT.splitlines(keepends=True)
    second = [*lines[2:9]]
    second[0] = b"PHA*1234567893*0000001~\n"
    zero = read(b"".join([*lines[:9], *second, b"TT*123456*17~\n"])).zero_reports
    assert zero["position"].to_list() == [4, 11]
    assert zero.select("pharmacy_dea", "pharmacy_ncpdp", "pharmacy_npi").rows() == [
        ("FX1234563", None, None),
        (None, "0000001", "1234567893"),
    ]
    assert zero["covers_from"].to_list() == [date(2024, 1, 1)] * 2


def test_beside_dispensations_the_records_are_numbered_without_it() -> None:
    lines = ZERO_REPORT.splitlines(keepends=True)
    fill = [b"PAT*******SAMPLE*ALEX~\n", b"DSP*00*1~\n", b"PRE*1234567893~\n"]
    reading = read(b"".join([*lines[:3], *fill, *lines[3:8], *fill, *lines[8:]]))
    assert reading.zero_reports["position"].to_list() == [7]
    assert reading.segments["DSP"].select("position", "record").rows() == [(5, 1), (8, None), (13, 2)]
    assert reading.segments["PRE"].select("position", "record").rows() == [(6, 1), (9, None), (14, 2)]
    assert reading.segments["PAT"].select("position", "record").rows() == [(4, 1), (7, None), (12, 2)]
    assert reading.rows.select("record", "position", "pre_position").rows() == [(1, 5, 6), (2, 13, 14)]


def test_a_patient_named_otherwise_is_none() -> None:
    assert read(ZERO_REPORT.replace(b"REPORT*ZERO", b"ZERO*REPORT")).zero_reports.is_empty()
    assert read(ZERO_REPORT.replace(b"REPORT*ZERO", b"REPORT*")).rows.height == 1
