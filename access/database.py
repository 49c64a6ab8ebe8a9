"""The relational database: people, register, ledger, audit. SQLite by default, PostgreSQL by URL.

ONE UNIT OF WORK, ONE TRANSACTION. `Database.session` is for changing: it takes the write lock at
once (BEGIN IMMEDIATE), so that two writers queue instead of failing half-way, commits at the end
and rolls back on any exception. `Database.reading` sees one snapshot, waits for nobody, and the
database itself refuses a write in it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    URL,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator


MIGRATIONS = Path(__file__).parent / "migrations"

# Names for constraints, so that a later migration can drop what this one made, on either database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# How long a writer waits for another one: a bulk import of the register holds the lock for seconds.
BUSY_TIMEOUT_S = 30.0

# PostgreSQL's advisory lock under which migrations run; any number that nothing else here uses.
MIGRATION_LOCK = 0x50444D50

WRITING, READING = "writing", "reading"


class Base(DeclarativeBase):
    """The one metadata: every table of this database is declared on it, and migrated from here."""

    metadata = MetaData(naming_convention=NAMING)


# A count that outgrows 32 bits; SQLite numbers rows by itself only where the type is called INTEGER.
BigCount = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC; SQLite keeps no zone, so it is taken off and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be stored; pass an aware datetime in UTC.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the library names it
        """Give UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True)
class Database:
    """An open database.

    Attributes:
        engine: SQLAlchemy's; transactions on it are begun for writing.
        audit_key: what the audit trail is keyed with; without it no audit event can be written, and so
            nothing that needs one can be done.
    """

    engine: Engine
    audit_key: bytes | None = field(default=None, repr=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A unit of work that may write: one transaction, committed at the end, undone on an exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            session.info["audit_key"] = self.audit_key
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One snapshot to read from; a write in it is refused by the database."""
        with Session(_readers(self.engine), expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _readers(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        return engine.execution_options(purpose=READING)
    return engine.execution_options(purpose=READING, isolation_level="REPEATABLE READ", postgresql_readonly=True)


def open_database(
    where: str | Path, *, audit_key: bytes | None = None, busy_timeout_s: float = BUSY_TIMEOUT_S
) -> Database:
    """Open the database; a SQLite file that is not there yet is made, readable by its owner only (P-128).

    Args:
        where: a file, or a URL ``sqlite:///…`` or ``postgresql://…``.
        audit_key: of the installation (`access.secrets`); None where nothing audited will be done.
        busy_timeout_s: how long a writer waits for another one, in seconds (SQLite).

    Raises:
        ValueError: the URL is of another database.
    """
    path = _sqlite_path(where)
    if path is not None:
        return Database(_sqlite_engine(path, busy_timeout_s), audit_key)
    url = make_url(str(where))
    if url.get_backend_name() != "postgresql":
        raise ValueError(f"A database of kind {url.get_backend_name()!r} is not supported; give sqlite or postgresql.")
    if "+" not in url.drivername:
        url = url.set(drivername="postgresql+psycopg")
    return Database(create_engine(url, pool_pre_ping=True), audit_key)


def _sqlite_path(where: str | Path) -> Path | None:
    """The file, taken word for word: a path may hold spaces, ``?`` and ``%``, which a URL parser would read."""
    if isinstance(where, Path):
        return where
    scheme, mark, rest = where.partition("://")
    if not mark:
        return Path(where)
    if scheme.split("+")[0] != "sqlite":
        return None
    if not rest.removeprefix("/"):
        raise ValueError("A SQLite database needs a file; an in-memory one would be forgotten.")
    return Path(rest.removeprefix("/"))


def _sqlite_engine(path: Path, busy_timeout_s: float) -> Engine:
    # Made by us, since SQLite would make it readable by all; its -wal and -shm files take on the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": busy_timeout_s})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  whatever the driver gives
        # The driver begins no transaction by itself; `begin` below does, in the way the work needs.
        connection.isolation_level = None
        _write_ahead(connection, busy_timeout_s)
        connection.execute("PRAGMA foreign_keys = ON")
        # A commit that was answered survives a power cut; NORMAL would lose the last ones in WAL mode.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("purpose", WRITING) == READING
        connection.exec_driver_sql(f"PRAGMA query_only = {int(reading)}")
        connection.exec_driver_sql("BEGIN DEFERRED" if reading else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection: sqlite3.Connection, patience_s: float) -> None:
    """Switch to WAL once; several processes may open a new file together, and this switch heeds no busy timeout."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
                return
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as fault:
            # The low byte is the kind of error; a database that cannot be written at all is no use waiting for.
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def migrate(database: Database) -> None:
    """Bring the tables to the newest revision; safe to call from several processes at once, and again."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        command.upgrade(_alembic(connection), "head")


def _alembic(connection: Connection) -> Config:
    """Alembic's settings, made here: no alembic.ini, whatever the working directory."""
    config = Config(attributes={"connection": connection})
    # The value is read with %-interpolation; a folder may have a per cent sign in its name.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def new_id(prefix: str) -> str:
    """An identifier nobody can guess, such as ``a-9f3c…``; safe in a URL and a file name."""
    return f"{prefix}-{secrets.token_hex(10)}"
