"""Whatever the bytes are, the reader answers: with rows, or with a refusal that says what to do."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.read_refusals import REFUSALS
from ingest.rows import read
from schemas.dispensation import ROW_SCHEMA
from schemas.reading import TRANSACTION_SCHEMA, ZERO_REPORT_SCHEMA


GOOD = b"""\
TH*4.2B*20240305-0001*01**20240305*210500*P**~~
IS*5550000000*EXAMPLE PHARMACY*#20240305#-#20240305#~
PHA*1234567893*0000000*FX1234563*EXAMPLE PHARMACY*1 EXAMPLE ST**HARTFORD*CT*06103*5550000000~
PAT*******SAMPLE*ALEX****2 EXAMPLE ST**HARTFORD*CT*06103**19800101*U*01~
DSP*00*100001*20240304*0*20240305*0*06*99999ABC123*30*7*01*05*00***01~
PRE*1234567893*AB1234563***SAMPLE*ROBIN~
CDI*1*01*65162062750*2.5*01~
PAT*******REPORT*ZERO************01***~
DSP*00****20240107********************~
TP*8~
TT*20240305-0001*11~
"""

PIECES = st.sampled_from(
    [
        *(
            b"~",
            b"*",
            b"\n",
            b"\r\n",
            b"\r",
            b" ",
            b"TH*",
            b"~TT*1*2~",
            b"~PRE~",
            b"~CDI*1",
            b"\xff",
            b"\xe9",
            b"\xc3\xa9",
        ),
        *(b"\0", b"\x1e", b"\x1f", b'"', b"\\", b"~DSP*00*1*20240230", b"*" * 60, b"~TH*3.0*1~", b"\ntt*1*1\n"),
        *(GOOD[:49], GOOD[:200]),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(GOOD * draw(st.integers(1, 3)))
    if draw(st.booleans()):
        data = bytearray(
            bytes(data).replace(b"~", draw(st.sampled_from([b"", b"\\", b"|", b"\xa7", b"\xc2\xa7", b"+"])))
        )
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 4)):
            case 0:
                data[at:at] = draw(PIECES)
            case 1:
                del data[at : at + draw(st.integers(1, 60))]
            case 2:
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=2))
            case 3:
                del data[at:]
            case _:
                data[at:at] = data[max(0, at - 90) : at]
    return bytes(data)


def check(data: bytes) -> None:
    reading = read(data)
    assert reading.rows.schema == ROW_SCHEMA
    assert reading.transactions.schema == TRANSACTION_SCHEMA
    assert reading.zero_reports.schema == ZERO_REPORT_SCHEMA
    assert reading.refusals or reading.transactions.height
    assert not reading.refused or len(reading.refusals) == 1
    assert all(refusal.code in REFUSALS for refusal in reading.refusals)
    assert reading.rows["record"].to_list() == list(range(1, reading.rows.height + 1))
    if reading.refused:
        assert not reading.segments
        assert reading.strays.is_empty()
    else:
        seen = sum(frame.height for frame in reading.segments.values()) + reading.strays.height
        assert seen >= reading.transactions["segments_seen"].sum()


@example(b"")
@example(b"TH")
@example(b"TH*")
@example(b"TH*4.2*********")
@example(b"TH*4.2*1*01*****P**\n")
@example(b"~~~~~")
@given(st.one_of(st.binary(max_size=300), st.text(alphabet="TH*4.2~\n\\ PAI", max_size=80).map(str.encode)))
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.text(alphabet="*~\n\r TPAHSDR012", max_size=120))
def test_anything_behind_a_header(text: str) -> None:
    check(b"TH*4.2*1*01**20240305*2105*P**~~" + text.encode() + b"~TT*1*2~")


@given(mutated())
def test_good_files_gone_bad(data: bytes) -> None:
    check(data)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=5000, derandomize=False)
@given(st.one_of(mutated(), st.binary(max_size=2000)))
def test_at_length(data: bytes) -> None:
    check(data)


# A generous bound: these must not hang, however slow the machine.
SECONDS = 60


@pytest.mark.parametrize(
    "data",
    [
        GOOD.replace(b"EXAMPLE ST", b"X" * 10_000_000),
        GOOD.replace(b"EXAMPLE ST", b"*" * 5_000_000),
        GOOD.replace(b"EXAMPLE ST", b"\r\n" * 1_000_000),
        GOOD.replace(b"TP*8~", b"CDI*1~" * 1_000_000),
        GOOD.replace(b"TP*8~", b"XX~" * 1_000_000),
        GOOD.replace(b"TP*8~", b" ~" * 1_000_000),
        GOOD + b"TH*4.2B*1*01**20240305*210500*P**~~" * 60_000,
        GOOD * 2_000 + (GOOD.replace(b"~", b"\\") + GOOD.replace(b"~", b"")) * 1_000,
        GOOD + b"TH*4.2B*1*01**20240305*210500*P**~~TT*1*2~" * 70_000,
        b"TH*4.2B" + b"*" * 5_000_000,
        b"TH*" * 2_000_000,
        b" " * 5_000_000,
    ],
    ids=lambda data: f"{data[:24]!r}…{len(data)}",
)
@pytest.mark.long
def test_monsters_do_not_hang(data: bytes) -> None:
    start = time.monotonic()
    check(data)
    assert time.monotonic() - start < SECONDS
