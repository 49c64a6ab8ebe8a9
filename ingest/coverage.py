"""Which days a submission reports for, per dispenser.

A day is covered where its dispenser told us about it: by a zero report for a range of days, or by any
record of that fill date that was not rejected or held. Exempt and not reportable records count: the
dispenser did report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas.submission import Disposition


if TYPE_CHECKING:
    from schemas.reading import Reading
    from validation.ruling import Ruling


# One row per dispenser and range of days; `source` is zero_report or fills.
COVERED_SCHEMA = pl.Schema(
    {"dispenser_id": pl.String, "covers_from": pl.Date, "covers_to": pl.Date, "source": pl.String}
)

_REPORTED = (
    Disposition.ACCEPTED.value,
    Disposition.ACCEPTED_WITH_WARNINGS.value,
    Disposition.EXEMPT.value,
    Disposition.NOT_REPORTABLE.value,
)


def covered_days(ruling: Ruling, reading: Reading) -> pl.DataFrame:
    """The days covered, of `COVERED_SCHEMA`; empty for a test file, and for dispensers not in the register."""
    if ruling.test:
        return pl.DataFrame(schema=COVERED_SCHEMA)
    zero = ruling.zero_reports.filter(
        (pl.col("disposition") == Disposition.ACCEPTED.value)
        & pl.col("dispenser_id").is_not_null()
        & pl.col("covers_from").is_not_null()
    ).select("dispenser_id", "covers_from", "covers_to", source=pl.lit("zero_report"))
    fills = (
        ruling.records.filter(pl.col("disposition").is_in(_REPORTED) & pl.col("dispenser_id").is_not_null())
        .join(reading.rows.select("record", "filled_on"), on="record")
        .filter(pl.col("filled_on").is_not_null())
        .select("dispenser_id", covers_from="filled_on", covers_to="filled_on", source=pl.lit("fills"))
    )
    return (
        pl.concat([zero, fills])
        .match_to_schema(COVERED_SCHEMA)
        .unique()
        .sort("dispenser_id", "covers_from", "covers_to", "source")
    )
