"""What the lake costs: commits of every size, whether they grow with the lake, and look-ups at a million rows.

The yardstick of a look-up is DuckDB reading the same rows, sorted, from one plain Parquet file: no
catalog, no encryption, no landing, nobody else's commits.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from schemas.dispensation import EVENT_SCHEMA, ROW_SCHEMA, record_key
from store.history import find_persons, history
from store.lake import Lake
from store.upkeep import upkeep
from store.writer import BATCH_COVERAGE_SCHEMA, Batch, commit


SECRET = bytes(range(32))
NOW = datetime(2024, 4, 1, tzinfo=UTC)
BULK = 200_000
SMALL = 400
PERSONS = 100_000
LOOK_UPS = 200


def run(rows: int = 1_000_000) -> dict[str, Any]:
    """The figures; `rows` is how large the lake gets."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-store-") as folder,
        Lake.open(Path(folder) / "lake", secret=SECRET) as lake,
    ):
        return _commits(lake, rows) | _look_ups(lake, Path(folder) / "bare.parquet")


def _commits(lake: Lake, rows: int) -> dict[str, Any]:
    # The first commit of a process also starts polars and DuckDB's writers.
    commit(lake, [_batch("warm", 1, 0)], NOW)
    empty = _median(lambda turn: commit(lake, [_batch(f"empty-{turn}", SMALL, 1 + turn * SMALL)], NOW), 7)
    waiting = [_batch(f"waiting-{number}", SMALL, 10_000 + number * SMALL) for number in range(20)]
    together = _seconds(lambda: commit(lake, waiting, NOW))
    bulk = []
    for number in range(rows // BULK):
        large = _batch(f"bulk-{number}", BULK, 1_000_000 + number * BULK)
        bulk.append(_seconds(lambda one=large: commit(lake, [one], NOW)))  # type: ignore[misc]
    order = _seconds(lambda: upkeep(lake, now=NOW, full=True))
    full = _median(lambda turn: commit(lake, [_batch(f"full-{turn}", SMALL, 20_000 + turn * SMALL)], NOW), 7)
    again = _seconds(lambda: commit(lake, [_batch("again", BULK, 1_000_000)], NOW))
    return {
        "commit of 400 to an empty lake": {"value": empty * 1e3, "unit": "ms"},
        f"commit of 400 at {rows:,} rows": {
            "value": full * 1e3,
            "unit": "ms",
            "ratio": full / empty,
            "against": "an empty lake",
        },
        "20 waiting of 400 together": {
            "value": together * 1e3,
            "unit": "ms",
            "ratio": together / empty,
            "against": "one",
        },
        "bulk commit": {"value": BULK / statistics.median(bulk), "unit": "rows/s"},
        "200,000 duplicates": {"value": again * 1e3, "unit": "ms"},
        f"full upkeep at {rows:,} rows": {"value": order, "unit": "s"},
    }


def _look_ups(lake: Lake, bare: Path) -> dict[str, Any]:
    upkeep(lake, now=NOW + timedelta(days=2), full=True)
    with duckdb.connect() as connection:
        events = lake.cursor().execute("SELECT * FROM events ORDER BY person_key, filled_on").pl()
        connection.register("events", events.to_arrow())
        connection.execute(f"COPY events TO '{bare}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 16384)")
        people = events.unique("person_key").sort("person_key").sample(LOOK_UPS, seed=1)
        connection.execute("SET threads = 2")
        columns = ", ".join(EVENT_SCHEMA)
        keys = people["person_key"].to_list()
        random.Random(1).shuffle(keys)  # noqa: S311 - an order, not a secret
        with Lake.open(lake.root, secret=SECRET, read_only=True) as reader:
            plain = [
                _seconds(
                    lambda key=key: connection.execute(  # type: ignore[misc]
                        f"SELECT {columns} FROM read_parquet('{bare}') WHERE person_key = {key}::UBIGINT"  # noqa: S608
                    ).pl()
                )
                for key in keys
            ]
            ours = [_seconds(lambda key=key: history(reader, [key])) for key in keys]  # type: ignore[misc]
            commit(lake, [_batch("landed", SMALL, 30_000)], NOW)
            landed = [_seconds(lambda key=key: history(reader, [key])) for key in keys[: LOOK_UPS // 2]]  # type: ignore[misc]
            found = [
                _seconds(
                    lambda one=one: find_persons(  # type: ignore[misc]
                        reader,
                        last_name=one["last_name"],
                        first_name=one["first_name"],
                        date_of_birth=one["date_of_birth"],
                    )
                )
                for one in people.head(LOOK_UPS // 2).iter_rows(named=True)
            ]
    return {
        "look-up": _spread(ours, plain, "bare DuckDB"),
        "look-up, something landed": _spread(landed, plain, "bare DuckDB"),
        "search for a person": _spread(found, plain, "a bare look-up"),
    }


def _spread(times: list[float], yardstick: list[float], against: str) -> dict[str, Any]:
    return {
        name: {
            "value": _quantile(times, part) * 1e3,
            "unit": "ms",
            "ratio": _quantile(times, part) / _quantile(yardstick, part),
            "against": against,
        }
        for name, part in (("p50", 0.5), ("p99", 0.99))
    }


def _quantile(times: list[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _median(work: Callable[[int], object], turns: int) -> float:
    return statistics.median(_seconds(lambda turn=turn: work(turn)) for turn in range(turns))  # type: ignore[misc]


def _batch(submission_id: str, count: int, start: int) -> Batch:
    """A submission of made-up records; the same numbers are the same records."""
    number = pl.int_range(start, start + count, eager=True).alias("number")
    person = pl.col("number").hash(7) % PERSONS
    pharmacy = pl.col("number") % 700
    made = {
        "transaction": pl.lit(1),
        "record": pl.col("number") - start + 1,
        "position": 3 * (pl.col("number") - start) + 4,
        "version": pl.lit("4.2B"),
        "pharmacy_dea": pl.format("FX{}", pharmacy + 1_000_000),
        "pharmacy_name": pl.format("SYNTHETIC PHARMACY {}", pharmacy),
        "pharmacy_city": pl.lit("HARTFORD"),
        "last_name": pl.format("SYNTHETIC{}", person // 12),
        "first_name": pl.format("NAME{}", person % 12),
        "address_1": pl.format("{} TEST STREET", person % 900),
        "city": pl.lit("HARTFORD"),
        "state": pl.lit("CT"),
        "zip": pl.format("06{}", person % 900 + 100),
        "date_of_birth": pl.lit(date(1930, 1, 1)) + pl.duration(days=person % 30_000),
        "gender": pl.when(person % 2 == 0).then(pl.lit("F")).otherwise(pl.lit("M")),
        "species": pl.lit("01"),
        "reporting_status": pl.lit("00"),
        "rx_number": pl.format("{}", pl.col("number")),
        "written_on": pl.lit(date(2024, 2, 28)),
        "filled_on": pl.lit(date(2024, 3, 1)) + pl.duration(days=pl.col("number") % 30),
        "fill_number": pl.lit(0),
        "partial_fill": pl.lit(0),
        "product_qualifier": pl.lit("01"),
        "product_id": pl.format("00406{}", pl.col("number") % 300 + 100_000),
        "ndc": pl.format("00406{}", pl.col("number") % 300 + 100_000),
        "quantity": (pl.col("number") % 120 + 1).cast(pl.Float64),
        "days_supply": pl.lit(30),
        "dosage_units": pl.lit("01"),
        "prescriber_dea": pl.format("BX{}", pl.col("number") % 4_000 + 1_000_000),
        "sig": pl.format("TAKE {} TABLETS BY MOUTH EVERY SIX HOURS AS NEEDED", pl.col("number") % 4),
    }
    frame = pl.DataFrame(number).with_columns(**made)
    missing = [pl.lit(None).alias(name) for name in ROW_SCHEMA if name not in frame.columns]
    records = (
        frame.with_columns(missing)
        .select([pl.col(name).cast(dtype) for name, dtype in ROW_SCHEMA.items()])
        .with_columns(dispenser_id=pl.format("d-{}", pl.col("pharmacy_dea")), record_key=record_key())
    )
    return Batch(submission_id, "bench", NOW, records, pl.DataFrame(schema=BATCH_COVERAGE_SCHEMA), "rules", "drugs")


if __name__ == "__main__":
    for measure, value in run().items():
        print(measure, value)  # noqa: T201 - a program's output
