from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

from access import tables
from access.database import MIGRATIONS, Database, migrate, new_id, open_database
from access.tables_ledger import FindingTable, SubmissionTable


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
POSTGRES = os.environ.get("OPEN_PDMP_TEST_POSTGRES")


def submission(**changes: object) -> SubmissionTable:
    values = {
        "id": "s-1",
        "sender_account_id": "a-1",
        "display_name": "day.dat",
        "digest": "00",
        "size": 1,
        "received_at": NOW,
        "channel": "sftp",
        "state": "received",
        "state_at": NOW,
    }
    return SubmissionTable(**{**values, **changes})


def test_the_models_are_what_the_migrations_make(db: Database) -> None:
    with db.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA) == []


def test_the_comparison_would_see_a_missing_table(db: Database) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE coverage"))
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA)


def test_migrating_again_changes_nothing(sqlite: Database) -> None:
    with sqlite.session() as session:
        session.add(submission())
    migrate(sqlite)
    with sqlite.reading() as session:
        assert session.scalars(select(SubmissionTable.id)).all() == ["s-1"]


def test_every_table_of_the_metadata_is_made(sqlite: Database) -> None:
    with sqlite.reading() as session:
        made = set(session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
    assert set(tables.METADATA.tables) - made == set()
    assert "submissions" in made


@pytest.mark.parametrize("folder", ["a folder", "per%cent", "question?mark", "hash#tag", "quote's"])
def test_a_path_is_taken_word_for_word(tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    home.mkdir()
    for where in (home / "p.sqlite", str(home / "q.sqlite"), f"sqlite:///{home / 'r.sqlite'}"):
        database = open_database(where)
        migrate(database)
        database.close()
    assert {path.name for path in home.iterdir()} == {"p.sqlite", "q.sqlite", "r.sqlite"}


def test_migrating_needs_no_working_directory_and_no_settings_file(tmp_path: Path) -> None:
    program = (
        "import sys; from access.database import migrate, open_database; "
        "db = open_database(sys.argv[1]); migrate(db); db.close()"
    )
    root = str(MIGRATIONS.parent.parent)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": root}
    away = tmp_path / "else where"
    away.mkdir()
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(tmp_path / "x.sqlite")],
        cwd=away,
        env=environment,
        check=True,
        timeout=60,
    )
    assert list(away.iterdir()) == []
    assert (tmp_path / "x.sqlite").stat().st_size > 0


def test_the_migrations_work_from_a_folder_with_a_strange_name(tmp_path: Path) -> None:
    copy = tmp_path / "100 % ours"
    shutil.copytree(MIGRATIONS.parent, copy / "access", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(MIGRATIONS.parent.parent / "schemas", copy / "schemas")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import access.database as d; "
        "assert d.__file__.startswith(sys.argv[1]); db = d.open_database(sys.argv[1] + '/x.sqlite'); d.migrate(db)"
    )
    subprocess.run([sys.executable, "-c", program, str(copy)], cwd=copy, check=True, timeout=60)


def _open_and_migrate(path: Path, barrier: multiprocessing.synchronize.Barrier) -> None:
    barrier.wait(timeout=30)
    database = open_database(path)
    migrate(database)
    database.close()


def test_several_processes_may_migrate_a_new_file_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    path = tmp_path / "people.sqlite"
    processes = [context.Process(target=_open_and_migrate, args=(path, barrier)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    database = open_database(path)
    with database.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA) == []
    database.close()


def test_the_file_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = open_database(tmp_path / "people.sqlite")
        migrate(database)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert modes == {"people.sqlite": 0o600, "people.sqlite-wal": 0o600, "people.sqlite-shm": 0o600}


def test_write_ahead_log_foreign_keys_and_durable_commits_are_on(sqlite: Database) -> None:
    with sqlite.reading() as session:
        pragmas = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 30_000}


def test_a_finding_needs_its_submission(db: Database) -> None:
    with pytest.raises(IntegrityError), db.session() as session:
        session.add(FindingTable(submission_id="nowhere", code="X", severity="error", tier="law"))


def test_an_exception_undoes_the_whole_unit_of_work(db: Database) -> None:
    with suppress(ZeroDivisionError), db.session() as session:
        session.add(submission())
        session.flush()
        assert session.scalars(select(SubmissionTable.id)).all() == ["s-1"]
        _ = 1 / 0
    with db.reading() as session:
        assert session.scalars(select(SubmissionTable)).all() == []


def test_a_reader_cannot_write_and_leaves_no_such_limit_behind(db: Database) -> None:
    with pytest.raises(DBAPIError), db.reading() as session:
        session.execute(text("DELETE FROM submissions"))
    with db.session() as session:
        session.add(submission())
    with db.reading() as session:
        assert session.scalars(select(SubmissionTable.id)).all() == ["s-1"]


def test_a_reader_does_not_wait_for_a_writer_and_sees_one_snapshot(db: Database) -> None:
    with db.reading() as reader:
        assert reader.scalars(select(SubmissionTable.id)).all() == []
        with db.session() as writer:
            writer.add(submission())
        assert reader.scalars(select(SubmissionTable.id)).all() == []
    with db.reading() as reader:
        assert reader.scalars(select(SubmissionTable.id)).all() == ["s-1"]


def test_a_second_writer_waits_only_so_long(database_file: Path) -> None:
    first, second = open_database(database_file), open_database(database_file, busy_timeout_s=0.05)
    with first.session() as session:
        session.add(submission())
        session.flush()
        with pytest.raises(OperationalError, match="locked"), second.session() as other:
            other.add(submission(id="s-2"))
    first.close()
    second.close()


def test_a_moment_comes_back_in_utc(db: Database) -> None:
    eastern = timezone(timedelta(hours=-5))
    with db.session() as session:
        session.add(submission(received_at=NOW.astimezone(eastern).replace(microsecond=123456)))
    with db.reading() as session:
        kept = session.scalars(select(SubmissionTable.received_at)).one()
    assert kept == NOW.replace(microsecond=123456)
    assert kept.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="pass an aware datetime"), db.session() as session:
        session.add(submission(received_at=NOW.replace(tzinfo=None)))


@pytest.mark.parametrize("where", ["sqlite://", "sqlite:///"])
def test_a_database_in_memory_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="would be forgotten"):
        open_database(where)


def test_postgresql_is_tried_too() -> None:
    if POSTGRES is None:
        pytest.skip("the same tests on PostgreSQL need one: OPEN_PDMP_TEST_POSTGRES=postgresql://…")


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="'mysql' is not supported"):
        open_database("mysql://localhost/x")


def test_identifiers_do_not_repeat_and_suit_a_file_name() -> None:
    made = {new_id("a") for _ in range(1000)}
    assert len(made) == 1000
    assert all(name.startswith("a-") and name.replace("-", "").isalnum() for name in made)
