"""A ruling's accepted records become history: one lake transaction for all waiting submissions.

EXACTLY ONCE. The rows of a submission, its index entries, its persons, its coverage and its row in
`submissions` appear together or not at all; and before anything is written the lake is asked whether it
has the submission already. So the worker may be killed anywhere and simply commit again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from schemas.dispensation import EVENT_SCHEMA
from store.duplicates import among, earlier, pack, unpack
from store.failures import is_busy, world_error
from store.lake import Lake
from store.literals import identifier_literal, moment_literal
from store.persons import identify
from store.tables import COVERAGE_SCHEMA, INDEX_SCHEMA, SIGHTING_SCHEMA, SUBMISSION_SCHEMA


# DuckLake and SQLite wait by themselves; this is for what outlasts them.
ATTEMPTS = 6

# What a batch says of the days it accounts for; the store adds the rest of COVERAGE_SCHEMA.
BATCH_COVERAGE_SCHEMA = pl.Schema(
    {name: COVERAGE_SCHEMA[name] for name in ("dispenser_id", "covers_from", "covers_to", "source")}
)


@dataclass(frozen=True)
class Batch:
    """What one submission brings to the lake.

    Attributes:
        submission_id: of the submission.
        sender: the account that sent it.
        received_at: UTC.
        rows: the accepted records: the columns of `schemas.dispensation.ROW_SCHEMA` with ``dispenser_id``
            and ``record_key``; in file order. May be empty.
        coverage: the days it accounts for, of `BATCH_COVERAGE_SCHEMA`.
        rule_set: version of the rule set that ruled.
        drug_edition: edition of the drug table it used.
    """

    submission_id: str
    sender: str
    received_at: datetime
    rows: pl.DataFrame
    coverage: pl.DataFrame
    rule_set: str
    drug_edition: str


@dataclass(frozen=True)
class Kept:
    """What the lake kept of one submission.

    Attributes:
        submission_id: of the submission.
        stored: how many records are in the lake because of it.
        duplicates: how many were there already, or stood in it twice.
        already: True where an earlier commit kept it; the counts are that commit's.
        duplicate_records: which, by ``record``.
    """

    submission_id: str
    stored: int
    duplicates: int
    already: bool
    duplicate_records: tuple[int, ...]


def commit(lake: Lake, batches: Sequence[Batch], now: datetime) -> list[Kept]:
    """Keep several submissions in one transaction, each exactly once.

    Args:
        lake: open for writing.
        batches: in the order they are to count: of two records of the same key the first is stored.
        now: the clock's time, with a time zone. What is stored gets one `recorded_at`: now, or just after
            the latest there is, so that history as of a moment never changes afterwards.

    Returns:
        What was kept, one per batch, in their order.

    Raises:
        LakeBusyError: another process was in the way for too long; try again.
        LakeFullError: the disk is full; nothing of the batches was kept.
        LakeBrokenError: the lake failed. Whether it kept the batches, committing them again will say.
        ReadOnlyError: the lake is open for reading.
    """
    if len({batch.submission_id for batch in batches}) < len(batches):
        raise ValueError("a submission may stand only once among the batches of a commit")
    if not batches:
        return []
    try:
        for attempt in Retrying(
            retry=retry_if_exception(is_busy),
            wait=wait_random_exponential(multiplier=0.05, max=2),
            stop=stop_after_attempt(ATTEMPTS),
            reraise=True,
        ):
            with attempt:
                kept = _commit(lake, batches, now)
    except duckdb.Error as error:
        raise world_error(error, lake.root, "commit") from None
    return kept


def _commit(lake: Lake, batches: Sequence[Batch], now: datetime) -> list[Kept]:
    with lake.transaction() as connection:
        kept = _already(connection, [batch.submission_id for batch in batches])
        fresh = [batch for batch in batches if batch.submission_id not in kept]
        if fresh:
            recorded_at = _moment(connection, now)
            incoming = _incoming(fresh)
            duplicate = among(incoming) | earlier(connection, incoming)
            kept |= {each.submission_id: each for each in _kept(fresh, incoming.filter(duplicate))}
            _write(connection, lake.secret, incoming.filter(~duplicate), recorded_at)
            _append(connection, "coverage", _coverage(fresh, recorded_at))
            _append(connection, "submissions", _submissions(connection, fresh, kept, recorded_at))
    return [kept[batch.submission_id] for batch in batches]


def _already(connection: duckdb.DuckDBPyConnection, submission_ids: list[str]) -> dict[str, Kept]:
    """Those of the submissions that an earlier commit kept."""
    rows = connection.execute(
        "SELECT submission_id, stored, duplicates, duplicate_records FROM lake.submissions "  # noqa: S608 - checked literals
        f"WHERE submission_id >= {identifier_literal(min(submission_ids))} "
        f"AND submission_id <= {identifier_literal(max(submission_ids))} AND list_contains(?, submission_id)",
        [submission_ids],
    ).fetchall()
    return {
        submission_id: Kept(submission_id, stored, duplicates, already=True, duplicate_records=unpack(runs))
        for submission_id, stored, duplicates, runs in rows
    }


def _moment(connection: duckdb.DuckDBPyConnection, now: datetime) -> datetime:
    """The moment of this commit: now, or a microsecond after the latest there is."""
    found = connection.execute(
        "SELECT epoch_us(max(recorded_at)) FROM lake.submissions "  # noqa: S608 - a checked literal
        f"WHERE recorded_at >= {moment_literal(now)}"
    ).fetchone()
    if found is None or found[0] is None:
        return now.astimezone(UTC)
    # Whole microseconds, not a float of seconds: one microsecond is what keeps the order.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found[0] + 1)


def _incoming(batches: list[Batch]) -> pl.DataFrame:
    """The rows of all batches in order, with the columns of an event that a batch knows."""
    known = [name for name in EVENT_SCHEMA if name not in ("submission_id", "recorded_at", "person_key")]
    return pl.concat(
        [
            batch.rows.select([pl.col(name).cast(EVENT_SCHEMA[name]) for name in known]).with_columns(
                submission_id=pl.lit(batch.submission_id)
            )
            for batch in batches
        ]
    )


def _kept(batches: list[Batch], duplicates: pl.DataFrame) -> list[Kept]:
    numbers = {
        submission_id: tuple(records)
        for submission_id, records in duplicates.group_by("submission_id").agg(pl.col("record").sort()).iter_rows()
    }
    return [
        Kept(
            batch.submission_id,
            stored=batch.rows.height - len(numbers.get(batch.submission_id, ())),
            duplicates=len(numbers.get(batch.submission_id, ())),
            already=False,
            duplicate_records=numbers.get(batch.submission_id, ()),
        )
        for batch in batches
    ]


def _write(connection: duckdb.DuckDBPyConnection, secret: bytes, rows: pl.DataFrame, recorded_at: datetime) -> None:
    """Append what is new: events, their index entries, and the persons they are about."""
    if rows.is_empty():
        return
    keys, persons = identify(rows, secret)
    events = rows.with_columns(person_key=keys, recorded_at=pl.lit(recorded_at).dt.cast_time_unit("us")).select(
        list(EVENT_SCHEMA)
    )
    _append(connection, "recent_dispensations", events)
    _append(connection, "record_index", events.select(list(INDEX_SCHEMA)))
    shown = ("last_name", "first_name", "middle_name", "name_suffix", "animal_name", "city", "zip", "recorded_at")
    seen = (
        events.select("person_key", *shown)
        .unique(["person_key", "city", "zip"], keep="last")
        .join(persons, on="person_key")
    )
    blocks = [seen.with_columns(block_key=pl.col(block)) for block in ("birth_block", "name_block")]
    sightings = pl.concat(blocks).select(list(SIGHTING_SCHEMA))
    if not sightings.is_empty():
        _append(connection, "recent_persons", sightings)


def _coverage(batches: list[Batch], recorded_at: datetime) -> pl.DataFrame:
    return pl.concat(
        [
            batch.coverage.select([pl.col(name).cast(dtype) for name, dtype in BATCH_COVERAGE_SCHEMA.items()])
            .with_columns(
                submission_id=pl.lit(batch.submission_id), recorded_at=pl.lit(recorded_at).dt.cast_time_unit("us")
            )
            .select(list(COVERAGE_SCHEMA))
            for batch in batches
        ]
    )


def _submissions(
    connection: duckdb.DuckDBPyConnection, batches: list[Batch], kept: dict[str, Kept], recorded_at: datetime
) -> pl.DataFrame:
    snapshot = connection.execute("SELECT id FROM lake.current_snapshot()").fetchone()
    return pl.DataFrame(
        [
            {
                "submission_id": batch.submission_id,
                "sender": batch.sender,
                "received_at": batch.received_at.astimezone(UTC),
                "recorded_at": recorded_at,
                "stored": kept[batch.submission_id].stored,
                "duplicates": kept[batch.submission_id].duplicates,
                "duplicate_records": pack(kept[batch.submission_id].duplicate_records),
                "rule_set": batch.rule_set,
                "drug_edition": batch.drug_edition,
                "snapshot": snapshot[0] if snapshot else None,
            }
            for batch in batches
        ],
        schema=SUBMISSION_SCHEMA,
    )


def _append(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Append a frame to a table of ours; the frame has the table's columns, in any order."""
    if frame.is_empty():
        return
    columns = ", ".join(frame.columns)
    connection.register("incoming", frame.to_arrow())
    try:
        connection.execute(f"INSERT INTO lake.{table} ({columns}) SELECT {columns} FROM incoming")  # noqa: S608 - names of our own tables
    finally:
        connection.unregister("incoming")
