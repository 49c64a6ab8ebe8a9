"""How a lake is opened: the writer's lock, the extensions, the catalog, and what a connection may not do."""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from store import catalog as catalogs
from store.durable import Folder
from store.errors import LakeFormatError, LakeMissingError, WriterPresentError, WrongSecretError
from store.extensions import POSTGRES_CATALOG, SQLITE_CATALOG, load
from store.failures import disk_error, world_error
from store.literals import text_literal
from store.tables import FORMAT, view_statements


CATALOG_NAME = "catalog.sqlite"
# How long SQLite waits for another process before DuckLake and we try again.
BUSY_TIMEOUT = timedelta(seconds=5)


def become_writer(root: Path) -> tuple[FileLock, Folder]:
    """The lock that makes us the one writer, and the folder we write to."""
    for folder in (root, root / "data", root / "kept", root / "spill"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)  # P-128
    lock = FileLock(root / "writer.lock", mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise WriterPresentError(
            f"another process writes the lake at {root}: stop it first, or let it do the work"
        ) from None
    try:
        return lock, Folder(root / "data", root / "kept")
    except OSError as error:
        lock.release()
        raise disk_error(error, root) from None


def secret_check(secret: bytes) -> str:
    """What a lake remembers of its secret, to know another one by."""
    return blake2b(b"", digest_size=16, key=secret, person=b"pdmp lake").hexdigest()


def connect(root: Path, threads: int | None, catalog: str | None) -> duckdb.DuckDBPyConnection:
    """A connection with the extensions loaded and nothing attached yet."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
        # What does not fit in memory holds patients, too.
        "temp_directory": str(root / "spill"),
        "temp_file_encryption": True,
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    try:
        load(connection, POSTGRES_CATALOG if catalog else SQLITE_CATALOG, root / "extensions")
    except BaseException:
        connection.close()
        raise
    return connection


def attachment(root: Path, catalog: str | None, *, encrypted: bool, read_only: bool, path: Path | None = None) -> str:
    """The ATTACH statement."""
    options = [f"DATA_PATH {text_literal(f'{root}/data/')}", "OVERRIDE_DATA_PATH true"]
    if encrypted:
        options.append("ENCRYPTED")
    if read_only:
        options.append("READ_ONLY")
    if catalog is None:
        # Without WAL readers fail under a writer, and commits take five times as long.
        options += ["META_JOURNAL_MODE 'WAL'", f"META_BUSY_TIMEOUT {int(BUSY_TIMEOUT.total_seconds() * 1000)}"]
        source = f"ducklake:sqlite:{path or root / CATALOG_NAME}"
    else:
        source = f"ducklake:postgres:{catalog}"
    return f"ATTACH {text_literal(source)} AS lake ({', '.join(options)})"


def make_sqlite(
    root: Path, folder: Folder, threads: int | None, *, encrypted: bool, buckets: int, secret: bytes
) -> None:
    """Build the catalog aside and rename it into place, so that a killed making leaves no half lake."""
    building = root / f"{CATALOG_NAME}.building"
    catalogs.clear_unfinished(building)
    connection = connect(root, threads, None)
    try:
        connection.execute(attachment(root, None, encrypted=encrypted, read_only=False, path=building))
        catalogs.make_tables(connection, buckets)
        catalogs.sign(connection, buckets, secret_check(secret))
        kept = catalogs.undisclosed(connection)
    except duckdb.Error as error:
        raise world_error(error, root, "make a lake") from None
    finally:
        connection.close()
    folder.sync_new()
    folder.release()
    catalogs.finish_sqlite(building, root / CATALOG_NAME, kept)


def attach(
    connection: duckdb.DuckDBPyConnection,
    root: Path,
    catalog: str | None,
    secret: bytes,
    *,
    encrypted: bool,
    read_only: bool,
    buckets: int,
) -> int:
    """Attach the lake, check that it is ours, and return its number of buckets."""
    try:
        connection.execute(attachment(root, catalog, encrypted=encrypted and catalog is not None, read_only=read_only))
        rows = _signature(connection)
        if not rows and catalog is not None and not read_only:
            catalogs.make_tables(connection, buckets)
            triggers = catalogs.postgres_triggers(catalogs.undisclosed(connection))
            connection.execute(f"CALL postgres_execute('{catalogs.METADATA}', {text_literal(triggers)})")
            catalogs.sign(connection, buckets, secret_check(secret))
            rows = _signature(connection)
        if not rows:
            raise LakeMissingError(f"no lake at {root}: start the worker once, which makes it")
        options = connection.execute("SELECT option_name, value FROM lake.options()").fetchall()
        for statement in view_statements():
            connection.execute(statement)
    except duckdb.Error as error:
        raise world_error(error, root, "open the lake") from None
    (made_format, made_buckets, check) = max(rows)
    if made_format > FORMAT:
        raise LakeFormatError(
            f"the lake at {root} has format {made_format} and this program knows {FORMAT}: install the newer program"
        )
    if check != secret_check(secret):
        raise WrongSecretError(
            f"the lake at {root} was made with another installation secret: restore the secret it was made with"
        )
    if encrypted and dict(options).get("encrypted") != "true":
        raise LakeFormatError(f"the lake at {root} is not encrypted: open it as such, or load its data into a new one")
    return int(made_buckets)


def _signature(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int, str]]:
    """The rows of ``format``: number, buckets, secret check; none in a lake that is not whole."""
    made = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'").fetchall()
    if ("format",) not in made:
        return []
    return connection.execute("SELECT format, buckets, secret_check FROM lake.format").fetchall()


def lock_down(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Let no statement reach beyond the lake's folder, nor change that (engineering.md C2)."""
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute(f"SET allowed_directories = [{text_literal(f'{root}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
