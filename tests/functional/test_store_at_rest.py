"""What lies on the disk: no patient in clear anywhere (engineering.md E1), and every file synced before its commit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from schemas.dispensation import PATIENT_COLUMNS
from store.catalog import METADATA
from store.lake import Lake
from store.tables import TABLES
from store.upkeep import upkeep
from store.writer import commit
from tests.functional.killing import allowed
from tests.functional.lakes import NOW, SECRET, batch, later, open_lake, rows


REPOSITORY = Path(__file__).parents[2]
BORN = date(1937, 11, 23)
# One patient in files of their own: the smallest and largest value of every column are theirs.
CANARY = {
    "last_name": "ZZCANARYLAST",
    "first_name": "ZZCANARYFIRST",
    "middle_name": "ZZCANARYMIDDLE",
    "address_1": "77 ZZCANARYSTREET",
    "city": "ZZCANARYTOWN",
    "zip": "99777",
    "phone": "8605550177",
    "patient_id": "ZZCANARYID",
    "sig": "ZZCANARYSIG",
    "diagnosis": "ZZCANARYDX",
    "date_of_birth": BORN,
    "rx_number": "ZZCANARYRX",
}
TRACES = [b"ZZCANARY", BORN.isoformat().encode(), b"99777", b"8605550177"]


def found_on_disk(root: Path) -> dict[str, list[bytes]]:
    """Per file of a lake the traces of the canary in it, also as hexadecimal digits."""
    seen = {}
    for path in (each for each in root.rglob("*") if each.is_file()):
        content = path.read_bytes()
        traces = [trace for trace in TRACES if trace in content or trace.hex().upper().encode() in content.upper()]
        if traces:
            seen[path.name] = traces
    return seen


def live(lake: Lake) -> dict[str, list[bytes]]:
    """Let the canary through everything a lake does, and look at the disk after each step."""
    seen: dict[str, list[bytes]] = {}
    commit(lake, [batch("canary", rows(1, **CANARY))], NOW)
    seen |= found_on_disk(lake.root)
    commit(lake, [batch("more", rows(30, start=5)), batch("again", rows(1, **CANARY))], later(1))
    seen |= found_on_disk(lake.root)
    with lake.transaction() as connection:
        # A reader holds the catalog's log open while it is written.
        connection.execute("SELECT count(*) FROM events").fetchall()
        seen |= found_on_disk(lake.root)
    for _ in range(2):
        upkeep(lake, now=datetime.now(UTC) + timedelta(days=2), full=True)
        seen |= found_on_disk(lake.root)
    return seen


def test_no_file_of_an_encrypted_lake_shows_a_patient(tmp_path: Path) -> None:
    with open_lake(tmp_path) as lake:
        assert live(lake) == {}
        found = lake.cursor().execute("SELECT last_name FROM events WHERE zip = '99777'").pl()
        assert found["last_name"].to_list() == ["ZZCANARYLAST"]
    assert found_on_disk(tmp_path) == {}


def test_the_search_for_traces_finds_them_where_they_are(tmp_path: Path) -> None:
    """The test above can fail: a lake that is not encrypted shows the patient in its data files, not its catalog."""
    with Lake.open(tmp_path, secret=SECRET, encrypted=False, buckets=4, threads=1) as lake:
        seen = live(lake)
    assert seen
    assert all(name.endswith(".parquet") for name in seen)


def test_the_catalog_knows_no_extremes_but_those_disclosed(tmp_path: Path) -> None:
    with open_lake(tmp_path) as lake:
        live(lake)
        for statistics in ("ducklake_file_column_stats", "ducklake_table_column_stats"):
            known = lake.connection.execute(
                f"SELECT DISTINCT table_name, column_name FROM {METADATA}.{statistics} "  # noqa: S608
                f"JOIN {METADATA}.ducklake_table USING (table_id) "
                f"JOIN {METADATA}.ducklake_column USING (table_id, column_id) "
                "WHERE min_value IS NOT NULL OR max_value IS NOT NULL OR extra_stats IS NOT NULL"
            ).fetchall()
            assert known
            assert not {column for _, column in known} & PATIENT_COLUMNS
            disclosed = {table.name: table.disclosed for table in TABLES}
            for table, column in known:
                allowed_columns = disclosed[table]
                assert allowed_columns is None or column in allowed_columns


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("last_name = 'ZZCANARYLAST'", 1),
        ("last_name > 'ZZ'", 1),
        ("last_name < 'A'", 0),
        ("middle_name IS NULL", 30),
        ("middle_name IS NOT NULL", 1),
        ("date_of_birth = DATE '1937-11-23'", 1),
        ("date_of_birth < DATE '1940-01-01'", 1),
        ("quantity = 6", 1),
        ("quantity > 1000", 0),
        ("filled_on BETWEEN DATE '2024-03-06' AND DATE '2024-03-08'", 3),
        ("ingredients IS NULL", 31),
    ],
)
def test_questions_are_answered_right_without_the_hidden_extremes(
    canary_lake: Lake, condition: str, expected: int
) -> None:
    answer = canary_lake.cursor().execute(f"SELECT count(*), min(last_name) FROM events WHERE {condition}").fetchone()  # noqa: S608
    assert answer
    assert answer[0] == expected


def test_the_extremes_themselves_are_answered_right(canary_lake: Lake) -> None:
    extremes = canary_lake.cursor().execute(
        "SELECT max(last_name), min(date_of_birth), count(middle_name), count(*) FROM events"
    )
    assert extremes.fetchone() == ("ZZCANARYLAST", BORN, 1, 31)


@pytest.fixture(scope="module", params=["landed", "shelved"])
def canary_lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The canary among thirty others, read by a connection that has nothing of the values in its memory."""
    root = tmp_path_factory.mktemp(request.param)
    with open_lake(root) as lake:
        commit(lake, [batch("canary", rows(1, **CANARY))], NOW)
        commit(lake, [batch("more", rows(30, start=5))], later(1))
        if request.param == "shelved":
            upkeep(lake, now=NOW, full=True)
    with open_lake(root, read_only=True) as lake:
        yield lake


@pytest.mark.needs_strace
@pytest.mark.skipif(not allowed(), reason="tracing is forbidden here")
def test_every_file_is_synced_before_the_catalog_names_it(tmp_path: Path) -> None:
    """kill -9 cannot show a missing fsync: the order of the calls does (engineering.md C3)."""
    open_lake(tmp_path / "lake").close()
    trace = tmp_path / "trace"
    job = [sys.executable, "-m", "tests.functional.store_job", str(tmp_path / "lake"), "commit"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
    strace = ["strace", "-f", "-qq", "-y", "--trace=openat,write,fsync", "-o", str(trace)]
    subprocess.run([*strace, *job], env=environment, check=True, capture_output=True)
    written: set[str] = set()
    commits = 0
    for line in trace.read_text(errors="replace").splitlines():
        if found := re.search(r"(write|fsync)\(\d+<([^>]*)>", line):
            call, path = found.groups()
            if path.endswith(".parquet"):
                (written.add if call == "write" else written.discard)(path)
            elif call == "fsync" and path.endswith(("catalog.sqlite-wal", "catalog.sqlite")):
                commits += 1
                assert not written, "the catalog was synced while a file it names was not"
    assert commits >= 2
    assert pl.Series([path.name for path in (tmp_path / "lake").rglob("*.parquet")]).len() >= 6
