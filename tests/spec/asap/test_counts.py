"""What TP01 and TT02 should state: the check values of asap.md (1.5)."""

from __future__ import annotations

from ingest.rows import read


LOOP = ["PHA*1", "PAT*1", "DSP*00*1", "PRE*1", "CDI*1", "AIR*1", "TP*7"]


def transaction(loops: int, stated: int) -> bytes:
    lines = ["TH*4.2A*1*01**20240305*210500*P**~", "IS*1*EXAMPLE", *LOOP * loops, f"TT*1*{stated}"]
    return ("~\n".join(lines) + "~\n").encode()


def test_one_loop() -> None:
    segments = read(transaction(1, 10)).segments
    assert segments["TP"].select("segments_seen", "TP01").rows() == [(7, "7")]
    assert segments["TT"].select("segments_seen", "TT02").rows() == [(10, "10")]


def test_two_loops() -> None:
    segments = read(transaction(2, 17)).segments
    assert segments["TP"].select("segments_seen", "TP01", "pha_position").rows() == [(7, "7", 3), (7, "7", 10)]
    assert segments["TT"].select("segments_seen", "TT02").rows() == [(17, "17")]


def test_the_true_count_beside_a_wrong_one() -> None:
    """A Florida generator counts TH and IS into TP01 (asap.md 1.5)."""
    segments = read(transaction(1, 10).replace(b"TP*7", b"TP*9")).segments
    assert segments["TP"].select("segments_seen", "TP01").rows() == [(7, "9")]


def test_misplaced_segments_count_too_and_empty_ones_do_not() -> None:
    file = transaction(1, 12).replace(b"TP*7", b"PRE*2~\nXX*1~\n~ ~\n~\nTP*9")
    segments = read(file).segments
    assert segments["TP"]["segments_seen"].to_list() == [9]
    assert segments["TT"]["segments_seen"].to_list() == [12]
