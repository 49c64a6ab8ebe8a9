from collections.abc import Iterator

import pytest

from ingest.envelope import END_BYTES, Envelope, look
from ingest.names import display_name, is_temporary
from tests.functional.door import asap


SEGMENTS = ["TH*4.2B*20261124-1*01**20261124*210500*P**", "IS*1*EXAMPLE*x", "TP*5", "TT*20261124-1*4"]


def ends(data: bytes) -> tuple[bytes, bytes]:
    return data[:END_BYTES], data[-END_BYTES:]


def habits() -> Iterator[tuple[str, bytes]]:
    for name, mark in (("tilde", "~"), ("backslash", "\\"), ("bar", "|")):
        for breaks in ("", "\r\n", "\n", "\r"):
            body = f"{mark}{breaks}".join([SEGMENTS[0] + mark, *SEGMENTS[1:]])
            yield f"{name} {breaks!r}", (body + mark + breaks).encode()
            yield f"{name} {breaks!r} last terminator missing", body.encode()
    for breaks in ("\r\n", "\n", "\r"):
        yield f"newline-terminated {breaks!r}", (breaks.join(SEGMENTS) + breaks).encode()
    whole = "~".join([SEGMENTS[0] + "~", *SEGMENTS[1:]]) + "~"
    yield "byte order mark", b"\xef\xbb\xbf" + whole.encode()
    yield "blank line before", b"\r\n" + whole.encode()
    yield "end-of-file mark", whole.encode() + b"\r\n\x1a"
    yield "padding", whole.encode() + bytes(100)
    yield "surplus separator", whole.encode()[:-1] + b"*~"
    yield "doubled terminator", whole.encode() + b"~\r\n"
    yield "no count", b"TH*4.2B*1*01**20261124*210500*P**~~TP*1~TT*1~"
    yield "lower case", whole.lower().encode()
    yield "void of a batch", b"TH*4.2B*77*04**20261124*210500*P**~~TT*77*2~"
    yield "ASAP 4.0", b"TH*4.0*1*01**20261124*210500*T*:\\IS*1*X\\TT*1*3\\"
    yield "several transactions", whole.encode() + b"\r\n" + whole.encode()
    yield "other separator", whole.replace("*", "^").encode()
    yield "control number with odd characters", b"TH*4.2B*#1~2*01**20261124*210500*P**\nTP*1\nTT*#1~2*3\n"


@pytest.mark.parametrize(("name", "data"), list(habits()), ids=[name for name, _ in habits()])
def test_every_habit_of_a_whole_file_is_whole(name: str, data: bytes) -> None:
    assert look(*ends(data)) is Envelope.WHOLE, name


def test_cut_anywhere_before_its_trailer_a_file_is_cut() -> None:
    data = asap(2)
    trailer = data.rindex(b"TT*")
    for end in range(1, trailer + 3):
        assert look(*ends(data[:end])) is Envelope.CUT, data[:end][-20:]


@pytest.mark.parametrize("line_end", [b"", b"\r\n"])
def test_cut_in_a_later_transaction_a_file_is_cut(line_end: bytes) -> None:
    one = asap(1).replace(b"\r\n", line_end)
    for extra in (b"TH*4.2B", b"TH*4.2B*2*01**20261124*210500*P**~~" + line_end + b"IS*1"):
        assert look(*ends(one + extra)) is Envelope.CUT


@pytest.mark.parametrize("value", [b"*TT*", b"* TT*", b"~PAT**TT*", b"*A TT*"])
def test_an_element_that_says_tt_is_no_trailer(value: bytes) -> None:
    assert look(*ends(asap(1)[:200] + value + b"X")) is Envelope.CUT


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 an archive",
        b"%PDF-1.7",
        b"A2 ASB 1995",
        b"\xff\xfeT\x00H\x00*\x00",
        b"The quick brown fox",
        b"TH is not a header here",
        b"name,date\r\n",
        b" ",
        b"\x00",
    ],
)
def test_what_is_no_asap_at_all_is_left_to_the_reader(data: bytes) -> None:
    assert look(*ends(data)) is Envelope.NONE


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("CT_20261124.dat", "CT_20261124.dat"),
        ("daily (2) \u00e9.dat", "daily__2___.dat"),
        ("e\u0301.dat", "_.dat"),
        ("x" * 128, "x" * 128),
        (".in.day.dat", ".in.day.dat"),
        ("x" * 129, None),
        ("", None),
        (".", None),
        ("..", None),
        ("..\\..\\boot.ini", None),
        ("a/b", None),
        ("a\x00b", None),
        ("a\nb", None),
        ("a\x1b[2Jb", None),
        ("gpj.\u202etad.exe", None),
        ("zero\u200bwidth", None),
        ("\ud800", None),
    ],
)
def test_names_are_made_plain_or_refused(name: str, shown: str | None) -> None:
    assert display_name(name) == shown


@pytest.mark.parametrize(
    "name", ["a.dat.filepart", "A.UP", "a.part", "a.tmp", ".in.a.dat", ".a.dat.swp", "a.TMP", "a.partial"]
)
def test_names_that_say_not_finished(name: str) -> None:
    assert is_temporary(name)


@pytest.mark.parametrize("name", ["a.dat", "a.txt", "tmp.dat", "upload", "a.part.dat", "group"])
def test_names_that_say_finished(name: str) -> None:
    assert not is_temporary(name)
