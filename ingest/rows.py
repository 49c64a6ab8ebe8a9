"""Segments into rows: one typed row per dispensation, and the zero reports apart.

A row is one DSP with the PAT, PHA and PRE that govern it. Which element a column is read from stands with
the column (schemas/dispensation.py); here stand only the columns whose reading depends on more.

A DSP under a zero-report PAT is no dispensation: it has no row and no record number, and the records of a
file are numbered through without it. Its segments stay among the reading's segments, with a null record.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
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
_PLACE = ("transaction", "record", "position", "pha_position", "pat_position")
_EMPTY_MEANS_NEW = frozenset({"4.1", "4.2"})

_INGREDIENT = pl.struct(
    pl.col("CDI01").alias("sequence"),
    pl.col("CDI02").alias("product_qualifier"),
    pl.col("CDI03").alias("product_id"),
    decimal(pl.col("CDI04")).alias("quantity"),
    pl.col("CDI05").alias("dosage_units"),
)


# The elements that the columns of a row are read from, by segment; ingredients are read apart.
_READ_FROM = {
    kind: [column for column in SAID if column.elements[0][:-2] == kind] for kind in ("PHA", "PAT", "DSP", "PRE")
}
_ELEMENTS = {
    kind: {element for column in columns for element in column.elements} for kind, columns in _READ_FROM.items()
}


@cache
def _values(kind: str, versions: frozenset[str]) -> list[pl.Expr]:
    """The columns that are read from a segment, in a file of these versions."""
    rules = _rules(versions) if kind == "DSP" else {}
    values = [rules.get(column.name, _as_declared(column)).alias(column.name) for column in _READ_FROM[kind]]
    return [*values, pl.col("position").alias("pre_position")] if kind == "PRE" else values


def _as_declared(column: Column) -> pl.Expr:
    sent = pl.col(column.elements[0])
    return READ[column.dtype](sent) if column.dtype in READ else sent


def _rules(versions: frozenset[str]) -> dict[str, pl.Expr]:
    """The columns whose reading depends on the version, or on more than one element."""
    rules = {
        "ndc": ndc(pl.col("DSP07"), pl.col("DSP08")),
        "rxnorm_code": pl.col("DSP19"),
        "erx_reference": pl.col("DSP20"),
    }
    if versions & _EMPTY_MEANS_NEW:
        # From 4.2A on an empty reporting status no longer means a new record (asap.md, DSP01).
        means_new = _VERSION.is_in(sorted(_EMPTY_MEANS_NEW)) & pl.col("DSP01").is_null()
        rules["reporting_status"] = pl.when(means_new).then(pl.lit("00")).otherwise("DSP01")
    if "4.1" in versions:
        # 4.1 says 01 yes, 02 no; later versions count the partial fills, 00 for none.
        yes_no = pl.when(pl.col("DSP13") == "01").then(1).when(pl.col("DSP13") == "02").then(0)
        in_4_1 = pl.when(_VERSION == "4.1")
        rules["partial_fill"] = in_4_1.then(yes_no.cast(pl.Int32)).otherwise(integer(pl.col("DSP13")))
        # It has the RxNorm code and the reference number one place earlier.
        rules["rxnorm_code"] = in_4_1.then("DSP18").otherwise("DSP19")
        rules["erx_reference"] = in_4_1.then("DSP19").otherwise("DSP20")
    return rules


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
    typed = _typed(
        {"DSP": dispensations.with_columns(version), "PAT": patients, "PHA": pharmacies, "PRE": prescribers},
        frozenset(transactions["version"]),
    )
    parts = [
        dispensations.select(_PLACE).with_columns(version),
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


def _typed(segments: Mapping[str, pl.DataFrame], versions: frozenset[str]) -> dict[str, pl.DataFrame]:
    """Per segment the columns of the row that are read from it."""
    plans = []
    for kind, frame in segments.items():
        unknown = _ELEMENTS[kind] - set(frame.columns)  # those of later versions than any in the file
        sent = frame.lazy().with_columns(pl.lit(None, pl.String).alias(element) for element in sorted(unknown))
        plans.append(sent.select(_values(kind, versions)))
    return dict(zip(segments, run(plans), strict=True))


def _beside(frame: pl.DataFrame, row_of: pl.Series | None) -> pl.DataFrame:
    """The frame's row for each dispensation; what is the same for all of them is not looked up."""
    if row_of is None:
        return frame
    if frame.height == 1 and row_of.null_count() == 0:
        return pl.DataFrame([series.new_from_index(0, row_of.len()) for series in frame])
    found = frame.select(series.name for series in frame if series.null_count() < series.len())
    nothing = [pl.Series(name, [None], dtype) for name, dtype in frame.schema.items() if name not in found.columns]
    return pl.DataFrame(
        [*found.select(pl.all().gather(row_of)), *(one.new_from_index(0, row_of.len()) for one in nothing)]
    )


def _ingredients(compounds: pl.DataFrame, record: pl.Series) -> pl.DataFrame:
    """The list of ingredients of each record; null where it has none."""
    # A padded CDI that says nothing is no ingredient: many senders write one under every fill (asap.md 4).
    if compounds.is_empty():
        nothing = pl.Series("ingredients", [None], ROW_SCHEMA["ingredients"])
        return nothing.new_from_index(0, record.len()).to_frame()
    said = compounds.filter(pl.any_horizontal(pl.col(f"CDI{place:02}").is_not_null() for place in range(1, 6)))
    lists = said.group_by("record", maintain_order=True).agg(ingredients=_INGREDIENT)
    return _beside(lists.select("ingredients"), rows_of(lists["record"], record))
