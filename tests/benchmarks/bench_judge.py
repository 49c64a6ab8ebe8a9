"""How long a ruling takes: a bulk file, the same with faults in every twentieth record, and a small file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import polars as pl

from drugs import products
from ingest.rows import read
from sample_data.make import bulk_file
from schemas.reading import Reading
from validation.context import Context
from validation.judge import judge


SMALL = 400
EVERY = 20

Made = TypeVar("Made")


def run(dispensations: int = 200_000) -> dict[str, Any]:
    """Seconds for a bulk file, milliseconds for a small one.

    Args:
        dispensations: of the bulk file.
    """
    context = Context(received_on=date(2026, 2, 1), drugs=products.load(), drug_edition=products.EDITION)
    good, small = read(bulk_file(dispensations, 1)), read(bulk_file(SMALL, 2))
    faulty = _with_faults(good)
    floor, _ = _best(lambda: _every_character(good))
    seconds, ruling = _best(lambda: judge(good, context))
    with_faults, wrong = _best(lambda: judge(faulty, context))
    quick, _ = _best(lambda: judge(small, context), times=20)
    if ruling.findings.height or not wrong.findings.height:
        raise AssertionError("the bulk file must be good, and the faulty one must have findings")
    return {
        f"rule {dispensations:,} dispensations": {
            "value": seconds,
            "unit": "s",
            "ratio": seconds / floor,
            "against": "counting every character of every element in polars",
        },
        "of them": {"value": dispensations / seconds, "unit": "dispensations/s"},
        f"the same, with {wrong.findings.height:,} findings": {"value": with_faults, "unit": "s"},
        f"rule {SMALL} dispensations": {"value": quick * 1000, "unit": "ms"},
    }


def _best(work: Callable[[], Made], times: int = 4) -> tuple[float, Made]:
    best = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        made = work()
        best = min(best, time.perf_counter() - started)
    return best, made


def _every_character(reading: Reading) -> int:
    """What any look at all elements has to cost at least."""
    return sum(
        int(frame.select(pl.sum_horizontal(pl.col(pl.String).str.len_chars().sum())).item() or 0)
        for frame in reading.segments.values()
        if not frame.is_empty()
    )


def _with_faults(reading: Reading) -> Reading:
    """Every twentieth record with a payment code that is none and an unreadable days' supply."""
    hit = pl.int_range(pl.len()) % EVERY == 0
    segments = dict(reading.segments)
    segments["DSP"] = segments["DSP"].with_columns(
        DSP16=pl.when(hit).then(pl.lit("42")).otherwise("DSP16"),
        DSP10=pl.when(hit).then(pl.lit("two")).otherwise("DSP10"),
    )
    rows = reading.rows.with_columns(days_supply=pl.when(~hit).then("days_supply"))
    return replace(reading, segments=segments, rows=rows)
