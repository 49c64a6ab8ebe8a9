"""DEA, NPI and NDC: the plain functions by known numbers, the expressions by the plain functions."""

from __future__ import annotations

import doctest

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import identifiers
from schemas.identifiers import (
    canonical_ndc,
    canonical_ndc_number,
    is_dea,
    is_dea_number,
    is_npi,
    is_npi_number,
)


def test_the_examples_in_the_docstrings_run() -> None:
    assert doctest.testmod(identifiers).failed == 0


@pytest.mark.parametrize("number", ["AP5836727", "F91234563", "AB1234563", "ab1234563", "ZZ1234563"])
def test_dea_numbers_that_are_right(number: str) -> None:
    assert is_dea_number(number)


@pytest.mark.parametrize(
    "number",
    ["AB4523763", "AB123456", "AB12345633", "A91234564", "9B1234563", "A01234563", "AB1234563-001", "", " AB1234563",
     "AB1234563\n", "AB+234563", "AB\u0661234563"],
)  # fmt: skip
def test_dea_numbers_that_are_wrong(number: str) -> None:
    assert not is_dea_number(number)


@pytest.mark.parametrize("number", ["1234567893", "1993999998", "1558598797"])
def test_npis_that_are_right(number: str) -> None:
    assert is_npi_number(number)


@pytest.mark.parametrize("number", ["1234567890", "3234567896", "123456789", "12345678930", "", "1234567893\n"])
def test_npis_that_are_wrong(number: str) -> None:
    assert not is_npi_number(number)


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("0574-4072-05", "00574407205"),
        ("51655-089-52", "51655008952"),
        ("58118-1397-3", "58118139703"),
        ("65162-0627-50", "65162062750"),
        ("65162062750", "65162062750"),
        ("5165508952", None),  # 4-4-2, 5-3-2 or 5-4-1: three products
        ("051655-089-52", None),
        ("5165-50895-2", None),
        ("651620627500", None),
        ("6516206275O", None),
        ("65162-0627-50\n", None),
        ("", None),
    ],
)
def test_ndcs(sent: str, canonical: str | None) -> None:
    assert canonical_ndc_number(sent) == canonical


NUMBERISH = st.one_of(
    st.from_regex(r"\A[A-Za-z]{1,2}[0-9]{6,8}\Z"),
    st.from_regex(r"\A[A-Z][A-Z9][0-9]{7}\Z"),
    st.from_regex(r"\A[0-9]{9,12}\Z"),
    st.from_regex(r"\A[12][0-9]{9}\Z"),
    st.from_regex(r"\A[0-9]{4,6}-[0-9]{3,4}-[0-9]{1,2}\Z"),
    st.text(alphabet="0123456789-+ AB9\n\u0661é", max_size=14),
    st.text(max_size=12),
    st.none(),
)


@given(st.lists(NUMBERISH, min_size=1, max_size=30))
def test_expressions_say_what_the_plain_functions_say(values: list[str | None]) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.String}).select(
        dea=is_dea(pl.col("x")), npi=is_npi(pl.col("x")), ndc=canonical_ndc(pl.col("x"))
    )
    assert frame["dea"].to_list() == [None if v is None else is_dea_number(v) for v in values]
    assert frame["npi"].to_list() == [None if v is None else is_npi_number(v) for v in values]
    assert frame["ndc"].to_list() == [None if v is None else canonical_ndc_number(v) for v in values]


@given(st.integers(0, 10**6 - 1))
def test_one_of_ten_check_digits_is_right(serial: int) -> None:
    assert sum(is_dea_number(f"AB{serial:06d}{digit}") for digit in range(10)) == 1
    assert sum(is_npi_number(f"1{serial:08d}{digit}") for digit in range(10)) == 1
