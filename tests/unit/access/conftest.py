"""A migrated database per test, made once per worker and copied; a clock that is an argument."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from access.database import Database, migrate, open_database


AUDIT_KEY = bytes(range(32))
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

# A PostgreSQL to try as well, e.g. postgresql://postgres@localhost/test: every test makes a schema of its own in it.
POSTGRES = os.environ.get("PDMP_TEST_POSTGRES")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "people.sqlite"
    database = open_database(path)
    migrate(database)
    database.close()
    return path


@pytest.fixture
def database_file(tmp_path: Path, migrated_file: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "people.sqlite"))


@pytest.fixture
def sqlite(database_file: Path) -> Iterator[Database]:
    """For tests that need the file itself."""
    database = open_database(database_file, audit_key=AUDIT_KEY)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES else ["sqlite"])
def db(request: pytest.FixtureRequest, database_file: Path) -> Iterator[Database]:
    """A migrated, empty database of each kind there is."""
    if request.param == "sqlite":
        database = open_database(database_file, audit_key=AUDIT_KEY)
        yield database
        database.close()
        return
    assert POSTGRES is not None
    schema = f"t{uuid.uuid4().hex}"
    admin = open_database(POSTGRES)
    with admin.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    database = open_database(f"{POSTGRES}?options=-csearch_path%3D{schema}", audit_key=AUDIT_KEY)
    migrate(database)
    yield database
    database.close()
    with admin.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    admin.close()


@pytest.fixture
def reopen() -> Iterator[Callable[[Database], Database]]:
    """The same database as another process would open it after a restart."""
    opened = []

    def again(database: Database) -> Database:
        other = replace(
            database, engine=open_database(database.engine.url.render_as_string(hide_password=False)).engine
        )
        opened.append(other)
        return other

    yield again
    for database in opened:
        database.close()
