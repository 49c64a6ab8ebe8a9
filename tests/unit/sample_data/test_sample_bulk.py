from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from sample_data.make import bulk_file, write_files
from sample_data.segments import VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dispensations", [1, 399, 400, 401, 2500])
def test_exactly_so_many_with_right_counts(dispensations: int, version: str) -> None:
    lines = bulk_file(dispensations, seed=3, version=version).decode().splitlines()
    assert lines[0].startswith(f"TH*{version}*")
    assert sum(line.startswith("DSP*00*") for line in lines) == dispensations
    assert sum(line.startswith("PRE*") for line in lines) == dispensations
    assert lines[-1] == f"TT*B3*{len(lines)}~"
    start = 0
    for place, line in enumerate(lines):
        if line.startswith("PHA*"):
            start = place
        elif line.startswith("TP*"):
            assert line == f"TP*{place - start + 1}~"


def test_the_same_seed_makes_the_same_bytes() -> None:
    assert bulk_file(1000, seed=5) == bulk_file(1000, seed=5)
    assert bulk_file(1000, seed=5) != bulk_file(1000, seed=6)


def test_every_prescription_number_is_its_own() -> None:
    numbers = re.findall(rb"DSP\*00\*(\d+)\*", bulk_file(3000, seed=1))
    assert len(set(numbers)) == 3000


def test_fills_lie_in_the_days_asked_for_and_are_not_written_later() -> None:
    data = bulk_file(2000, seed=1, first_day=date(2024, 2, 1), days=29).decode()
    pairs = re.findall(r"DSP\*00\*\d+\*(\d{8})\*\d*\*(\d{8})\*", data)
    assert {filled for _, filled in pairs} == {f"202402{day:02d}" for day in range(1, 30)}
    assert all(written <= filled for written, filled in pairs)


def test_files_are_written_in_batches_without_a_number_twice(tmp_path: Path) -> None:
    paths = write_files(tmp_path / "out", 1050, version="5.0", seed=2, per_file=500)
    data = [path.read_bytes() for path in paths]
    assert [path.name for path in paths] == [f"sample_50_2_{number:04d}.dat" for number in (1, 2, 3)]
    assert [each.count(b"\nDSP*") for each in data] == [500, 500, 50]
    numbers = re.findall(rb"DSP\*00\*(\d+)\*", b"".join(data))
    assert len(set(numbers)) == 1050


@pytest.mark.long
def test_two_hundred_thousand_take_seconds() -> None:
    data = bulk_file(200_000, seed=1)
    assert data.count(b"\nDSP*") == 200_000
    assert 40_000_000 < len(data) < 60_000_000
