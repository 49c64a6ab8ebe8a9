"""Zero reports: a PAT named REPORT, ZERO says that nothing was dispensed, IS03 says on which days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.read_values import date
from schemas.reading import ZERO_REPORT_SCHEMA


if TYPE_CHECKING:
    from schemas.reading import Reading


_LAST_NAME = "REPORT"
_FIRST_NAME = "ZERO"

# The days covered, as the standard writes them; other text of the vendor's may stand around them.
_RANGE = "#([0-9]{8})#[ \t]*-[ \t]*#([0-9]{8})#"


# Few names are as long, so few need their case looked at.
_MAY_BE = (pl.col("PAT08").str.len_bytes() == len(_FIRST_NAME)) & (pl.col("PAT07").str.len_bytes() == len(_LAST_NAME))
_IS = (pl.col("PAT07").str.to_uppercase() == _LAST_NAME) & (pl.col("PAT08").str.to_uppercase() == _FIRST_NAME)


def zero_report_positions(position: pl.Series, patients: pl.DataFrame) -> pl.Series:
    """The positions of the PAT segments that are zero reports.

    Args:
        position: of each PAT.
        patients: their elements, in the same order.
    """
    candidates = patients.select("PAT07", "PAT08", position).filter(_MAY_BE)
    return (candidates.filter(_IS) if candidates.height else candidates)["position"]


def read_zero_reports(reading: Reading) -> pl.DataFrame:
    """The zero reports of a reading's segments, of `schemas.reading.ZERO_REPORT_SCHEMA`.

    The range in IS03 counts. Where there is none, the day in DSP05 is all that is known.
    """
    patients = reading.segments["PAT"]
    positions = zero_report_positions(patients["position"], patients)
    if positions.is_empty():
        return pl.DataFrame(schema=ZERO_REPORT_SCHEMA)
    is_range = pl.col("IS03").str.extract_groups(_RANGE)
    stated = (
        reading.segments["IS"]
        .lazy()
        .select("transaction", stated_from=date(is_range.struct[0]), stated_to=date(is_range.struct[1]))
    )
    pharmacies = (
        reading.segments["PHA"]
        .lazy()
        .select(pha_position="position", pharmacy_dea="PHA03", pharmacy_ncpdp="PHA02", pharmacy_npi="PHA01")
    )
    day = reading.segments["DSP"].lazy().group_by("pat_position").agg(day=date(pl.col("DSP05")).first())
    stated_both = pl.col("stated_from").is_not_null() & pl.col("stated_to").is_not_null()
    return (
        patients.lazy()
        .filter(pl.col("position").is_in(positions.implode()))
        .select("transaction", "position", "pha_position")
        .join(pharmacies, "pha_position", "left")
        .join(stated, "transaction", "left")
        .join(day, left_on="position", right_on="pat_position", how="left")
        .with_columns(
            covers_from=pl.when(stated_both).then("stated_from").otherwise("day"),
            covers_to=pl.when(stated_both).then("stated_to").otherwise("day"),
        )
        .select(ZERO_REPORT_SCHEMA.names())
        .sort("position")
        .collect()
    )
