"""How complete the lake is: which days each dispenser has accounted for, and what each submission brought."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import polars as pl

from store.failures import world_error
from store.lake import Lake
from store.tables import MOMENT, SUBMISSION_SCHEMA, schema_of


COMPLETENESS_SCHEMA = schema_of(
    dispenser_id=pl.String,
    covered_to=pl.Date,  # the last day accounted for
    reported_at=MOMENT,  # when the lake last heard from it
)
COUNTED_SCHEMA = schema_of(
    **SUBMISSION_SCHEMA,
    found=pl.UInt32,  # events of it that are in the lake, counted
)


def completeness(lake: Lake) -> pl.DataFrame:
    """The last day that each dispenser has accounted for, by fills or by a zero report.

    Returns:
        A frame of `COMPLETENESS_SCHEMA`, one row per dispenser that ever reported, the most behind first.
    """
    return _read(
        lake,
        "SELECT dispenser_id, max(covers_to) AS covered_to, max(recorded_at) AS reported_at "
        "FROM lake.coverage WHERE dispenser_id IS NOT NULL GROUP BY dispenser_id ORDER BY covered_to, dispenser_id",
        [],
    ).cast(COMPLETENESS_SCHEMA)


def submission_counts(lake: Lake, submission_ids: Sequence[str] | None = None) -> pl.DataFrame:
    """What the lake says each submission brought, for the ledger to be compared with.

    Args:
        lake: open for reading or writing.
        submission_ids: which; None for all.

    Returns:
        A frame of `COUNTED_SCHEMA` in order of the submissions' ids; ``found`` = ``stored`` unless something
        is wrong.
    """
    chosen = "" if submission_ids is None else "WHERE list_contains(?, submission_id)"
    parameters = [] if submission_ids is None else [list(submission_ids)]
    return _read(
        lake,
        f"WITH counted AS (SELECT submission_id, count(*) AS found FROM events {chosen} GROUP BY submission_id) "  # noqa: S608 - constants
        f"SELECT submissions.*, coalesce(found, 0) AS found FROM (FROM lake.submissions {chosen}) AS submissions "
        "LEFT JOIN counted USING (submission_id) ORDER BY submission_id",
        parameters * 2,
    ).cast(COUNTED_SCHEMA)


def _read(lake: Lake, statement: str, parameters: list[list[str]]) -> pl.DataFrame:
    try:
        return lake.cursor().execute(statement, parameters).pl()
    except duckdb.Error as error:
        raise world_error(error, lake.root, "read what is covered") from None
