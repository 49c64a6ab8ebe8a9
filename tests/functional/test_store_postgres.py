"""The same lake over a PostgreSQL catalog, of a server that the test starts for itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from store.errors import WrongSecretError
from store.history import find_persons, history, latest, submission_counts
from store.lake import Lake
from store.upkeep import upkeep
from store.writer import commit
from tests.functional.lakes import NOW, SECRET, batch, later, rows


_HOMES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PROGRAMS = os.pathsep.join([os.environ.get("PATH", ""), *map(str, _HOMES)])
INITDB, CONTROL = (shutil.which(name, path=PROGRAMS) for name in ("initdb", "pg_ctl"))
# PostgreSQL refuses to be run by root, so root borrows its user.
BORROWED = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(INITDB is None or CONTROL is None, reason="needs PostgreSQL (Debian package postgresql)"),
]


@pytest.fixture(scope="module")
def catalog() -> Iterator[str]:
    """A connection string for a database of one's own; no port is opened."""
    with TemporaryDirectory(prefix="pg-") as folder:  # a short path: a socket's name has 107 characters
        if BORROWED:
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        run(INITDB, "-D", data, "-A", "trust", "-U", "pdmp")
        run(CONTROL, "-D", data, "-o", f"-k {folder} -c listen_addresses=''", "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"host={folder} user=pdmp dbname=postgres"
        finally:
            run(CONTROL, "-D", data, "-m", "immediate", "stop")


def run(program: str | None, *arguments: str) -> None:
    assert program is not None
    subprocess.run(
        [*BORROWED, program, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )


def dumped(catalog: str) -> bytes:
    """Everything a catalog holds, as text."""
    dump = shutil.which("pg_dump", path=PROGRAMS)
    assert dump is not None
    return subprocess.run([dump, "-d", catalog], check=True, capture_output=True).stdout


def test_a_lake_over_postgresql_is_the_same_lake(catalog: str, tmp_path: Path) -> None:
    canary = rows(1, start=9_000, last_name="ZZCANARY", first_name="ZZCANARY", city="ZZCANARY", rx_number="ZZCANARY")
    with Lake.open(tmp_path, secret=SECRET, buckets=4, catalog=catalog) as lake:
        kept = commit(lake, [batch("s-1", rows(400)), batch("s-2", rows(300, start=300))], NOW)
        assert [(each.stored, each.duplicates) for each in kept] == [(400, 0), (200, 100)]
        commit(lake, [batch("s-3", canary)], later(1))
        with Lake.open(tmp_path, secret=SECRET, catalog=catalog, read_only=True) as reader:
            born = rows(1)["date_of_birth"].item()
            key = find_persons(reader, last_name="SMITH0", first_name="ANNA", date_of_birth=born)["person_key"].item()
            before = history(reader, [key])
            assert before.height == 15
            for _ in range(2):
                upkeep(lake, now=datetime.now(UTC) + timedelta(days=2), full=True)
            assert history(reader, [key]).equals(before)
            assert latest(reader) == later(1)
        assert commit(lake, [batch("s-1", rows(400))], later(2))[0].already
        counts = submission_counts(lake)
        assert counts["found"].to_list() == counts["stored"].to_list() == [400, 200, 1]
    assert b"ZZCANARY" not in dumped(catalog)
    assert b"ducklake_data_file" in dumped(catalog)
    with pytest.raises(WrongSecretError):
        Lake.open(tmp_path, secret=b"another secret of this size", catalog=catalog)
