"""Loads DuckDB's extensions from the wheels that carry them.

The wheels repackage DuckDB's own signed binaries. They are loaded by path and DuckDB's signature
check stays on, so a tampered binary is refused. Importing a wheel's helper package instead would
copy the binary under the user's home directory, which a service account may not have.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from store.errors import LakeBrokenError
from store.literals import text_literal


# httpfs brings OpenSSL, without which DuckDB refuses to write encrypted Parquet.
SQLITE_CATALOG = ("httpfs", "ducklake", "sqlite_scanner")
POSTGRES_CATALOG = ("httpfs", "ducklake", "postgres")

# DuckDB derives the entry point from the file's name, and one wheel names its file otherwise.
_ENTRY_NAMES = {"postgres": "postgres_scanner"}


def binary(extension: str) -> Path | None:
    """The path of an extension's binary for this DuckDB, or None where no wheel brings one."""
    # find_spec locates a top-level package without running it.
    spec = importlib.util.find_spec(f"duckdb_extension_{extension}")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).glob(f"extensions/v{duckdb.__version__}/*.duckdb_extension")):
            return path
    return None


def load(connection: duckdb.DuckDBPyConnection, extensions: tuple[str, ...], downloads: Path) -> None:
    """Load extensions into a connection.

    Args:
        connection: an open DuckDB connection.
        extensions: their names, as DuckDB knows them.
        downloads: where DuckDB may keep what it downloads for a platform that has no wheel.

    Raises:
        LakeBrokenError: one could neither be found nor downloaded.
    """
    for extension in extensions:
        path = binary(extension)
        try:
            if path is None:
                connection.execute(f"SET extension_directory = {text_literal(str(downloads))}")
                connection.execute(f"INSTALL {extension}")
                connection.execute(f"LOAD {extension}")
            else:
                _load_binary(connection, path, _ENTRY_NAMES.get(extension, extension))
        except duckdb.Error:
            raise LakeBrokenError(
                f"DuckDB {duckdb.__version__} could not load its extension {extension}: "
                f"install the wheel duckdb-extension-{extension.replace('_', '-')}=={duckdb.__version__}"
            ) from None


def _load_binary(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    if path.stem == name:
        connection.execute(f"LOAD {text_literal(str(path))}")
        return
    with TemporaryDirectory() as folder:
        link = Path(folder) / f"{name}.duckdb_extension"
        link.symlink_to(path)
        connection.execute(f"LOAD {text_literal(str(link))}")
