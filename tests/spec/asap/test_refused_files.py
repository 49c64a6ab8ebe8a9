"""What is not ASAP, not whole or not a version that is read: one refusal, with place and next step."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from ingest.read_refusals import REFUSALS, refusal
from ingest.rows import read


WHOLE = b"""\
TH*4.2A*20240305-0001*01**20240305*210500*P**~~
IS*5550000000*EXAMPLE PHARMACY~
PHA*1234567893~
PAT*******SAMPLE*ALEX~
DSP*00*100001*20240304*0*20240305~
PRE*1234567893~
TP*5~
TT*20240305-0001*8~
"""

# An invented layout that calls itself ASAP: lines instead of terminators, NDC with hyphens, no TT.
DEMO = b"""\
TH*4.2B*DEMO*20240305
PHARMACY*EXAMPLE PHARMACY*FX1234563
RX*100001*65162-0627-50*30*SAMPLE*ALEX
END*1
"""

ASAP_1995 = b"ASB" + b"A2" + b"1234567893".ljust(217)

ASAP_3_0 = b"TH*3.0*1*20240305-0001*01***20240305*210500*P**:*~\nIR*1*EXAMPLE~\nRX*100001~\nTT*20240305-0001*4~\n"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("example.dat", WHOLE)
    return file.getvalue()


REFUSED = {
    "empty": (b"", "F-EMPTY"),
    "blank": (b" \r\n\t\n", "F-EMPTY"),
    "only a byte order mark": (b"\xef\xbb\xbf", "F-EMPTY"),
    "never written": (b"\0" * 4096, "F-EMPTY"),
    "UTF-16": (WHOLE.decode().encode("utf-16"), "F-ENCODING"),
    "UTF-16 without a mark": (WHOLE.decode().encode("utf-16-le"), "F-ENCODING"),
    "UTF-16 the other way": (WHOLE.decode().encode("utf-16-be"), "F-ENCODING"),
    "EBCDIC": (WHOLE.decode().encode("cp037"), "F-ENCODING"),
    "zip": (zipped(), "F-COMPRESSED"),
    "gzip": (gzip.compress(WHOLE), "F-COMPRESSED"),
    "PGP in letters": (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n", "F-ENCRYPTED"),
    "PGP": (b"\x85\x01\x0c\x03" + bytes(range(256)), "F-ENCRYPTED"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "F-BINARY"),
    "a document": (b"%PDF-1.7\n\x01\x02\x03\x04", "F-BINARY"),
    "holes in the middle": (WHOLE[:60] + b"\0" * 20 + WHOLE[80:], "F-BINARY"),
    "CSV": (b"last_name,first_name,ndc\nSAMPLE,ALEX,65162062750\n", "F-NOT-ASAP"),
    "HTML": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "F-NOT-ASAP"),
    "a demo's layout": (DEMO, "F-NOT-ASAP"),
    "no header": (WHOLE.split(b"\n", 1)[1], "F-NOT-ASAP"),
    "ASAP 1995": (ASAP_1995, "F-VERSION-1995"),
    "ASAP 3.0": (ASAP_3_0, "F-VERSION-3.0"),
    "ASAP 4.0": (WHOLE.replace(b"4.2A", b"4.0").replace(b"*P**~~", b"*T*:~"), "F-VERSION-4.0"),
    "ASAP 4.3": (WHOLE.replace(b"4.2A", b"4.3"), "F-VERSION"),
    "no TT": (WHOLE.rsplit(b"TT", 1)[0], "F-TORN"),
    "cut after TH": (WHOLE.split(b"IS")[0], "F-TORN"),
    "cut in a segment": (WHOLE[:150], "F-TORN"),
    "cut in TT": (WHOLE[:-6], "F-TORN"),
    "cut in the count of TT": (WHOLE.replace(b"*8~\n", b"*8"), None),
    "cut in a count of two digits": (WHOLE.replace(b"*8~\n", b"*1"), "F-TORN"),
    "a cut line": (WHOLE.replace(b"~", b"")[:150], "F-TORN"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_refusal_and_nothing_else(name: str) -> None:
    data, code = REFUSED[name]
    reading = read(data)
    assert [found.code for found in reading.refusals] == ([code] if code else [])
    assert reading.refused == bool(code)
    assert reading.rows.is_empty() == bool(code)
    assert not (code and reading.segments)


def test_a_tt_without_its_terminator_is_believed_where_number_and_count_are_right() -> None:
    reading = read(WHOLE.rstrip(b"~\n"))
    assert reading.refusals == ()
    assert reading.rows.height == 1


@pytest.mark.parametrize("cut", range(len(WHOLE) - 4))
def test_no_beginning_of_a_file_passes_for_the_whole(cut: int) -> None:
    assert read(WHOLE[: cut + 1]).refused


@pytest.mark.parametrize("cut", range(0, len(WHOLE) - 12, 3))
def test_no_beginning_of_a_file_of_lines_passes_for_the_whole(cut: int) -> None:
    assert read(WHOLE.replace(b"~", b"")[: cut + 1]).refused


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_says_what_is_wrong_and_what_to_do(code: str) -> None:
    found = refusal(code, "byte 0")
    assert found.fault.endswith(".")
    assert found.remedy.endswith(".")
    assert found.fault.count(". ") == 0
    assert found.fault != found.remedy


@pytest.mark.parametrize(
    ("broken", "code", "place"),
    [
        (WHOLE.rsplit(b"TT", 1)[0], "F-TORN", "transaction 2, segment 15"),
        (WHOLE.replace(b"4.2A", b"4.4"), "F-VERSION", "transaction 2, segment 9"),
        (WHOLE.replace(b"4.2A", b"4.0").replace(b"*P**~~", b"*T*:~"), "F-VERSION-4.0", "transaction 2, segment 9"),
        (WHOLE.replace(b"*P**~~", b"*P~"), "F-TERMINATOR", "transaction 2, segment 9"),
    ],
)
def test_one_transaction_of_several_is_refused_and_the_others_are_read(broken: bytes, code: str, place: str) -> None:
    reading = read(WHOLE + broken + WHOLE.replace(b"100001", b"100002"))
    assert [(found.code, found.place) for found in reading.refusals] == [(code, place)]
    assert reading.transactions["transaction"].to_list() == [1, 3]
    assert reading.rows.select("transaction", "record", "rx_number").rows() == [(1, 1, "100001"), (3, 2, "100002")]
    assert not reading.refused


def test_the_last_transaction_is_cut_off() -> None:
    reading = read(WHOLE + WHOLE[:150])
    assert [found.code for found in reading.refusals] == ["F-TORN"]
    assert reading.rows["rx_number"].to_list() == ["100001"]


def test_more_transactions_than_can_be_numbered() -> None:
    header = b"TH*4.2A*1*04**20240305*210500*P**~~TT*1*2~"
    assert [found.code for found in read(header * 65_536).refusals] == ["F-TRANSACTIONS"]
    assert read(header * 65_535).transactions.height == 65_535


def test_no_value_of_the_file_is_in_a_refusal() -> None:
    for data, _ in REFUSED.values():
        for found in read(data).refusals:
            assert not {"SAMPLE", "ALEX", "100001"} & set(f"{found.place} {found.fault} {found.remedy}".split())
