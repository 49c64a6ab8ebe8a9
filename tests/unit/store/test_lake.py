from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from store.durable import Folder
from store.errors import (
    LakeBrokenError,
    LakeFormatError,
    LakeMissingError,
    ReadOnlyError,
    WriterPresentError,
    WrongSecretError,
)
from store.extensions import SQLITE_CATALOG, binary
from store.history import history
from store.lake import Lake
from store.opening import attachment, connect
from store.upkeep import upkeep
from store.writer import commit
from tests.functional.lakes import NOW, SECRET, batch, open_lake, rows


def events(lake: Lake) -> int:
    """How many events a lake holds."""
    found = lake.cursor().execute("SELECT count(*) FROM events").fetchone()
    assert found
    return int(found[0])


def test_nobody_but_its_user_can_read_it(root: Path) -> None:  # P-128
    with open_lake(root) as lake:
        commit(lake, [batch("s-1", rows(20))], NOW)
        upkeep(lake, now=NOW, full=True)
        for path in [root, *root.rglob("*")]:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_fresh_lake_closes_its_folder_too(tmp_path: Path) -> None:
    with open_lake(tmp_path / "new"):
        pass
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "new", *(tmp_path / "new").iterdir()]}
    assert modes == {
        "new": 0o700,
        "catalog.sqlite": 0o600,
        "data": 0o700,
        "kept": 0o700,
        "spill": 0o700,
        "writer.lock": 0o600,
    }


def test_it_opens_without_a_home(root: Path) -> None:
    program = f"from tests.functional.lakes import *; open_lake(Path({str(root)!r})).close()"
    repository = Path(__file__).parents[3]
    environment = {"PYTHONPATH": str(repository), "PATH": os.environ["PATH"], "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, cwd=root)


def test_the_extensions_come_from_the_wheels() -> None:
    for extension in SQLITE_CATALOG:
        path = binary(extension)
        assert path is not None
        assert path.name == f"{extension}.duckdb_extension"
    assert binary("no_such_extension") is None


def test_a_second_writer_is_refused_and_a_later_one_is_not(root: Path) -> None:  # engineering.md R20
    with open_lake(root), pytest.raises(WriterPresentError, match="another process writes the lake"):
        open_lake(root)
    open_lake(root).close()


def test_readers_open_beside_the_writer_and_see_each_commit(lake: Lake) -> None:
    with open_lake(lake.root, read_only=True) as reader:
        assert events(reader) == 0
        commit(lake, [batch("s-1", rows(20))], NOW)
        assert events(reader) == 20


def test_a_reader_cannot_write(root: Path) -> None:
    with open_lake(root, read_only=True) as reader:
        assert reader.read_only
        with pytest.raises(ReadOnlyError, match="open for reading"):
            commit(reader, [batch("s-1", rows(1))], NOW)
        with pytest.raises(ReadOnlyError, match="open for reading"):
            upkeep(reader, now=NOW, full=True)
        with pytest.raises(duckdb.Error, match="read-only"):
            reader.connection.execute("DELETE FROM lake.submissions")


def test_there_is_nothing_to_read_before_there_is_a_lake(tmp_path: Path) -> None:
    with pytest.raises(LakeMissingError, match="start the worker once"):
        open_lake(tmp_path / "none", read_only=True)
    assert not (tmp_path / "none").exists()


def test_another_secret_is_refused(root: Path) -> None:  # engineering.md E2
    with pytest.raises(WrongSecretError, match="restore the secret"):
        Lake.open(root, secret=b"not the secret it was made with")
    open_lake(root).close()


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 65])
def test_a_secret_has_a_length(tmp_path: Path, secret: bytes) -> None:
    with pytest.raises(ValueError, match="16 to 64 bytes"):
        Lake.open(tmp_path, secret=secret)


def test_a_newer_programs_lake_is_refused(root: Path) -> None:
    with open_lake(root) as lake:
        lake.connection.execute("INSERT INTO lake.format SELECT format + 1, buckets, secret_check FROM lake.format")
    for read_only in (True, False):
        with pytest.raises(LakeFormatError, match="format 2 and this program knows 1: install the newer program"):
            open_lake(root, read_only=read_only)


