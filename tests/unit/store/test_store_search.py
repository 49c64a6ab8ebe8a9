from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from store.lake import Lake
from store.search import CANDIDATE_SCHEMA, exchanged, find_persons
from store.upkeep import upkeep
from store.writer import commit
from tests.functional.lakes import NOW, batch, later, rows


BORN = date(1980, 4, 12)


def keep(lake: Lake, *people: dict[str, object]) -> None:
    """One fill for each person; who is not described is Anna Smith, born 12 April 1980."""
    described = [
        {"last_name": "SMITH", "first_name": "ANNA", "date_of_birth": BORN, "gender": "F", **one} for one in people
    ]
    sent = pl.concat([rows(1, start=number, **one) for number, one in enumerate(described)])
    commit(lake, [batch("s-1", sent)], NOW)


def search(lake: Lake, last: str = "Smith", first: str = "Anna", born: date = BORN) -> pl.DataFrame:
    return find_persons(lake, last_name=last, first_name=first, date_of_birth=born)


def test_the_exact_person_comes_first_with_every_sign_of_it(lake: Lake) -> None:
    keep(lake, {"first_name": "ANNE"}, {"middle_name": "Q", "city": "NEW HAVEN"})
    found = search(lake)
    assert found.schema == CANDIDATE_SCHEMA
    assert found["first_name"].to_list() == ["ANNA", "ANNE"]
    best = found.row(0, named=True)
    assert {name for name, value in best.items() if value is True} == {
        "last_equal",
        "first_equal",
        "last_prefix",
        "first_prefix",
        "birth_equal",
    }
    assert (best["last_alike"], best["first_alike"], best["birth_digits"]) == (1.0, 1.0, 0)
    assert (best["middle_name"], best["city"], best["gender"]) == ("Q", "NEW HAVEN", "F")


@pytest.mark.parametrize(
    ("person", "sign"),
    [
        ({"last_name": "SMYTHE"}, {"last_equal": False, "birth_equal": True}),
        ({"last_name": "SMITH-JONES"}, {"last_prefix": True}),
        ({"last_name": "Smíth"}, {"last_equal": True}),
        ({"first_name": "BETH"}, {"last_equal": True, "first_equal": False}),  # a nickname, or a twin: for lookup
        ({"last_name": "ANNA", "first_name": "SMITH"}, {"names_swapped": True, "last_equal": False}),
        ({"date_of_birth": date(1980, 12, 4)}, {"birth_swapped": True, "birth_equal": False}),
        ({"date_of_birth": date(1980, 12, 4), "last_name": "SMYTH"}, {"birth_swapped": True, "last_equal": False}),
        ({"date_of_birth": date(1990, 4, 12)}, {"birth_digits": 1, "last_equal": True}),
        ({"date_of_birth": date(1980, 4, 13)}, {"birth_digits": 1}),
        ({"gender": "M"}, {"first_equal": True}),
        ({"species": "02", "animal_name": "REX"}, {"species": "02", "animal_name": "REX"}),
    ],
)
def test_whoever_may_be_meant_is_found_and_says_why(
    lake: Lake, person: dict[str, object], sign: dict[str, object]
) -> None:
    keep(lake, person)
    found = search(lake)
    assert found.height == 1
    assert {name: found[name].item() for name in sign} == sign


@pytest.mark.parametrize(
    "person",
    [
        {"last_name": "NOWAK"},
        {"last_name": "NOWAK", "first_name": "SMITH"},
        {"date_of_birth": date(1981, 5, 12)},
        {"date_of_birth": date(1990, 4, 12), "last_name": "SMYTH"},
        {"first_name": "JOHN", "date_of_birth": date(1980, 12, 4)},
        {"date_of_birth": None},
        {"first_name": None},
    ],
)
def test_whoever_cannot_be_meant_is_not_found(lake: Lake, person: dict[str, object]) -> None:
    keep(lake, person)
    assert search(lake).is_empty()


def test_an_empty_lake_knows_nobody(lake: Lake) -> None:
    assert search(lake).equals(pl.DataFrame(schema=CANDIDATE_SCHEMA))


@pytest.mark.parametrize(
    "typed", ["'; DROP TABLE lake.persons; --", "' OR '1'='1", "%", "_____", "\\", "\x00", "|", ""]
)
def test_what_is_typed_is_never_sql_nor_a_pattern(lake: Lake, typed: str) -> None:  # engineering.md I1
    keep(lake, {})
    for last, first in ((typed, "Anna"), ("Nowak", typed)):
        assert search(lake, last, first).is_empty()
    assert search(lake).height == 1


def test_a_person_seen_often_is_one_candidate_at_the_latest_place(lake: Lake) -> None:
    for number, city in enumerate(("HARTFORD", "NEW HAVEN", "STAMFORD")):
        sent = rows(1, start=number, last_name="SMITH", first_name="ANNA", date_of_birth=BORN, gender="F", city=city)
        commit(lake, [batch(f"s-{number}", sent)], later(number))
    assert search(lake)["city"].to_list() == ["STAMFORD"]
    upkeep(lake, now=NOW, full=True)
    assert search(lake)["city"].to_list() == ["STAMFORD"]


def test_an_exchange_is_another_date_or_none() -> None:
    assert exchanged(date(1980, 4, 12)) == date(1980, 12, 4)
    assert exchanged(date(1980, 4, 4)) is None
    assert exchanged(date(1980, 4, 13)) is None
