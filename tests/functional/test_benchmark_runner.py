"""The benchmark runner: whatever a benchmark returns becomes readable rows; a failing one is counted."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
from pathlib import Path


RUNNER = Path(__file__).resolve().parents[1] / "benchmarks" / "run.py"


def test_every_shape_becomes_rows() -> None:
    rows = runpy.run_path(str(RUNNER))["rows"]
    found = {
        "read": {"value": 312345.6, "unit": "rows/s", "ratio": 4.256, "against": "a scan of the lines"},
        "look_up": {"p50": {"value": 0.0123, "unit": "s"}, "count": 5},
    }
    assert list(rows(found)) == [
        ("read", "312,346 rows/s", "4.26 x a scan of the lines"),
        ("look up: p50", "0.0123 s", ""),
        ("look up: count", "5", ""),
    ]


def test_a_failing_benchmark_is_said_and_the_others_run(tmp_path: Path) -> None:
    shutil.copy(RUNNER, tmp_path)
    (tmp_path / "bench_broken.py").write_text("def run(): raise OSError\n", encoding="utf-8")
    (tmp_path / "bench_sound.py").write_text(
        "def run():\n    print('busy')\n    return {'rate': 7}\n", encoding="utf-8"
    )
    outcome = subprocess.run(
        [sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert outcome.returncode == 1
    assert "broken failed with code 1" in outcome.stdout
    assert "peak memory" in outcome.stdout
    assert "rate" in outcome.stdout
