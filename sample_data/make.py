"""The generator's public face: a world, its month of files, and files of any size.

    world = make_world(7)
    for file in month(world, date(2026, 9, 1)): ...
    data = bulk_file(200_000, seed=1, version="5.0")

Nobody in what it makes exists: see identifiers.py for the numbers that cannot be issued.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sample_data.bulk import bulk_chunks, bulk_file
from sample_data.census import make_world
from sample_data.month import month
from sample_data.sample_file import SampleFile


__all__ = ["PER_FILE", "SampleFile", "bulk_file", "make_world", "month", "write_files"]

# A sender's batch in one file; more dispensations make more files.
PER_FILE = 200_000


def write_files(
    out: Path,
    dispensations: int,
    version: str = "4.2B",
    seed: int = 1,
    *,
    per_file: int = PER_FILE,
    first_day: date = date(2026, 1, 1),
    days: int = 30,
) -> list[Path]:
    """Write so many dispensations as one or more files, one record key each over all of them.

    Args:
        out: a folder; made where it is not there.
        dispensations: in all.
        version: an ASAP version, such as "4.2B".
        seed: the same seed writes the same files.
        per_file: at most so many in a file.
        first_day: of the days on which they were filled.
        days: how many days.

    Returns:
        The files written, in order.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for number, start in enumerate(range(0, dispensations, per_file)):
        here = min(per_file, dispensations - start)
        path = out / f"sample_{version.replace('.', '')}_{seed}_{number + 1:04d}.dat"
        with path.open("wb") as file:
            # Every file has a seed and a range of prescription numbers of its own.
            for chunk in bulk_chunks(
                here, seed + number, version, first_day=first_day, days=days, first_rx=1_000_000 + start
            ):
                file.write(chunk)
        written.append(path)
    return written
