"""Two identities are two, also where their 64-bit keys are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from counter_state import NOON, Clock, World, lake_with, people_database, services_over, serving

import store.persons
from access.accounts import disable_account, find_account
from access.audit import COMMAND_LINE


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from access.passwords import Passwords


PEOPLE: tuple[dict[str, Any], ...] = (
    {"rx_number": "1"},
    {"rx_number": "2", "last_name": "Other", "first_name": "Otto", "gender": "M"},
    {"rx_number": "3", "gender": None},
)


@pytest.fixture
def collided(tmp_path: Path, passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A state in which every person has the same key."""
    hashes = store.persons._hashes

    def one_key(texts: pl.Series, secret: bytes, purpose: bytes) -> pl.Series:
        if purpose == b"pdmp person":
            return pl.Series([7] * len(texts), dtype=pl.UInt64)
        return hashes(texts, secret, purpose)

    monkeypatch.setattr(store.persons, "_hashes", one_key)
    clock = Clock(NOON)
    database, organisations = people_database(tmp_path, passwords)
    with lake_with(tmp_path / "lake", PEOPLE) as lake:
        services = services_over(lake, database, clock, passwords)
        with serving(services) as client:
            yield World(services, clock, client, organisations, tmp_path)
    database.close()


def test_a_shared_key_mixes_nobody(collided: World) -> None:
    """design.md section 4: compare the identity itself before two records are called the same."""
    headers = collided.as_("maren")
    found = collided.search(headers, last_name="Other", first_name="Otto").json()
    assert (found["grade"], len(found["candidates"])) == ("exact", 1)
    report = collided.report(headers, [found["candidates"][0]["reference"]]).json()
    assert [line["rx_number"] for line in report["dispensations"]] == ["2"]
    found = collided.search(headers).json()
    assert found["grade"] == "several"
    numbers = {}
    for candidate in found["candidates"]:
        report = collided.report(headers, [candidate["reference"]]).json()
        numbers[candidate["gender"]] = [line["rx_number"] for line in report["dispensations"]]
    assert numbers == {"F": ["1"], None: ["3"]}
    both = collided.report(headers, [one["reference"] for one in found["candidates"]]).json()
    assert sorted(line["rx_number"] for line in both["dispensations"]) == ["1", "3"]
    assert {line["identity"] for line in both["dispensations"]} == {1, 2}


def test_who_is_shut_out_in_the_middle_of_a_session_is_out(collided: World) -> None:
    """Z3, ASVS 8.3.2."""
    headers = collided.as_("marcus")
    reference = collided.ada(headers)
    with collided.services.database.session() as session:
        account = find_account(session, "marcus@example.org")
        assert account is not None
        disable_account(session, account.id, why="left", by=COMMAND_LINE, now=collided.clock.now)
    assert collided.report(headers, [reference]).status_code == 401
    assert collided.search(headers).status_code == 401
