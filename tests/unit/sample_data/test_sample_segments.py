"""The writer writes the worked example of the reference to the letter, and counts as the standard counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from sample_data.segments import LAST, VERSIONS, Envelope, Habit, Loop, Record, transaction, zero_loop
from schemas.asap import specification


# asap.md 1.7, with a line feed after each terminator.
EXAMPLE = """\
TH*4.2A*20240305-0001*01**20240305*210500*P**~~
IS*5550000000*EXAMPLE PHARMACY*#20240305#-#20240305#~
PHA*1234567893*0000000*FX1234563*EXAMPLE PHARMACY*1 EXAMPLE ST**HARTFORD*CT*06103*5550000000~
PAT*******SAMPLE*ALEX****2 EXAMPLE ST**HARTFORD*CT*06103**19800101*U*01~
DSP*00*100001*20240304*0*20240305*0*01*65162062750*30*7*01*05*00***01~
PRE*1234567893*AB1234563***SAMPLE*ROBIN~
TP*5~
TT*20240305-0001*8~
"""
ENVELOPE = Envelope(
    version="4.2A",
    control="20240305-0001",
    created=datetime.combine(date(2024, 3, 5), time(21, 5)),
    source_id="5550000000",
    source_name="EXAMPLE PHARMACY",
    covers=(date(2024, 3, 5), date(2024, 3, 5)),
    habit=Habit(line_end="\n", trailing="trimmed"),
)
PHA = {
    1: "1234567893",
    2: "0000000",
    3: "FX1234563",
    4: "EXAMPLE PHARMACY",
    5: "1 EXAMPLE ST",
    7: "HARTFORD",
    8: "CT",
    9: "06103",
    10: "5550000000",
}
PAT = {
    7: "SAMPLE",
    8: "ALEX",
    12: "2 EXAMPLE ST",
    14: "HARTFORD",
    15: "CT",
    16: "06103",
    18: "19800101",
    19: "U",
    20: "01",
}
# Element 0 is the segment id, which no element number asks for.
DSP = dict(
    enumerate(
        [
            "00",
            "100001",
            "20240304",
            "0",
            "20240305",
            "0",
            "01",
            "65162062750",
            "30",
            "7",
            "01",
            "05",
            "00",
            "",
            "",
            "01",
        ],
        1,
    )
)
PRE = {1: "1234567893", 2: "AB1234563", 5: "SAMPLE", 6: "ROBIN"}
LOOP = Loop(PHA, [(PAT, [Record(DSP, PRE)])])


def test_the_worked_example_to_the_letter() -> None:
    assert transaction(ENVELOPE, [LOOP]).decode() == EXAMPLE


def test_counts_with_compound_and_additional_information() -> None:
    # asap.md 1.5: PHA PAT DSP PRE CDI AIR TP makes TP*7 and TT*10; two such loops 17.
    loop = Loop(PHA, [(PAT, [Record(DSP, PRE, cdi=[{1: "1"}], air={11: "02"})])])
    assert b"TP*7~\nTT*20240305-0001*10~" in transaction(ENVELOPE, [loop])
    assert transaction(ENVELOPE, [loop, loop]).endswith(b"TT*20240305-0001*17~\n")


def test_a_zero_report_has_the_layout_of_the_fixture() -> None:
    lines = (
        transaction(ENVELOPE, [zero_loop({3: "FX1234563"}, (date(2024, 1, 1), date(2024, 1, 7)))]).decode().split("\n")
    )
    assert lines[3:] == [
        "PAT*******REPORT*ZERO~",
        "DSP*****20240107~",
        "PRE~",
        "CDI~",
        "AIR~",
        "TP*7~",
        "TT*20240305-0001*10~",
        "",
    ]


@pytest.mark.parametrize(
    ("habit", "th", "pre"),
    [
        (
            Habit(),
            b"TH*4.2A*20240305-0001*01**20240305*210500*P**~~\r\n",
            b"PRE*1234567893*AB1234563***SAMPLE*ROBIN***~\r\n",
        ),
        (Habit("\\", "\n", "trimmed"), b"*P**\\\\\n", b"*ROBIN\\\n"),
        (Habit("", "\r\n", "trimmed"), b"*P**\r\nIS*", b"*ROBIN\r\nTP*"),
        (Habit("~", "", "stray"), b"*P**~~IS*", b"*ROBIN*~TP*5*~TT*"),
        (Habit("~", "\n", "trimmed", lower_case=True), b"TH*4.2a*", b"*ROBIN~\n"),
    ],
)
def test_habits(habit: Habit, th: bytes, pre: bytes) -> None:
    data = transaction(replace(ENVELOPE, habit=habit), [LOOP])
    assert th in data
    assert pre in data


def test_a_wrong_count_leaves_the_transaction_count_right() -> None:
    assert b"TP*7~\nTT*20240305-0001*8~" in transaction(ENVELOPE, [replace(LOOP, miscount=2)])


def test_time_is_utc_in_5_0() -> None:
    assert b"*210500Z*P" in transaction(replace(ENVELOPE, version="5.0"), [LOOP])


def test_an_element_that_the_version_does_not_know_is_the_callers_mistake() -> None:
    loop = Loop(PHA, [(PAT, [Record(DSP, {**PRE, 8: "5550000000"})])])
    with pytest.raises(ValueError, match=r"PRE08 is not in ASAP 4\.1"):
        transaction(replace(ENVELOPE, version="4.1"), [loop])


@pytest.mark.parametrize("version", VERSIONS)
def test_last_elements_are_those_of_the_standard(version: str) -> None:
    standard = specification.load(version)
    assert {name: standard.segments[name].elements[-1].position for name in LAST[version]} == LAST[version]
