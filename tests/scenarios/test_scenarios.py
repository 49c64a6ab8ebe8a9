"""One file in, every outcome committed: what the reader and the judge make of each sample.

For each ``sample_data/asap/NAME.dat``, ``sample_data/expected/NAME/`` holds

* ``check.json``: the verdict as `pdmp check --json` prints it;
* ``findings.csv``: the findings, of `FINDING_SCHEMA`;
* ``records.csv``: what became of each record, of `RECORD_SCHEMA`;
* ``rows.csv``: the dispensations as typed rows, columns without any value left out;
* ``zero_reports.csv``: the days that zero reports cover; absent where there is none.

The day is fixed and nothing else. `make accept` (``pytest tests/scenarios --accept``) writes today's outcomes;
the difference is reviewed by eye, against the standard.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import drugs
from ingest.rows import read
from schemas.dispenser import REGISTER_SCHEMA
from validation.context import Context
from validation.judge import judge
from validation.verdict import check_result


SAMPLE_DATA = Path(__file__).parents[2] / "sample_data"
SAMPLES = sorted((SAMPLE_DATA / "asap").glob("*.dat"))

RECEIVED_ON = date(2024, 3, 6)


@pytest.fixture(scope="module")
def context() -> Context:
    register = pl.read_csv(SAMPLE_DATA / "register.csv", schema=REGISTER_SCHEMA)
    return Context(
        received_on=RECEIVED_ON,
        drugs=drugs.load(),
        drug_edition=drugs.EDITION,
        dispensers=register,
        permitted=frozenset(register["dispenser_id"]),
    )


def outcomes(sample: Path, context: Context) -> dict[str, str]:
    """File name -> its text, of everything that the sample comes to."""
    reading = read(sample.read_bytes())
    ruling = judge(reading, context)
    verdict = json.dumps(check_result(sample.name, reading, ruling), indent=2, ensure_ascii=False) + "\n"
    files = {"check.json": verdict, "findings.csv": table(ruling.findings), "records.csv": table(ruling.records)}
    if not reading.rows.is_empty():
        files["rows.csv"] = table(valued(reading.rows))
    if not ruling.zero_reports.is_empty():
        files["zero_reports.csv"] = table(ruling.zero_reports)
    return files


def table(frame: pl.DataFrame) -> str:
    return frame.write_csv()


def valued(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns that hold anything, compounds' ingredients as JSON."""
    ingredients = [json.dumps(each.to_list()) if each is not None else None for each in rows["ingredients"]]
    rows = rows.with_columns(pl.Series("ingredients", ingredients, dtype=pl.String))
    return rows.select(column for column in rows.iter_columns() if column.null_count() < rows.height)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_outcomes_are_the_accepted_ones(sample: Path, context: Context, request: pytest.FixtureRequest) -> None:
    folder = SAMPLE_DATA / "expected" / sample.stem
    actual = outcomes(sample, context)
    if request.config.getoption("--accept"):
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, text in actual.items():
            (folder / name).write_bytes(text.encode())
    expected = {path.name: path.read_bytes().decode() for path in folder.iterdir()} if folder.is_dir() else {}
    assert actual == expected, f"{sample.stem}: if this is right, run `make accept` and review the difference"


def test_no_expected_outcome_is_left_of_a_sample_that_is_gone() -> None:
    assert {path.name for path in (SAMPLE_DATA / "expected").iterdir() if path.is_dir()} == {
        sample.stem for sample in SAMPLES
    }


def test_the_readme_says_what_each_sample_shows() -> None:
    readme = (SAMPLE_DATA / "README.md").read_text(encoding="utf-8")
    assert [sample.stem for sample in SAMPLES if f"| `{sample.stem}` |" not in readme] == []
