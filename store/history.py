"""Person keys and a moment become rows: what is current, decided when it is read.

Events are only ever appended. What holds at a moment is, of each record key, the newest event up to
then; where that is a void, nothing. So every report can be produced again as of any moment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from schemas.dispensation import EVENT_SCHEMA
from store.coverage import completeness, submission_counts
from store.failures import world_error
from store.lake import Lake
from store.literals import keys_literal, moment_literal
from store.persons import identity
from store.search import find_persons


__all__ = ["completeness", "current", "find_persons", "history", "latest", "submission_counts"]

VOID = "02"


def current(events: pl.DataFrame) -> pl.DataFrame:
    """Of all events, those that hold: the newest per record key, unless it is a void.

    Args:
        events: of `EVENT_SCHEMA`, any number per record key.

    Returns:
        At most one row per record key, by fill date, newest first.
    """
    # Two events of one commit have one moment; the later submission, then the later record, is newer.
    order = ["recorded_at", "submission_id", "record"]
    newest = events.sort(order, descending=True).unique("record_key", keep="first", maintain_order=True)
    return newest.filter(pl.col("reporting_status").fill_null("00") != VOID).sort(
        ["filled_on", "record_key"], descending=[True, False], nulls_last=True
    )


def history(
    lake: Lake,
    person_keys: Sequence[int],
    as_of: datetime | None = None,
    *,
    identities: Collection[str] | None = None,
) -> pl.DataFrame:
    """The dispensations of persons that hold now, or held at a moment.

    Args:
        lake: open for reading or writing.
        person_keys: the persons, by key.
        as_of: the moment, with a time zone; None for all there is. For a report that can be produced again
            pass `latest` and print it: between a commit's moment and its end the clock runs on.
        identities: keep only rows of these (`store.persons.identity`). Two identities may share a key, so
            whoever shows the rows to somebody passes the identities that the search found.

    Returns:
        A frame of `EVENT_SCHEMA`, newest fill first.

    Raises:
        StoreError: the lake cannot be read.
    """
    if not person_keys:
        return pl.DataFrame(schema=EVENT_SCHEMA)
    until = "" if as_of is None else f" AND recorded_at <= {moment_literal(as_of)}"
    keys = dict.fromkeys(person_keys)
    condition = f"= {keys_literal(keys)[1:-1]}" if len(keys) == 1 else f"IN {keys_literal(keys)}"
    statement = f"SELECT {', '.join(EVENT_SCHEMA)} FROM events WHERE person_key {condition}{until}"  # noqa: S608 - checked literals
    try:
        events = lake.cursor().execute(statement).pl().cast(EVENT_SCHEMA)
    except duckdb.Error as error:
        raise world_error(error, lake.root, "read a history") from None
    if identities is not None:
        events = events.filter(identity().is_in(list(identities)))
    return current(events)


def latest(lake: Lake) -> datetime | None:
    """The moment of the newest commit that can be read; None for an empty lake."""
    try:
        found = lake.cursor().execute("SELECT epoch_us(max(recorded_at)) FROM lake.submissions").fetchone()
    except duckdb.Error as error:
        raise world_error(error, lake.root, "read the newest commit's moment") from None
    if found is None or found[0] is None:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found[0])
