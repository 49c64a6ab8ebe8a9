from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.literals import (
    date_literal,
    identifier_literal,
    key_literal,
    keys_literal,
    moment_literal,
    text_literal,
)


@pytest.mark.parametrize("key", ["1", 1.0, None, True, "1 OR 1=1"])
def test_only_an_int_is_a_key(key: object) -> None:
    with pytest.raises(TypeError, match="a key is an int"):
        key_literal(key)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [-1, 2**64])
def test_a_key_has_64_unsigned_bits(key: int) -> None:
    with pytest.raises(ValueError, match="64 unsigned bits"):
        key_literal(key)


def test_keys_come_in_order_and_once() -> None:
    assert keys_literal([3, 2**64 - 1, 3]) == "(3::UBIGINT, 18446744073709551615::UBIGINT)"


@pytest.mark.parametrize("identifier", ["", "a' OR '1'='1", "a;b", "a b", "x" * 81, "ä", "a\n"])
def test_an_identifier_leaves_nothing_to_inject(identifier: str) -> None:
    with pytest.raises(ValueError, match="an identifier has"):
        identifier_literal(identifier)


def test_a_moment_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        moment_literal(datetime(2024, 3, 1))  # noqa: DTZ001 - the point


def test_a_moment_is_written_in_utc_to_the_microsecond() -> None:
    moment = datetime(2024, 3, 1, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-5)))
    assert moment_literal(moment) == "TIMESTAMPTZ '2024-03-01 06:02:03.000004+00'"


def test_a_path_with_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        text_literal("a\0b")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_duckdb_reads_back_any_text(text: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {text_literal(text)}").fetchone() == (text,)


@given(st.dates(), st.datetimes(timezones=st.just(UTC)))
def test_duckdb_reads_back_any_day_and_moment(day: date, moment: datetime) -> None:
    with duckdb.connect() as connection:
        statement = f"SELECT {date_literal(day)}, epoch_us({moment_literal(moment)})"
        since = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        assert connection.execute(statement).fetchone() == (day, since)
