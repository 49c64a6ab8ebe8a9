"""Makes a new lake, and keeps patients' values out of its catalog.

THE CATALOG'S STATISTICS. DuckLake records for every file and column the smallest and largest value,
in clear, to prune files by. Of a small file these are the values themselves: names, dates of birth,
addresses. Triggers in the catalog drop them for every column that store/tables.py does not disclose.
DuckLake treats a missing statistic as unknown, and reads the file; the rows of 75 columns that are
not written make commits faster, too.

A SQLite catalog is built under another name and renamed when whole, so a lake either exists or does
not. Its triggers are made with Python's sqlite3 while DuckDB does not have the file open: two SQLite
libraries in one process release each other's locks, and were seen to damage the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from store.durable import sync_path
from store.tables import FORMAT, TABLES, VIEWS, option_statements, statements


METADATA = "__ducklake_metadata_lake"
_SIDE_FILES = ("", "-wal", "-shm", "-journal")


def make_tables(connection: duckdb.DuckDBPyConnection, buckets: int) -> None:
    """Make every table of a lake attached as ``lake``; those that are there already stay.

    Args:
        connection: with the lake attached for writing.
        buckets: over how many buckets of the person key dispensations are spread.
    """
    connection.begin()
    for table in TABLES:
        for statement in statements(table, buckets):
            connection.execute(statement)
    connection.commit()
    for statement in option_statements():
        connection.execute(statement)
    # While a table has never had a row, DuckLake asks its catalog for statistics once per column of
    # every query: 250 ms for a look-up. One row that came and went ends that.
    for shelf, _ in VIEWS.values():
        connection.execute(f"INSERT INTO lake.{shelf} (person_key) VALUES (NULL)")  # noqa: S608 - a name of our own
        connection.execute(f"DELETE FROM lake.{shelf}")  # noqa: S608


def sign(connection: duckdb.DuckDBPyConnection, buckets: int, secret_check: str) -> None:
    """Write the row that says the lake is whole: format, buckets, and whose secret it is.

    Args:
        connection: with the lake attached for writing.
        buckets: as it was made with.
        secret_check: what tells the installation's secret from another.
    """
    connection.execute("INSERT INTO lake.format VALUES (?, ?, ?)", [FORMAT, buckets, secret_check])


def undisclosed(connection: duckdb.DuckDBPyConnection) -> dict[int, list[int]]:
    """Per table id the column ids whose statistics the catalog may keep, for the tables about patients."""
    rows = connection.execute(
        f"SELECT t.table_name, t.table_id, c.column_name, c.column_id FROM {METADATA}.ducklake_table t "  # noqa: S608 - a constant name
        f"JOIN {METADATA}.ducklake_column c ON c.table_id = t.table_id AND c.parent_column IS NULL"
    ).fetchall()
    disclosed = {table.name: table.disclosed for table in TABLES}
    kept: dict[int, list[int]] = {}
    for table_name, table_id, column_name, column_id in rows:
        allowed = disclosed[table_name]
        if allowed is not None:
            kept.setdefault(table_id, [])
            if column_name in allowed:
                kept[table_id].append(column_id)
    return kept


def _condition(kept: Mapping[int, list[int]]) -> str:
    """True for a statistic that must not stay, in SQL of both catalogs."""
    return " OR ".join(
        f"(NEW.table_id = {table_id} AND NEW.column_id NOT IN ({', '.join(map(str, columns))}))"
        for table_id, columns in kept.items()
    )


def sqlite_triggers(kept: Mapping[int, list[int]]) -> str:
    """The triggers of a SQLite catalog.

    RAISE(IGNORE) in a BEFORE trigger drops the row, or the change, before it reaches a page of the file.
    """
    hidden = _condition(kept)
    told = "(NEW.min_value IS NOT NULL OR NEW.max_value IS NOT NULL OR NEW.extra_stats IS NOT NULL)"
    return f"""
        CREATE TRIGGER hide_file_statistics BEFORE INSERT ON ducklake_file_column_stats
        WHEN {hidden} BEGIN SELECT RAISE(IGNORE); END;
        CREATE TRIGGER hide_variant_statistics BEFORE INSERT ON ducklake_file_variant_stats
        WHEN {hidden} BEGIN SELECT RAISE(IGNORE); END;
        CREATE TRIGGER hide_table_statistics BEFORE INSERT ON ducklake_table_column_stats
        WHEN {told} AND ({hidden}) BEGIN
            INSERT INTO ducklake_table_column_stats
            VALUES (NEW.table_id, NEW.column_id, NEW.contains_null, NEW.contains_nan, NULL, NULL, NULL);
            SELECT RAISE(IGNORE);
        END;
        CREATE TRIGGER hide_table_statistics_changed BEFORE UPDATE ON ducklake_table_column_stats
        WHEN {told} AND ({hidden}) BEGIN
            UPDATE ducklake_table_column_stats
            SET contains_null = NEW.contains_null, contains_nan = NEW.contains_nan,
                min_value = NULL, max_value = NULL, extra_stats = NULL
            WHERE table_id = NEW.table_id AND column_id = NEW.column_id;
            SELECT RAISE(IGNORE);
        END;
    """  # noqa: S608 - ids that the catalog itself gave


def postgres_triggers(kept: Mapping[int, list[int]]) -> str:
    """The triggers of a PostgreSQL catalog."""
    hidden = _condition(kept)
    return f"""
        CREATE OR REPLACE FUNCTION pdmp_drop_statistics() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN IF {hidden} THEN RETURN NULL; END IF; RETURN NEW; END $body$;
        CREATE OR REPLACE FUNCTION pdmp_blank_statistics() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN IF {hidden} THEN
            NEW.min_value := NULL; NEW.max_value := NULL; NEW.extra_stats := NULL;
        END IF; RETURN NEW; END $body$;
        CREATE OR REPLACE TRIGGER hide_file_statistics BEFORE INSERT ON ducklake_file_column_stats
        FOR EACH ROW EXECUTE FUNCTION pdmp_drop_statistics();
        CREATE OR REPLACE TRIGGER hide_variant_statistics BEFORE INSERT ON ducklake_file_variant_stats
        FOR EACH ROW EXECUTE FUNCTION pdmp_drop_statistics();
        CREATE OR REPLACE TRIGGER hide_table_statistics BEFORE INSERT OR UPDATE ON ducklake_table_column_stats
        FOR EACH ROW EXECUTE FUNCTION pdmp_blank_statistics();
    """


def clear_unfinished(building: Path) -> None:
    """Remove what an earlier, interrupted making of the catalog left behind."""
    for suffix in _SIDE_FILES:
        building.with_name(building.name + suffix).unlink(missing_ok=True)


def finish_sqlite(building: Path, catalog: Path, kept: Mapping[int, list[int]]) -> None:
    """Add the triggers to a catalog just built, close its permissions, and give it its name.

    Args:
        building: the catalog as built; no process may have it open.
        catalog: the name it gets.
        kept: from `undisclosed`.
    """
    with closing(sqlite3.connect(building)) as connection:
        connection.executescript(sqlite_triggers(kept))
    building.chmod(0o600)  # P-128; SQLite gives its side files the same mode
    sync_path(building)
    building.replace(catalog)
    sync_path(catalog.parent)
