from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.persons import birth_block, identify, identity, name_block, normalise
from tests.functional.lakes import SECRET, rows


def key(secret: bytes = SECRET, **columns: object) -> int:
    """The person key of one row with these columns."""
    keys, _ = identify(rows(1, **{"last_name": "SMITH", "first_name": "ANNA", **columns}), secret)
    return int(keys.item())


@pytest.mark.parametrize(
    ("sent", "normalised"),
    [
        ("Smith", "SMITH"),
        ("  smith ", "SMITH"),
        ("O'Brien", "OBRIEN"),
        ("O’Brien", "OBRIEN"),  # noqa: RUF001 - as word processors write it
        ("Smith-Jones", "SMITHJONES"),
        ("Smith Jones", "SMITHJONES"),
        ("García", "GARCIA"),
        ("Garci\u0301a", "GARCIA"),  # the accent as a character of its own
        ("Łukasz", "LUKASZ"),
        ("Strauß", "STRAUSS"),
        ("Øster", "OSTER"),
        ("SMITH JR", "SMITH"),
        ("Smith, III.", "SMITH"),
        ("JR", "JR"),
        ("van der Berg", "VANDERBERG"),
        ("山田", "山田"),
        ("", ""),
        (None, ""),
        ("?!", ""),
    ],
)
def test_a_name_is_reduced_to_what_tells_it_apart(sent: str | None, normalised: str) -> None:
    assert pl.DataFrame({"n": [sent]}, schema={"n": pl.String}).select(normalise(pl.col("n"))).item() == normalised


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_normalising_again_changes_nothing_and_leaves_no_separator(name: str) -> None:
    once = pl.DataFrame({"n": [name]}).select(normalise(pl.col("n"))).item()
    assert "|" not in once
    assert pl.DataFrame({"n": [once]}).select(normalise(pl.col("n"))).item() == once


@pytest.mark.parametrize(
    "columns",
    [
        {"last_name": "smith"},
        {"last_name": "Smith Jr."},
        {"gender": "f"},
        {"species": None},
        {"city": "NEW HAVEN", "address_1": "2 OTHER STREET"},
        {"animal_name": "REX"},  # of a human: means nothing
    ],
)
def test_a_spelling_or_a_move_makes_no_other_person(columns: dict[str, object]) -> None:
    assert key(**columns) == key()


@pytest.mark.parametrize(
    "columns",
    [
        {"last_name": "SMYTH"},
        {"first_name": "ANN"},
        {"date_of_birth": date(1950, 1, 2)},
        {"gender": "M"},
        {"gender": None},
        {"species": "02"},
        {"secret": b"another secret of sixteen bytes"},
    ],
)
def test_another_identity_or_another_secret_is_another_key(columns: dict[str, object]) -> None:
    assert key(**columns) != key()  # type: ignore[arg-type]


def test_an_animal_is_known_by_its_owner_and_its_name() -> None:
    assert key(species="02", animal_name="REX") != key(species="02", animal_name="BELLA")
    assert key(species="02", animal_name="Rex") == key(species="02", animal_name="REX")


@pytest.mark.parametrize(
    "nobody",
    [
        {"last_name": "UNKNOWN"},
        {"first_name": None},
        {"date_of_birth": None},
        {"date_of_birth": date(1900, 1, 1)},
    ],
)
def test_those_whose_name_is_not_known_are_not_one_person(nobody: dict[str, object]) -> None:
    assert key(address_1="1 TEST STREET", **nobody) != key(address_1="2 TEST STREET", **nobody)


def test_a_name_that_only_looks_like_a_stand_in_can_be_found() -> None:
    _, persons = identify(rows(1, last_name="Test", first_name="Ann"), SECRET)
    assert persons["last"].to_list() == ["TEST"]


def test_who_has_no_name_or_birthday_cannot_be_searched_for() -> None:
    for missing in ({"last_name": None}, {"first_name": "-"}, {"date_of_birth": None}):
        keys, persons = identify(rows(2, **missing), SECRET)
        assert keys.null_count() == 0
        assert persons.is_empty()


def test_every_row_gets_the_key_of_its_identity() -> None:
    frame = rows(500, persons=90)
    keys, persons = identify(frame, SECRET)
    by_identity = frame.select(identity().alias("identity")).with_columns(key=keys)
    assert by_identity.n_unique() == by_identity["identity"].n_unique() == keys.n_unique() == persons.height == 90
    assert set(persons["person_key"]) == set(keys)


def test_the_block_of_a_pair_of_names_ignores_their_order() -> None:
    assert name_block("SMITH", "ANNA", SECRET) == name_block("ANNA", "SMITH", SECRET)
    assert name_block("SMITH", "ANNA", SECRET) != name_block("SMITHA", "NNA", SECRET)


def test_the_blocks_of_a_row_are_those_a_search_asks_for() -> None:
    _, persons = identify(rows(1, last_name="García", first_name="Ana"), SECRET)
    assert persons["birth_block"].item() == birth_block(persons["date_of_birth"].item(), SECRET)
    assert persons["name_block"].item() == name_block("GARCIA", "ANA", SECRET)


def test_no_rows_are_nobody() -> None:
    keys, persons = identify(rows(0), SECRET)
    assert keys.is_empty()
    assert persons.is_empty()
