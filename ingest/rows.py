"""Segments into rows: one typed row per dispensation, and the zero reports apart.

A row is one DSP with the PAT, PHA and PRE that govern it. Which element a column is read from stands with
the column (schemas/dispensation.py); here stand only the columns whose reading depends on more.

A DSP under a zero-report PAT is no dispensation: it has no row and no record number, and the records of a
file are numbered through without it. Its segments stay among the reading's segments, with a null record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from ingest.read_links import rows_of
from ingest.read_plans import run
from ingest.read_values import READ, decimal, integer, ndc
from ingest.read_zero_reports import read_zero_reports
from ingest.segments import read_segments
from schemas.dispensation import ROW_SCHEMA, SAID, Column


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.reading import Reading


_VERSION = pl.col("version")
_IN_4_1 = _VERSION == "4.1"

# Columns whose reading depends on the version or on a second element, by the segment they are read from.
_BY_RULE = {
    # Before 4.2A an empty reporting status meant a new record (asap.md, DSP01).
    "reporting_status": pl.when(_VERSION.is_in(["4.1", "4.2"]))
    .then(pl.col("DSP01").fill_null("00"))
    .otherwise("DSP01"),
    "ndc": ndc(pl.col("DSP07"), pl.col("DSP08")),
    # 4.1 says 01 yes, 02 no; later versions count the partial fills, 00 for none.
    "partial_fill": pl.when(_IN_4_1)
    .then(pl.col("DSP13").replace_strict({"01": 1, "02": 0}, default=None, return_dtype=pl.Int32))
    .otherwise(integer(pl.col("DSP13"))),
    # 4.1 has the RxNorm code and the reference number one place earlier.
    "rxnorm_code": pl.when(_IN_4_1).then("DSP18").otherwise("DSP19"),
    "erx_reference": pl.when(_IN_4_1).then("DSP19").otherwise("DSP20"),
}

_INGREDIENT = pl.struct(
    pl.col("CDI01").alias("sequence"),
    pl.col("CDI02").alias("product_qualifier"),
    pl.col("CDI03").alias("product_id"),
    decimal(pl.col("CDI04")).alias("quantity"),
    pl.col("CDI05").alias("dosage_units"),
)


def _value(column: Column) -> pl.Expr:
    if column.name in _BY_RULE:
        return _BY_RULE[column.name]
    sent = pl.col(column.elements[0])
    return READ[column.dtype](sent) if column.dtype in READ else sent


# Per segment, the columns that are read from it.
_VALUES = {
    kind: [
        _value(column).alias(column.name)
        for column in SAID
        if column.elements[0][:-2] == kind and column.name != "ingredients"
    ]
    for kind in ("PHA", "PAT", "DSP", "PRE")
}
_VALUES["PRE"].append(pl.col("position").alias("pre_position"))
_ELEMENTS = {
    kind: {element for column in SAID for element in column.elements if element[:-2] == kind} for kind in _VALUES
}


def read(data: bytes) -> Reading:
    """Read a file: what stands in it, and the dispensations as typed rows.

    Args:
        data: the bytes as received.

    Returns:
        The reading. It never raises for what the bytes are: what cannot be read is refused in it.
    """
    reading = read_segments(data)
    if reading.transactions.is_empty():
        return reading
    return replace(reading, rows=_rows(reading), zero_reports=read_zero_reports(reading))


def _rows(reading: Reading) -> pl.DataFrame:
    dispensations = _counted(reading.segments["DSP"])
    prescribers = _counted(reading.segments["PRE"])
    patients, pharmacies = reading.segments["PAT"], reading.segments["PHA"]
    transactions = reading.transactions.select("transaction", "version")
    version = _beside(transactions, rows_of(transactions["transaction"], dispensations["transaction"]))["version"]
    typed = _typed({"DSP": dispensations.with_columns(version), "PAT": patients, "PHA": pharmacies, "PRE": prescribers})
    parts = [
        dispensations.select("transaction", "record", "position", "pha_position", "pat_position").with_columns(version),
        typed["DSP"],
        _beside(typed["PAT"], rows_of(patients["position"], dispensations["pat_position"])),
        _beside(typed["PHA"], rows_of(pharmacies["position"], dispensations["pha_position"])),
        _beside(typed["PRE"], rows_of(prescribers["record"], dispensations["record"])),
        _ingredients(_counted(reading.segments["CDI"]), dispensations["record"]),
    ]
    return pl.concat(parts, how="horizontal").select(ROW_SCHEMA.names())


def _counted(segments: pl.DataFrame) -> pl.DataFrame:
    """The segments that belong to a record."""
    return segments.filter(pl.col("record").is_not_null()) if segments["record"].null_count() else segments


def _typed(segments: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Per segment the columns of the row that are read from it."""
    plans = []
    for kind, frame in segments.items():
        unknown = _ELEMENTS[kind] - set(frame.columns)  # those of later versions than any in the file
        sent = frame.lazy().with_columns(pl.lit(None, pl.String).alias(element) for element in sorted(unknown))
        plans.append(sent.select(_VALUES[kind]))
    return dict(zip(segments, run(plans), strict=True))


def _beside(frame: pl.DataFrame, row_of: pl.Series | None) -> pl.DataFrame:
    """The frame's row for each dispensation; what is the same for all of them is not looked up."""
    if row_of is None:
        return frame
    if frame.height == 1 and row_of.null_count() == 0:
        return pl.DataFrame([series.new_from_index(0, row_of.len()) for series in frame])
    found = frame.select(series.name for series in frame if series.null_count() < series.len())
    nothing = frame.select(name for name in frame.columns if name not in found.columns)
    return pl.concat([found.select(pl.all().gather(row_of)), nothing.clear(row_of.len())], how="horizontal")


def _ingredients(compounds: pl.DataFrame, record: pl.Series) -> pl.DataFrame:
    """The list of ingredients of each record; null where it has none."""
    lists = compounds.group_by("record", maintain_order=True).agg(ingredients=_INGREDIENT)
    return _beside(lists.select("ingredients"), rows_of(lists["record"], record))
