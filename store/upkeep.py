"""Puts the lake in order in the worker's quiet moments: shelve, merge, flush, and throw away.

Each step is one lake transaction and leaves every event as it is, so upkeep may be killed anywhere and
changes no answer, now or as of any moment. What it changes is where rows lie, and so how many files a
look-up opens. DuckLake keeps the sort order and the bucket of files it merges (tested), so a merged
shelf is as good as a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from schemas.dispensation import EVENT_SCHEMA
from store.catalog import METADATA
from store.failures import world_error
from store.lake import Lake
from store.literals import moment_literal
from store.tables import SIGHTING_SCHEMA


# From here a landing is shelved. Fewer rows would make shelf files of a few hundred rows each, and cost
# more in merging than a look-up loses by opening the landing's one file.
SHELVE_ROWS = 50_000
# A landing is merged into one file from so many files on; each costs a look-up about a millisecond.
LANDING_FILES = 8
# A partition is merged when it has, on average, so many files; merging rewrites them, so not sooner.
PARTITION_FILES = 4
# Rows inlined in the catalog make every statement read them: 40,000 slow a look-up to 30 to 90 ms.
FLUSH_ROWS = 1_000
# A file of this size is left alone by merging: about 600,000 dispensations.
MERGED_BYTES = 32 * 1024 * 1024
# A reader may still be reading the files of a snapshot that is no longer the newest.
GRACE = timedelta(hours=1)

_PARTITIONED = ("dispensations", "persons", "record_index")
_LANDINGS = ("recent_dispensations", "recent_persons", "submissions", "coverage")


@dataclass(frozen=True)
class UpkeepResult:
    """What upkeep did.

    Attributes:
        flushed: rows moved out of the catalog into files.
        shelved: dispensations moved from the landing to the shelf.
        repeats: sightings of persons dropped because the shelf had them.
        merged: files that became part of a larger one.
        removed: files that nothing needs any more, deleted.
    """

    flushed: int
    shelved: int
    repeats: int
    merged: int
    removed: int


def upkeep(
    lake: Lake,
    report: Callable[[str], None] | None = None,
    *,
    now: datetime,
    full: bool = False,
    grace: timedelta = GRACE,
) -> UpkeepResult:
    """Put the lake in order, as far as it is worth it.

    Args:
        lake: open for writing.
        report: called with a few words before each step; for a progress line.
        now: the clock's time, with a time zone.
        full: shelve, flush and merge whatever there is, however little.
        grace: how long a snapshot that is no longer the newest, and its files, stay for its readers.

    Raises:
        LakeBusyError: another process was in the way; try again.
        LakeBrokenError: a step failed; the lake is as it was before that step.
        ReadOnlyError: the lake is open for reading.
    """
    lake.require_writer()
    tell = report or (lambda _: None)
    try:
        tell("flushing rows out of the catalog")
        flushed = _flush(lake, full=full)
        tell("shelving what landed")
        shelved = _shelve_dispensations(lake, full=full)
        repeats = _shelve_persons(lake, full=full)
        tell("merging small files")
        merged = sum(_merge(lake, table, full=full) for table in (*_PARTITIONED, *_LANDINGS))
        tell("removing what nothing needs")
        removed = _remove(lake, now - grace)
    except duckdb.Error as error:
        raise world_error(error, lake.root, "do the upkeep") from None
    return UpkeepResult(flushed, shelved, repeats, merged, removed)


def _number(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    """The one number that a statement answers; 0 for none."""
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def _transaction(lake: Lake, *statements: str) -> int:
    """Run statements in one transaction; the number the last one answers."""
    with lake.transaction() as connection:
        for statement in statements[:-1]:
            connection.execute(statement)
        return _number(connection, statements[-1])


def _flush(lake: Lake, *, full: bool) -> int:
    flushed = 0
    for table in ("submissions", "coverage"):
        inlined = _number(lake.connection, f"SELECT count(*) FROM lake.{table}") - _rows_in_files(lake, table)  # noqa: S608 - names of our own
        if inlined >= (1 if full else FLUSH_ROWS):
            _transaction(lake, f"SELECT count(*) FROM ducklake_flush_inlined_data('lake', table_name => '{table}')")  # noqa: S608
            flushed += inlined
    return flushed


def _rows_in_files(lake: Lake, table: str) -> int:
    return _number(lake.connection, f"SELECT sum(record_count) {_files_of(table)}")


def _files_of(table: str) -> str:
    return (
        f"FROM {METADATA}.ducklake_data_file f JOIN {METADATA}.ducklake_table t USING (table_id) "
        f"WHERE t.table_name = '{table}' AND f.end_snapshot IS NULL"
    )


def _shelve_dispensations(lake: Lake, *, full: bool) -> int:
    landed = _rows_in_files(lake, "recent_dispensations")
    if landed < (1 if full else SHELVE_ROWS):
        return 0
    columns = ", ".join(EVENT_SCHEMA)
    _transaction(
        lake,
        f"INSERT INTO lake.dispensations ({columns}) SELECT {columns} FROM lake.recent_dispensations",  # noqa: S608 - names of our own
        "DELETE FROM lake.recent_dispensations",
    )
    return landed


def _shelve_persons(lake: Lake, *, full: bool) -> int:
    """Move sightings to the shelf, those that it has already left out; how many were left out."""
    landed = _rows_in_files(lake, "recent_persons")
    if landed < (1 if full else SHELVE_ROWS):
        return 0
    before = _rows_in_files(lake, "persons")
    columns = ", ".join(SIGHTING_SCHEMA)
    # The same identity at the same place is one sighting: the first. An unknown place equals another.
    same = "block_key, identity, coalesce(city, ''), coalesce(zip, '')"
    _transaction(
        lake,
        f"INSERT INTO lake.persons ({columns}) "  # noqa: S608 - names of our own
        f"SELECT DISTINCT ON ({same}) {columns} FROM lake.recent_persons "
        f"WHERE ({same}) NOT IN (SELECT ({same}) FROM lake.persons WHERE block_key IS NOT NULL) "
        "ORDER BY recorded_at",
        "DELETE FROM lake.recent_persons",
    )
    return landed - (_rows_in_files(lake, "persons") - before)


def _merge(lake: Lake, table: str, *, full: bool) -> int:
    """Merge a table's small files if there are enough; how many were merged."""
    partitions = "count(DISTINCT (SELECT list(v.partition_value ORDER BY v.partition_key_index) "
    partitions += f"FROM {METADATA}.ducklake_file_partition_value v WHERE v.data_file_id = f.data_file_id))"
    small = f"{_files_of(table)} AND f.file_size_bytes < {MERGED_BYTES}"
    files = _number(lake.connection, f"SELECT count(*) {small}")
    if table in _PARTITIONED:
        parts = max(1, _number(lake.connection, f"SELECT {partitions} {small}"))
        enough = files > parts if full else files >= PARTITION_FILES * parts
    else:
        enough = files > 1 if full else files >= LANDING_FILES
    if not enough:
        return 0
    return _transaction(
        lake,
        "SELECT sum(files_processed) FROM "  # noqa: S608
        f"ducklake_merge_adjacent_files('lake', '{table}', max_file_size => {MERGED_BYTES}::UBIGINT)",
    )