def test_a_lake_without_encryption_is_refused_where_encryption_is_asked_for(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "plain", secret=SECRET, encrypted=False) as lake:
        commit(lake, [batch("s-1", rows(5))], NOW)
    with pytest.raises(LakeFormatError, match="not encrypted"):
        Lake.open(tmp_path / "plain", secret=SECRET)
    with Lake.open(tmp_path / "plain", secret=SECRET, encrypted=False, read_only=True) as lake:
        assert events(lake) == 5


def test_a_lake_keeps_the_buckets_it_was_made_with(root: Path) -> None:
    with Lake.open(root, secret=SECRET, buckets=99) as lake:
        assert lake.buckets == 4


def test_a_lake_can_be_moved(root: Path, tmp_path: Path) -> None:
    with open_lake(root) as lake:
        commit(lake, [batch("s-1", rows(20))], NOW)
    shutil.move(root, tmp_path / "elsewhere")
    with open_lake(tmp_path / "elsewhere") as lake:
        assert events(lake) == 20
        commit(lake, [batch("s-2", rows(20, start=20))], NOW)
        assert events(lake) == 40


def test_what_an_interrupted_making_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite.building").write_bytes(b"half")
    (tmp_path / "catalog.sqlite.building-wal").write_bytes(b"half")
    open_lake(tmp_path).close()
    assert {path.name for path in tmp_path.iterdir()} == {"catalog.sqlite", "data", "kept", "spill", "writer.lock"}


def test_a_catalog_that_is_none_is_a_clear_error_and_frees_the_lock(root: Path) -> None:
    (root / "catalog.sqlite").write_bytes(b"not a database" * 1000)
    for _ in range(2):
        with pytest.raises(LakeBrokenError, match="could not open the lake"):
            open_lake(root)


def test_a_disk_that_cannot_be_read_is_a_clear_error_and_frees_the_lock(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Folder, "give_back", refuse)
    with pytest.raises(LakeBrokenError, match="Input/output error"):
        open_lake(root)
    monkeypatch.undo()
    open_lake(root).close()


def test_a_ducklake_that_is_not_ours_is_no_lake(root: Path) -> None:
    (root / "catalog.sqlite").unlink()
    connection = connect(root, None, None)
    connection.execute(attachment(root, None, encrypted=True, read_only=False))
    connection.execute("CREATE TABLE lake.other (format INTEGER)")
    connection.close()
    with pytest.raises(LakeMissingError, match="no lake at"):
        open_lake(root)


def test_a_lost_file_is_a_clear_error_that_shows_no_value(lake: Lake) -> None:
    commit(lake, [batch("s-1", rows(20))], NOW)
    key = lake.connection.execute("SELECT max(person_key) FROM events").fetchone()
    assert key
    for path in lake.root.rglob("*.parquet"):
        path.unlink()
    with pytest.raises(LakeBrokenError, match="could not read a history") as caught:
        history(lake, [key[0]])
    assert str(key[0]) not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO '{outside}/stolen.csv'",
        "ATTACH '{outside}/other.db' AS other",
        "INSTALL spatial",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET lock_configuration = false",
        "SET temp_directory = '{outside}'",
    ],
)
def test_a_connection_reaches_nothing_but_its_lake(root: Path, tmp_path: Path, statement: str, read_only: bool) -> None:  # noqa: FBT001
    with open_lake(root, read_only=read_only) as lake, pytest.raises(duckdb.Error):
        lake.cursor().execute(statement.format(outside=tmp_path))
    assert not (tmp_path / "stolen.csv").exists()


def test_what_does_not_fit_in_memory_is_spilled_encrypted_beside_the_lake(lake: Lake) -> None:
    settings = dict(lake.connection.execute("SELECT name, value FROM duckdb_settings()").fetchall())
    assert settings["temp_directory"] == str(lake.root / "spill")
    assert settings["temp_file_encryption"] == "true"
    assert settings["allow_unsigned_extensions"] == "false"
