from datetime import date
from typing import Any

import polars as pl
import pytest

from lookup.patients.grade import MATCHES, grade, ranked
from lookup.search import masked
from schemas.report import Grade, Match
from store.search import CANDIDATE_SCHEMA


# What the store would say of an identity that fits in everything.
FITS: dict[str, Any] = {
    "person_key": 1,
    "identity": "SAMPLE|ADA|19800229|F|01||",
    "last_name": "Sample",
    "first_name": "Ada",
    "date_of_birth": date(1980, 2, 29),
    "species": "01",
    "last_equal": True,
    "first_equal": True,
    "last_alike": 1.0,
    "first_alike": 1.0,
    "last_prefix": True,
    "first_prefix": True,
    "names_swapped": False,
    "birth_equal": True,
    "birth_swapped": False,
    "birth_digits": 0,
}
LAST_SPELT = {"last_equal": False, "last_alike": 0.9, "last_prefix": False}
FIRST_CUT = {"first_equal": False, "first_alike": 0.5, "first_prefix": True}
OTHER_FIRST = {"first_equal": False, "first_alike": 0.3, "first_prefix": False}
OTHER_LAST = {"last_equal": False, "last_alike": 0.3, "last_prefix": False}
OTHER_DAY = {"birth_equal": False, "birth_digits": 1}
EXCHANGED_DAY = {"birth_equal": False, "birth_swapped": True, "birth_digits": 2}
SWAPPED = {**OTHER_FIRST, **OTHER_LAST, "names_swapped": True}


def found(*changes: dict[str, Any]) -> pl.DataFrame:
    rows = [
        {**dict.fromkeys(CANDIDATE_SCHEMA), **FITS, "person_key": number, **change}
        for number, change in enumerate(changes, 1)
    ]
    return pl.DataFrame(rows, schema=CANDIDATE_SCHEMA)


@pytest.mark.parametrize(
    ("evidence", "match"),
    [
        ({}, "same"),
        (LAST_SPELT, "spelling"),
        (FIRST_CUT, "spelling"),
        ({**LAST_SPELT, **FIRST_CUT}, "spelling"),
        (SWAPPED, "names_exchanged"),
        ({**SWAPPED, **OTHER_DAY}, "names_exchanged"),
        (OTHER_DAY, "birth_date"),
        (EXCHANGED_DAY, "birth_date"),
        ({**LAST_SPELT, **EXCHANGED_DAY}, "spelling_and_birth_date"),
        (OTHER_FIRST, "first_name"),
        ({**OTHER_FIRST, **LAST_SPELT}, None),
        ({**OTHER_LAST}, None),
        ({**LAST_SPELT, **OTHER_DAY}, None),
        ({**OTHER_FIRST, **OTHER_DAY}, None),
    ],
)
def test_what_the_evidence_is_worth(evidence: dict[str, Any], match: str | None) -> None:
    assert ranked(found(evidence))["match"].to_list() == ([match] if match else [])


def test_every_match_can_be_reached() -> None:
    assert {match for match, _ in MATCHES} == set(Match)


def test_the_best_stands_first_whatever_the_order_found() -> None:
    evidence = [OTHER_DAY, SWAPPED, {}, LAST_SPELT]
    assert ranked(found(*evidence))["match"].to_list() == ["same", "spelling", "names_exchanged", "birth_date"]
    assert ranked(found(*reversed(evidence)))["match"].to_list() == [
        "same",
        "spelling",
        "names_exchanged",
        "birth_date",
    ]


def test_beside_an_exact_match_another_first_name_is_somebody_else() -> None:
    assert ranked(found({}, OTHER_FIRST))["match"].to_list() == ["same"]
    assert ranked(found(LAST_SPELT, OTHER_FIRST))["match"].to_list() == ["spelling", "first_name"]


def test_nobody_found_is_nobody() -> None:
    assert ranked(found()).is_empty()


@pytest.mark.parametrize(
    ("matches", "answer"),
    [
        ([], Grade.NONE),
        ([Match.SAME], Grade.EXACT),
        ([Match.SAME, Match.SPELLING], Grade.EXACT),
        ([Match.SAME, Match.SAME], Grade.SEVERAL),
        ([Match.SPELLING], Grade.POSSIBLE),
        ([Match.FIRST_NAME, Match.BIRTH_DATE], Grade.POSSIBLE),
    ],
)
def test_how_well_it_was_answered(matches: list[Match], answer: Grade) -> None:
    assert grade(matches) is answer


@pytest.mark.parametrize(
    ("address", "shown"),
    [("12 ELM STREET", "1• E•• S•••••"), ("  P.O. BOX 7 ", "P••• B•• 7"), ("", None), ("   ", None), (None, None)],
)
def test_an_address_can_be_recognised_and_not_read(address: str | None, shown: str | None) -> None:
    assert masked(address) == shown
