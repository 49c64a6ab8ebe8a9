"""How long reading takes, beside what polars needs to find the line ends of the same bytes.

The yardstick is the floor for anybody who reads text with polars: `pl.read_csv` with one column and no
quoting, which only finds where lines end. Both are measured in the same process, by turns. The first turn
is told apart, because a worker that reads one bulk file a day never meets a warm allocator: there both
have to ask the system for their memory.

What is read has PAT, DSP and PRE for every fill, 265 bytes on average, as chains send it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from ingest.rows import read


TURNS = 7
SMALL = 400
SMALL_TURNS = 50
_FIRST_NAMES = ("ALEX", "MARIA", "ROBIN", "CHRISTOPHER", "SAM", "JORDAN")
_LAST_NAMES = ("SAMPLE", "NGUYEN", "O'NEIL", "GARCIA-LOPEZ", "TESTPERSON", "MACDONALD", "STREAM")


def run(dispensations: int = 200_000) -> dict[str, Any]:
    """The figures of one bulk file and of one small file."""
    data, small = file(dispensations), file(SMALL)
    read(small)  # the first file of a process also starts polars
    if read(data[: len(data) // 2]).rows.height:
        raise AssertionError("half a file must be refused")
    scans, reads = [], []
    for _ in range(TURNS):
        scans.append(seconds(lambda: scan(data)))
        reads.append(seconds(lambda: read(data)))
    count = read(data).rows.height
    if count != dispensations:
        raise AssertionError(f"{count} of {dispensations} dispensations were read")
    fresh = in_fresh_processes(data)
    by_hand = min(seconds(lambda: split(data)) for _ in range(2))
    quick = min(seconds(lambda: read(small)) for _ in range(SMALL_TURNS))
    against = "pl.read_csv finding the lines of the same bytes"
    best = min(reads)
    return {
        f"read {dispensations:,} dispensations, {len(data) / 1e6:.0f} MB": {
            "value": best * 1e3,
            "unit": "ms",
            "ratio": best / min(scans),
            "against": against,
        },
        "take them apart line by line in Python, untyped": {
            "value": by_hand * 1e3,
            "unit": "ms",
            "ratio": by_hand / best,
            "against": "our reading",
        },
        "of them": {"value": dispensations / best, "unit": "dispensations/s"},
        "find its lines": {"value": min(scans) * 1e3, "unit": "ms"},
        "read it in a fresh process": {
            "value": fresh["read"] * 1e3,
            "unit": "ms",
            "ratio": fresh["read"] / fresh["scan"],
            "against": against,
        },
        "find its lines in a fresh process": {"value": fresh["scan"] * 1e3, "unit": "ms"},
        "memory to read it": {
            "value": fresh["memory"] / 1e6,
            "unit": "MB",
            "ratio": fresh["memory"] / len(data),
            "against": "the file",
        },
        f"read {SMALL} dispensations": {"value": quick * 1e3, "unit": "ms"},
    }


def scan(data: bytes) -> pl.DataFrame:
    """Only find the lines: one column, no quoting, a separator that does not occur."""
    return pl.read_csv(data, has_header=False, schema={"line": pl.String}, separator="\x1f", quote_char=None)


def split(data: bytes) -> int:
    """The obvious way, without types, parents or checks: what a first version would do."""
    return sum(len(line.split("*")) for line in data.decode().split("\n"))


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, once."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def in_fresh_processes(data: bytes) -> dict[str, float]:
    """Of three processes that each scan and read the file: the best times, the highest memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bulk.dat"
        path.write_bytes(data)
        command = [sys.executable, str(Path(__file__).resolve()), str(path)]
        found = [
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)
        ]
    return {
        "scan": min(one["scan"] for one in found),
        "read": min(one["read"] for one in found),
        "memory": max(one["memory"] for one in found),
    }


def fresh(path: Path) -> dict[str, float]:
    """What a process measures that has read nothing large before; memory is what reading adds at its peak."""
    data = path.read_bytes()
    read(file(1))
    before = memory("VmRSS")
    scanning = seconds(lambda: scan(data))
    reading = seconds(lambda: read(data))
    return {"scan": scanning, "read": reading, "memory": memory("VmHWM") - before}


def memory(what: str) -> int:
    """Bytes of this process now (VmRSS) or at its peak (VmHWM), as Linux tells them; elsewhere the peak."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith(what))
    return int(line.split()[1]) * 1024


def file(dispensations: int) -> bytes:
    """A 4.2B file of so many fills; the same every time."""
    lines = [
        "TH*4.2B*20240305-0001*01**20240305*210500*P**~",
        "IS*5550000000*EXAMPLE PHARMACY*#20240305#-#20240305#",
        "PHA*1234567893*0000000*FX1234563*EXAMPLE PHARMACY*1 EXAMPLE ST**HARTFORD*CT*06103*5550000000",
    ]
    for n in range(dispensations):
        born = f"19{n % 90 + 10:02d}{n % 12 + 1:02d}{n % 28 + 1:02d}"
        name = f"{_LAST_NAMES[n % 7]}{n % 1013}*{_FIRST_NAMES[n % 6]}*J"
        home = f"{n % 9973} EXAMPLE STREET APT {n % 91}**HARTFORD*CT*06{n % 999:03d}*860555{n % 9999:04d}"
        fill = f"{1_000_000 + n}*202402{n % 28 + 1:02d}*{n % 6}*202403{n % 28 + 1:02d}*{n % 5}"
        drug = f"01*{65162062750 + n % 701}*{n % 120 + 1}*{n % 30 + 1}*01*05*00"
        lines += (
            f"PAT***03*{n % 99991:012d}***{name}***{home}*{born}*{'FM'[n % 2]}*01",
            f"DSP*00*{fill}*{drug}*1{n % 999_999_999:09d}*PCT{n % 9999:07d}*0{n % 6 + 1}",
            f"PRE*1{n % 5003:09d}*AB{n % 5003:07d}**CT{n % 5003:06d}*PRESCRIBER{n % 5003}*ROBIN",
        )
    lines += (f"TP*{3 * dispensations + 2}", f"TT*20240305-0001*{3 * dispensations + 5}", "")
    return "~\n".join(lines).encode()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(fresh(Path(sys.argv[1]))))
