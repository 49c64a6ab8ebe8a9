"""What every segment stands in."""

from __future__ import annotations

import polars as pl

from ingest.read_lines import KIND
from ingest.read_nesting import Nesting, nest


def nested(kinds: str) -> Nesting:
    """Of segments as ``TH IS PHA …``; a question mark is no segment."""
    return nest(pl.Series([None if kind == "?" else kind for kind in kinds.split()], dtype=KIND))


def strays(kinds: str) -> list[tuple[int, int, str | None]]:
    return nested(kinds).strays.rows()


def test_a_whole_transaction() -> None:
    found = nested("TH IS PHA PAT DSP PRE CDI CDI AIR DSP PRE TP PHA PAT DSP PRE TP TT")
    assert found.strays.is_empty()
    assert found.transactions.rows() == [(1, 18)]
    assert found.places["DSP"].rows() == [(5, 1, 3, 4, 5), (10, 1, 3, 4, 10), (15, 1, 13, 14, 15)]
    assert found.places["PRE"]["dsp"].to_list() == [5, 10, 15]
    assert found.places["CDI"]["dsp"].to_list() == [5, 5]
    assert found.places["AIR"].rows() == [(9, 1, 3, 4, 5)]
    assert found.places["TP"].select("position", "pha").rows() == [(12, 3), (17, 13)]


def test_what_stands_where_none_may() -> None:
    assert strays("TH PAT TT") == [(2, 1, "PAT")]
    assert strays("TH PHA DSP TP TT") == [(3, 1, "DSP")]
    assert strays("TH PHA PAT PRE CDI AIR TP TT") == [(4, 1, "PRE"), (5, 1, "CDI"), (6, 1, "AIR")]
    assert strays("TH PHA PAT DSP PRE PRE AIR AIR TP TT") == [(6, 1, "PRE"), (8, 1, "AIR")]
    assert strays("TH IS IS PHA IS TP TT") == [(3, 1, "IS"), (5, 1, "IS")]
    assert strays("TH TP PHA TP TP TT") == [(2, 1, "TP"), (5, 1, "TP")]
    assert strays("TH TT TT PHA ?") == [(3, 1, "TT"), (4, 1, "PHA"), (5, 1, None)]
    assert strays("TH ? PHA PAT ? DSP TP TT") == [(2, 1, None), (5, 1, None)]


def test_a_patient_does_not_reach_into_the_next_pharmacy_nor_a_pharmacy_into_the_next_transaction() -> None:
    assert strays("TH PHA PAT DSP TP PHA DSP TP TT") == [(7, 1, "DSP")]
    assert strays("TH PHA PAT DSP PHA DSP TP TT") == [(6, 1, "DSP")]
    assert strays("TH PHA PAT TT TH PAT TT") == [(6, 5, "PAT")]
    assert strays("TH PHA PAT DSP PAT PRE TP TT") == [(6, 1, "PRE")]


def test_a_stray_does_not_use_up_the_place_of_the_right_one() -> None:
    found = nested("TH PHA PRE PAT DSP PRE TP TT")
    assert found.strays.rows() == [(3, 1, "PRE")]
    assert found.places["PRE"].select("position", "dsp").rows() == [(6, 5)]


def test_transactions_that_do_not_end() -> None:
    assert nested("TH PHA TP TH TT TH").transactions.rows() == [(1, None), (4, 5), (6, None)]
