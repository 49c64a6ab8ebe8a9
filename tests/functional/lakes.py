"""Small lakes and the batches they are filled with: synthetic, and the same every time."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from schemas.dispensation import ROW_SCHEMA, record_key
from store.lake import Lake
from store.writer import BATCH_COVERAGE_SCHEMA, Batch


SECRET = bytes(range(32))
NOW = datetime(2024, 4, 1, 9, 30, tzinfo=UTC)
LAST = ("SMITH", "O'BRIEN", "GARCÍA", "NOWAK", "VAN DER BERG", "LEE")
FIRST = ("ANNA", "JOHN", "MARÍA", "PETER", "SUSAN")


def rows(count: int, *, start: int = 0, persons: int = 40, days: int = 30, **columns: object) -> pl.DataFrame:
    """Accepted records, with their dispenser and record key.

    Args:
        count: how many.
        start: number of the first; the same numbers are the same records.
        persons: how many persons share them.
        days: over how many days from 1 March 2024 they were filled.
        columns: values or expressions that replace what is made up.
    """
    number = pl.int_range(start, start + count, eager=True).alias("number")
    person = pl.col("number") % persons
    made = {
        "transaction": pl.lit(1),
        "record": pl.col("number") - start + 1,
        "position": 3 * (pl.col("number") - start) + 4,
        "version": pl.lit("4.2B"),
        "pharmacy_dea": pl.lit("FS1234563"),
        "pharmacy_name": pl.lit("SYNTHETIC PHARMACY"),
        "last_name": _pick(LAST, person) + pl.format("{}", person // 30),
        "first_name": _pick(FIRST, person // 6),
        "address_1": pl.format("{} TEST STREET", person),
        "city": pl.lit("HARTFORD"),
        "state": pl.lit("CT"),
        "zip": pl.lit("06101"),
        "date_of_birth": pl.lit(date(1950, 1, 1)) + pl.duration(days=person * 97),
        "gender": pl.when(person % 2 == 0).then(pl.lit("F")).otherwise(pl.lit("M")),
        "species": pl.lit("01"),
        "reporting_status": pl.lit("00"),
        "rx_number": pl.format("{}", pl.col("number") + 100_000),
        "written_on": pl.lit(date(2024, 2, 28)),
        "filled_on": pl.lit(date(2024, 3, 1)) + pl.duration(days=pl.col("number") % days),
        "fill_number": pl.lit(0),
        "partial_fill": pl.lit(0),
        "product_qualifier": pl.lit("01"),
        "product_id": pl.lit("00406051201"),
        "ndc": pl.lit("00406051201"),
        "quantity": (pl.col("number") % 90 + 1).cast(pl.Float64),
        "days_supply": pl.lit(30),
        "dosage_units": pl.lit("01"),
        "prescriber_dea": pl.lit("BS1234567"),
        "sig": pl.lit("TAKE ONE TABLET BY MOUTH"),
    }
    values = {name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in columns.items()}
    frame = pl.DataFrame(number).with_columns(**(made | values))
    missing = [pl.lit(None).alias(name) for name in ROW_SCHEMA if name not in frame.columns]
    return (
        frame.with_columns(missing)
        .select([pl.col(name).cast(dtype) for name, dtype in ROW_SCHEMA.items()])
        .with_columns(dispenser_id=pl.lit("d-1"), record_key=record_key())
    )


def _pick(names: tuple[str, ...], number: pl.Expr) -> pl.Expr:
    return (number % len(names)).replace_strict(dict(enumerate(names)), return_dtype=pl.String)


def batch(submission_id: str, records: pl.DataFrame, received_at: datetime = NOW) -> Batch:
    """A submission of these records, that accounts for March 2024."""
    coverage = pl.DataFrame(
        {
            "dispenser_id": ["d-1"],
            "covers_from": [date(2024, 3, 1)],
            "covers_to": [date(2024, 3, 30)],
            "source": ["fills"],
        },
        schema=BATCH_COVERAGE_SCHEMA,
    )
    return Batch(submission_id, "acme", received_at, records, coverage, "rules-1", "drugs-1")


def open_lake(root: Path, *, read_only: bool = False) -> Lake:
    """The lake in a folder, under the tests' secret."""
    return Lake.open(root, secret=SECRET, buckets=4, threads=1, read_only=read_only)


def copied(template: Path, root: Path) -> Path:
    """A lake of its own, copied from a closed one: making one takes most of a second."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(template, root)
    return root


def later(hours: float) -> datetime:
    """A moment some hours after the others."""
    return NOW + timedelta(hours=hours)
