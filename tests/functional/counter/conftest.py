"""A small state behind a real counter, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
import structlog
from counter_state import (
    NOON,
    PEOPLE,
    RECORDED,
    Clock,
    World,
    decide,
    lake_with,
    people_database,
    services_over,
    serving,
)
from structlog.testing import LogCapture

from access.passwords import HashCost, Passwords
from schemas.finding import FINDING_SCHEMA
from schemas.submission import Submission


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """Cheap hashes: what they cost is not tested here."""
    return Passwords(cost=HashCost(passes=1, memory_kib=64, lanes=1))


@pytest.fixture(scope="module", autouse=True)
def log() -> Iterator[list[Any]]:
    """Every log event of the module, as it left our code, before any gate."""
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[capture], cache_logger_on_first_use=False)
    yield capture.entries
    structlog.configure(**before)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, passwords: Passwords) -> Iterator[World]:
    home = tmp_path_factory.mktemp("state")
    clock = Clock(NOON)
    database, organisations = people_database(home, passwords)
    lake = lake_with(home / "lake", PEOPLE)
    services = services_over(lake, database, clock, passwords)
    finding = {
        "code": "F-EMPTY",
        "severity": "error",
        "tier": "standard",
        "transaction": 1,
        "pharmacy": "FX1234563",
        "segment": "DSP",
        "element": "DSP05",
        "record": 2,
        "position": 9,
    }
    decide(services.ledger, "s-elm-1", pl.DataFrame([finding] * 3, schema=FINDING_SCHEMA))
    with serving(services) as client:
        yield World(services, clock, client, organisations, home)
    lake.close()
    database.close()


@pytest.fixture
def start_server(world: World) -> Callable[..., serving]:
    """Another server over the same state, with services changed."""

    def start(app: Any = None, serve: dict[str, Any] | None = None, **changes: Any) -> serving:
        return serving(replace(world.services, **changes), app, **(serve or {}))

    return start


@pytest.fixture
def submission() -> Submission:
    return Submission("s-zzz", "a-sender", "new.dat", "0" * 64, 10, RECORDED, "sftp")
