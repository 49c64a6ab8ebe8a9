"""The whole way of a file: read + rule + commit of a bulk file, and small files through the worker's rounds."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from access.audit import SYSTEM
from access.dispensers import Dispenser, add_dispenser
from ingest.coverage import COVERED_SCHEMA
from ingest.receive import receive
from ingest.rows import read
from ingest.worker import run_round
from pdmp.doors import intake
from pdmp.settings import load
from pdmp.wiring import COMMAND_LINE, Installation, Register, now, opened
from sample_data.make import bulk_file, make_world
from schemas.dispenser import Cadence, DispenserKind, LicenceClass
from store.writer import Batch, commit
from validation.judge import judge


FIRST_DAY = date(2026, 1, 1)


def run(dispensations: int = 200_000, small_files: int = 60, small: int = 400) -> dict[str, Any]:
    """Figures of the pipeline.

    Args:
        dispensations: of the bulk file.
        small_files: how many small files wait.
        small: dispensations of each.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with opened(load(home)) as installation:
            _register(installation)
            return _bulk(installation, dispensations) | _small(installation, small_files, small)


def _register(installation: Installation) -> None:
    with installation.database.session() as session:
        for one in make_world(1).dispensers:
            dispenser = Dispenser(
                dispenser_id=one.dispenser_id,
                name=one.name,
                kind=DispenserKind(one.kind),
                cadence=Cadence(one.cadence),
                licence_class=LicenceClass(one.licence_class),
                dea=one.dea or None,
                ncpdp=one.ncpdp or None,
                npi=one.npi or None,
            )
            add_dispenser(session, dispenser, by=SYSTEM, now=now())


def _bulk(installation: Installation, dispensations: int) -> dict[str, Any]:
    data = bulk_file(dispensations, 1, first_day=FIRST_DAY, days=30)
    moment = now()
    context = Register(installation.database).context(COMMAND_LINE, moment, installation.zone)
    times: dict[str, list[float]] = {"read": [], "rule": [], "commit": []}
    with installation.lake() as lake:
        for attempt in range(3):
            started = time.perf_counter()
            reading = read(data)
            times["read"].append(time.perf_counter() - started)
            started = time.perf_counter()
            ruling = judge(reading, context)
            rows = ruling.accepted_rows(reading)
            times["rule"].append(time.perf_counter() - started)
            # Each time the same rows under other prescription numbers: nothing is a duplicate.
            fresh = rows.with_columns(record_key=rows["record_key"] + f"|{attempt}")
            covered = pl.DataFrame(schema=COVERED_SCHEMA)
            batch = Batch(f"bulk-{attempt}", "bench", moment, fresh, covered, "bench", "bench")
            started = time.perf_counter()
            commit(lake, [batch], now())
            times["commit"].append(time.perf_counter() - started)
    best = {name: min(taken) for name, taken in times.items()}
    whole = sum(best.values())
    return {
        **{f"{name} {dispensations:,} dispensations": {"value": taken, "unit": "s"} for name, taken in best.items()},
        "read + rule + commit": {"value": dispensations / whole, "unit": "dispensations/s", "against": "≥ 60,000"},
    }


def _small(installation: Installation, files: int, size: int) -> dict[str, Any]:
    for number in range(files):
        receive(
            bulk_file(size, 1000 + number, first_day=FIRST_DAY + timedelta(days=number % 20), days=5),
            sender=COMMAND_LINE,
            shown_as=f"small{number}.dat",
            channel="bench",
            vault=installation.vault,
            register=installation.ledger,
            now=now(),
        )
    rounds = []
    with installation.lake() as lake:
        stations = installation.stations(lake)
        started = time.perf_counter()
        while True:
            before = time.perf_counter()
            done = run_round(intake(installation), stations, now, batch=installation.settings.worker_batch, attempts=4)
            if done.idle:
                break
            rounds.append((time.perf_counter() - before) / max(done.stored, 1))
        taken = time.perf_counter() - started
    return {
        f"waiting files of {size}": {"value": files / taken, "unit": "submissions/s", "against": "≥ 20"},
        "one of them": {"value": statistics.median(rounds) * 1000, "unit": "ms, read to answered"},
    }
