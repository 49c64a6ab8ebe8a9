"""Elements into values: held against Python's own idea of a date and a number."""

from __future__ import annotations

import re
from datetime import date as day

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ingest.read_values import date, decimal, integer, ndc
from schemas.identifiers import canonical_ndc_number


def values(expr: pl.Expr, sent: list[str | None]) -> list[object]:
    return pl.DataFrame({"sent": sent}, schema={"sent": pl.String}).select(expr).to_series().to_list()


SENT = st.lists(
    st.one_of(
        st.none(),
        st.dates().map(lambda one: one.strftime("%Y%m%d")),
        st.from_regex(r"\A[0-9]{7,9}\Z"),
        st.from_regex(r"\A[+-]?[0-9]{0,12}\.?[0-9]{0,4}(e[0-9])?\Z"),
        st.from_regex(r"\A[0-9]{4,5}-?[0-9]{3,4}-?[0-9]{1,2}\Z"),
        st.text(alphabet="0123456789.+-eE_ infa\u0661", max_size=12),
    ),
    max_size=20,
)


@given(SENT)
def test_dates(sent: list[str | None]) -> None:
    def read(text: str | None) -> day | None:
        if text is None or not re.fullmatch("[1-9][0-9]{7}", text):
            return None
        try:
            return day(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return None

    assert values(date(pl.col("sent")), sent) == [read(text) for text in sent]


@given(SENT)
def test_integers(sent: list[str | None]) -> None:
    def read(text: str | None) -> int | None:
        return int(text) if text and re.fullmatch("[0-9]+", text) and int(text) < 2**31 else None

    assert values(integer(pl.col("sent")), sent) == [read(text) for text in sent]


@given(SENT)
def test_decimals(sent: list[str | None]) -> None:
    def read(text: str | None) -> float | None:
        return float(text) if text and re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", text) else None

    assert values(decimal(pl.col("sent")), sent) == [read(text) for text in sent]


def test_a_number_of_hundreds_of_digits_is_not_infinity() -> None:
    assert values(decimal(pl.col("sent")), ["9" * 400]) == [None]


@given(SENT)
def test_ndcs(sent: list[str | None]) -> None:
    expected = [None if text is None else canonical_ndc_number(text) for text in sent]
    assert values(ndc(pl.lit("01"), pl.col("sent")), sent) == expected
    assert values(ndc(pl.lit("02"), pl.col("sent")), sent) == [None] * len(sent)
    assert values(ndc(pl.lit(None, pl.String), pl.col("sent")), sent) == [None] * len(sent)
