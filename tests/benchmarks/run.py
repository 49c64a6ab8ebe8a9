"""Run the benchmarks and print one table: what each took, and how that compares.

Each `bench_*.py` beside this file has a function `run()`, which returns a dictionary: a measure's name to
its number, or to a dictionary with ``value``, ``unit``, and, where it is compared, ``ratio`` and
``against``. Each runs in a process of its own, one after another, so that none disturbs another.

    run.py [NAME…] [--write]     NAME: such as `reader`; --write also writes docs/reference/benchmarks.md
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "reference" / "benchmarks.md"
HEAD = ("Measure", "Value", "Compared")
LARGE = 100
CAUTION = "Figures of one run on a shared machine; a ratio is steadier than a time. `make bench` prints them anew."


def rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name, value with unit, and ratio, of each measure of one benchmark; groups are flattened."""
    for name, measure in found.items():
        words = name.replace("_", " ")
        if not isinstance(measure, Mapping):
            yield words, number(measure), ""
        elif "value" in measure:
            ratio, against = measure.get("ratio"), measure.get("against") or measure.get("of") or ""
            compared = f"{number(ratio)} x {against}".strip() if ratio is not None else str(against)
            yield words, f"{number(measure['value'])} {measure.get('unit', '')}".strip(), compared
        else:
            yield from ((f"{words}: {inner}", value, compared) for inner, value, compared in rows(measure))


def number(value: object) -> str:
    """A number with the digits that mean something."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= LARGE else f"{value:.3g}"


def run_one(path: Path) -> dict[str, Any]:
    """The figures of one benchmark, with what the whole of it took; run in a process of its own."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    started = time.perf_counter()
    found: dict[str, Any] = dict(module.run())
    found["whole benchmark"] = {"value": time.perf_counter() - started, "unit": "s"}
    # Linux counts in KiB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
    found["peak memory"] = {"value": peak, "unit": "MiB"}
    return found


def measured(path: Path, console: Console) -> dict[str, Any] | None:
    """`run_one` in a child; None where it failed, which is said."""
    with console.status(f"{path.stem} …"):
        outcome = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), "--child", str(path)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if outcome.returncode != 0:
        console.print(f"{path.stem} failed with code {outcome.returncode}.")
        return None
    found: dict[str, Any] = json.loads(outcome.stdout.splitlines()[-1])
    return found


def machine() -> str:
    """What the figures were measured on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("polars", "duckdb"))
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, {libraries}"


def page(found: Mapping[str, Mapping[str, Any]], day: str) -> str:
    """docs/reference/benchmarks.md."""
    command = ".venv/bin/python tests/benchmarks/run.py --write"
    parts = [f"# Benchmarks\n\nWritten by `{command}` on {day}: {machine()}.\n{CAUTION}\n"]
    for name, measures in found.items():
        lines = ["| " + " | ".join(HEAD) + " |", "|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows(measures)]
        parts.append(f"## {name}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def main() -> int:
    """Run what was asked for; the exit code is the number of benchmarks that failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="which, such as `reader`; all where none is named")
    parser.add_argument("--write", action="store_true", help="also write docs/reference/benchmarks.md")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        # A benchmark may print; the figures are the last line.
        sys.stdout.write("\n" + json.dumps(run_one(arguments.child), default=str) + "\n")
        return 0
    console = Console()
    paths = sorted(HERE.glob("bench_*.py"))
    known = {path.stem.removeprefix("bench_"): path for path in paths}
    if set(arguments.names) - set(known):
        parser.error(f"known are {', '.join(known)}")
    found: dict[str, dict[str, Any]] = {}
    chosen = arguments.names or list(known)
    for name in chosen:
        figures = measured(known[name], console)
        if figures is not None:
            found[name] = figures
            table = Table(*HEAD, title=name, title_justify="left", min_width=78)
            for row in rows(figures):
                table.add_row(*row)
            console.print(table)
    console.print(machine())
    if arguments.write and found:
        PAGE.write_text(page(found, datetime.now(UTC).date().isoformat()), encoding="utf-8")
        console.print("Written: docs/reference/benchmarks.md")
    return len(chosen) - len(found)


if __name__ == "__main__":
    raise SystemExit(main())
