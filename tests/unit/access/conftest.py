"""A migrated database per test, made once per worker and copied; a clock that is an argument."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from access import audit
from access.accounts import Account, Status, create_account
from access.audit import COMMAND_LINE, RecordedEvent
from access.database import Database, migrate, open_database
from access.passwords import HashCost, Passwords
from access.sessions import Person, Session, log_in


AUDIT_KEY = bytes(range(32))
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
PASSWORD = "Correct horse, battery"

# A PostgreSQL to try as well, e.g. postgresql://postgres@localhost/test: every test makes a schema of its own in it.
POSTGRES = os.environ.get("OPEN_PDMP_TEST_POSTGRES")


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


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """At the least cost there is; what the cost really is, test_passwords.py looks at."""
    return Passwords(cost=HashCost(passes=1, memory_kib=8, lanes=1))


@dataclass(frozen=True)
class People:
    """Makes accounts without ceremony."""

    db: Database
    passwords: Passwords

    def add(self, role: str = "prescriber", *, name: str = "anna", status: Status = Status.ACTIVE) -> Account:
        with self.db.session() as session:
            return create_account(
                session,
                email=f"{name}@example.org",
                display_name=name.title(),
                role=role,
                by=COMMAND_LINE,
                now=NOW,
                password=self.passwords.new(PASSWORD, PASSWORD),
                status=status,
            )

    def log_in(self, name: str = "anna", password: str = PASSWORD, *, now: datetime = NOW, **more: object) -> Session:
        return log_in(self.db, f"{name}@example.org", password, "192.0.2.7", now, passwords=self.passwords, **more)

    def person(self, role: str = "prescriber", name: str = "anna") -> Person:
        self.add(role, name=name)
        return self.log_in(name).person

    def trail(self) -> list[RecordedEvent]:
        """Every event, oldest first."""
        with self.db.reading() as session:
            return audit.search(session, limit=1000)[::-1]

    def acts(self) -> list[str]:
        return [event.act for event in self.trail()]


@pytest.fixture
def people(db: Database, passwords: Passwords) -> People:
    return People(db, passwords)
