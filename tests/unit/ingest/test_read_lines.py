"""Text into lines with their kinds."""

from __future__ import annotations

import pytest

from ingest.read_lines import split_lines


@pytest.mark.parametrize(
    ("text", "terminator", "lines", "kinds"),
    [
        (b"TH*1~IS*2~", "~", ["TH*1", "IS*2"], ["TH", "IS"]),
        (b"TH*1~~\nIS*2~\n", "~", ["TH*1", "\nIS*2"], ["TH", "IS"]),
        (b"TH*1~~\r\nPAT*2~\r\npat*3~\r\n PAT*4~", "~", ["TH*1", "\r\nPAT*2", "\r\npat*3", "\r\n PAT*4"],
         ["TH", "PAT", "PAT", "PAT"]),
        (b"TH*1\nIS*2", "\n", ["TH*1", "IS*2"], ["TH", "IS"]),
        (b"TH*1\r\n\r\nIS*2\r\n", "\n", ["TH*1", "IS*2"], ["TH", "IS"]),
        (b"TH*1~ ~\n\n~\t~IS*2~ \n ~\r\n", "~", ["TH*1", "IS*2"], ["TH", "IS"]),
        (b"TH*1~PATIENT*1~PA*1~*~DSP~PRE~7*~", "~", ["TH*1", "PATIENT*1", "PA*1", "*", "DSP", "PRE", "7*"],
         ["TH", None, None, None, "DSP", "PRE", None]),
        (b"TH*1~PAT * A B *\tC\t*\r\n~", "~", ["TH*1", "PAT*A B*C*"], ["TH", "PAT"]),
        (b'TH*1~PAT*"A*B"~', "~", ["TH*1", 'PAT*"A*B"'], ["TH", "PAT"]),
        (b"TH*1~", "~", ["TH*1"], ["TH"]),
        (b"TH*1", "~", ["TH*1"], ["TH"]),
    ],
)  # fmt: skip
def test_lines_and_kinds(text: bytes, terminator: str, lines: list[str], kinds: list[str | None]) -> None:
    found = split_lines(text, terminator)
    assert found.line.to_list() == lines
    assert found.kind.to_list() == kinds