def _remove(lake: Lake, before: datetime) -> int:
    """Delete the files that nothing has needed since before a moment, and forget snapshots older than it."""
    connection = lake.connection
    moment = moment_literal(before)
    waiting = "FROM " + METADATA + ".ducklake_files_scheduled_for_deletion"
    newer = _number(connection, f"SELECT count(*) {waiting} WHERE schedule_start::TIMESTAMPTZ >= {moment}")
    # DuckLake 1.0 compares older_than with a SQLite catalog's moments as text, of which only the day
    # counts: files that waited since this morning would go at once. So older_than is a day before.
    which = f"older_than => {moment_literal(before - timedelta(days=1))}" if newer else "cleanup_all => true"
    removed = _call(lake, f"ducklake_cleanup_old_files('lake', {which})")
    # A commit that was killed leaves files whose key died with it.
    removed += _call(lake, f"ducklake_delete_orphaned_files('lake', older_than => {moment})")
    old = connection.execute(
        f"SELECT snapshot_id FROM lake.snapshots() WHERE snapshot_time < {moment} "  # noqa: S608 - a checked literal
        "AND snapshot_id < (SELECT id FROM lake.current_snapshot()) ORDER BY snapshot_id"
    ).fetchall()
    if old:
        _call(lake, f"ducklake_expire_snapshots('lake', versions => {[snapshot for (snapshot,) in old]})")
    return removed


def _call(lake: Lake, function: str) -> int:
    """Call a function of DuckLake's; how many rows it answers.

    CALL, not SELECT: what DuckLake does to its catalog in a SELECT of its own is lost.
    """
    return lake.connection.execute(f"CALL {function}").pl().height
