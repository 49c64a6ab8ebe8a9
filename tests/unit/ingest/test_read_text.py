"""Bytes into text that begins with TH."""

from __future__ import annotations

import pytest

from ingest.read_text import read_text
from schemas.reading import Refusal


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"TH*4.2*1", b"TH*4.2*1"),
        (b"th*4.2*1", b"th*4.2*1"),
        (b"TH *4.2*1", b"TH *4.2*1"),
        (b"\xef\xbb\xbfTH*4.2*1", b"TH*4.2*1"),
        (b" \r\n" * 2000 + b"\xef\xbb\xbf\nTH*4.2*1", b"TH*4.2*1"),
        (b"TH*4.2*1~\r\n\x1a", b"TH*4.2*1~\r\n"),
        (b"TH*4.2*1~" + b"\0" * 9, b"TH*4.2*1~"),
        ("TH*É".encode(), "TH*É".encode()),
        ("TH*É".encode("latin-1"), "TH*É".encode()),
        (b"TH*O\x92NEIL", "TH*O\u2019NEIL".encode()),  # the apostrophe of Windows-1252
        (b"TH*\x81\xc9", "TH*\x81É".encode()),  # 81 is unused in Windows-1252
    ],
)
def test_text(data: bytes, text: bytes) -> None:
    assert read_text(data) == text


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "F-EMPTY", "byte 0"),
        (b"\r\n\r\n", "F-EMPTY", "byte 4"),
        (b"THE*4.2", "F-NOT-ASAP", "byte 0"),
        (b"  NOT ASAP", "F-NOT-ASAP", "byte 2"),
        (b"TH*4.2*\0*1", "F-BINARY", "byte 7"),
        (b"\n\nTH*4.2*\0*1", "F-BINARY", "byte 9"),
        (b"%PDF\x01\x02\x03", "F-BINARY", "byte 0"),
    ],
)
def test_what_is_none(data: bytes, code: str, place: str) -> None:
    found = read_text(data)
    assert isinstance(found, Refusal)
    assert (found.code, found.place) == (code, place)
