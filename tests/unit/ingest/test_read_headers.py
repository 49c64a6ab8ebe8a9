"""What TH declares, and one terminator for a text whose transactions differ."""

from __future__ import annotations

import pytest

from ingest.read_headers import NEW_LINE, header_at, unused_character, with_one_terminator


START = b"TH*4.2A*1*01**20240305*2105*P**"
MARK = "\x1e"


@pytest.mark.parametrize(
    ("behind", "terminator"),
    [
        (b"~~IS*1~", "~"),
        (b"~IS*1~", "~"),
        (b"~\r\nIS*1~", "~"),
        (b" ~~\r\nIS*1~", "~"),
        (b"\\\\IS*1\\", "\\"),
        ("§§IS*1§".encode(), "§"),
        (b"\r\nIS*1\r\n", NEW_LINE),
        (b"  \nIS*1\n", NEW_LINE),
        (b"*\nIS*1\n", NEW_LINE),
        (b"", NEW_LINE),
        (b"IS*1", None),
        (b"9", None),
    ],
)
def test_the_terminator_stands_behind_the_ninth_separator(behind: bytes, terminator: str | None) -> None:
    assert header_at(b"~~~" + START + behind, 3).terminator == terminator


def test_a_header_ends_behind_its_th09() -> None:
    text = START + b"~~\nIS*1~"
    assert text[: header_at(text, 0).end] == START + b"~"
    text = START + b"*\nIS*1\n"
    assert text[: header_at(text, 0).end] == START + b"*"


@pytest.mark.parametrize(
    ("header", "terminator"),
    [
        (b"TH*4.2A*1*01**20240305*2105*P\n", NEW_LINE),
        (b"TH*4.2A*1*01**20240305*2105*\n", NEW_LINE),
        (b"TH*4.2A*1*01**20240305*2105*P~\n", None),
        (b"TH*4.2A*1*01**20240305*2105*P~", None),
        (b"TH*4.2A*1*01**20240305*2105*P", None),  # cut before a line end
        (b"TH*4.0*1*01**20240305*2105*T*:\\IS*1\\", "\\"),
        (b"TH*4.0*1*01**20240305*2105*T*:\r\nIS*1\r\n", NEW_LINE),
    ],
)
def test_headers_that_stop_early(header: bytes, terminator: str | None) -> None:
    assert header_at(header, 0).terminator == terminator


def test_one_terminator_for_all_and_what_was_declared_stays() -> None:
    text = START + b"~~\nTT*1*2~\n" + START + b"\\\\TT*1*2\\" + b"\n" + START + b"\r\nIS*~\rTT*1*2\r\n"
    rewritten, terminator = with_one_terminator(text)
    assert terminator == MARK
    assert [part for part in rewritten.split(MARK.encode()) if part.strip()] == [
        START + b"~", b"\nTT*1*2", START + b"\\", b"TT*1*2", START, b"IS*~", b"TT*1*2",
    ]  # fmt: skip


def test_what_follows_a_header_without_terminator_is_left_out_up_to_the_next() -> None:
    rewritten, _ = with_one_terminator(b"TH*4.2A*1*01~IS*1~TT*1*2~\n" + START + b"~~TT*1*2~")
    assert rewritten.split(MARK.encode()) == [b"TH*4.2A*1*01~IS*1~TT*1*2~***X", START + b"~", b"", b"TT*1*2", b""]


def test_th_inside_data_is_no_header() -> None:
    body = b"~~PAT*TH*SMITH*7TH*A TH*-TH*~TT*1*2~"
    rewritten, _ = with_one_terminator(START + body + START + b"\\\\TT*1*2\\")
    assert rewritten.count(START) == 2
    assert rewritten.split(MARK.encode())[2] == b"PAT*TH*SMITH*7TH*A TH*-TH*"


def test_the_mark_is_a_character_that_the_text_lacks() -> None:
    assert unused_character(b"TH*") == "\x1e"
    assert unused_character(b"\x1e\x1d") == "\x1c"
    everything = bytes(range(256))
    assert unused_character(everything) == "\x1e"  # nothing is left to choose; such a text is refused elsewhere
