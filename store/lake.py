"""Opens the lake. Nothing else in the program knows where it lies or how it is attached.

A lake is a folder: a catalog (SQLite in the folder by default, PostgreSQL by URL), `data/` with the
Parquet files, `spill/` for what does not fit in memory. The catalog holds the key of every encrypted
file, so whoever has both has everything: keep the folder on an encrypted disk, or the catalog on
another machine.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Self

import duckdb
from filelock import FileLock, Timeout

from store import catalog as catalogs
from store.durable import Folder
from store.errors import (
    LakeBrokenError,
    LakeBusyError,
    LakeFormatError,
    LakeFullError,
    LakeMissingError,
    ReadOnlyError,
    StoreError,
    WriterPresentError,
    WrongSecretError,
)
from store.extensions import POSTGRES_CATALOG, SQLITE_CATALOG, load
from store.literals import text_literal
from store.tables import FORMAT, view_statements


# At 64 buckets a shelf of 10 million dispensations lies in files of some 150,000 rows.
BUCKETS = 64
CATALOG_NAME = "catalog.sqlite"
# How long SQLite waits for another process before DuckLake and we try again.
BUSY_TIMEOUT = timedelta(seconds=5)
_SHORTEST_SECRET = 16
_LONGEST_SECRET = 64  # what blake2b takes as a key


class Lake:
    """An open lake; a context manager.

    A lake opened for writing is the only one of its folder (engineering.md R20); any number may read
    beside it, and see each commit without opening again. A connection serves one thread at a time:
    `cursor` gives another.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        root: Path,
        *,
        secret: bytes,
        buckets: int,
        lock: FileLock | None,
    ) -> None:
        """Use `Lake.open`."""
        self.connection = connection
        self.root = root
        self.secret = secret
        self.buckets = buckets
        self._lock = lock
        self._folder = Folder(root / "data") if lock else None

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        secret: bytes,
        encrypted: bool = True,
        threads: int | None = None,
        read_only: bool = False,
        buckets: int = BUCKETS,
        catalog: str | None = None,
    ) -> Lake:
        """Open the lake in a folder, and make it if there is none yet.

        Args:
            root: its folder.
            secret: the installation's secret, 16 to 64 bytes; person keys are hashes under it.
            encrypted: whether its files must be encrypted; the lake is refused if they are not.
            threads: how many threads a query may use; None for all.
            read_only: open it to be read only; it must exist.
            buckets: over how many buckets of the person key a new lake is spread; an existing one keeps its own.
            catalog: a PostgreSQL connection string or URL; None for SQLite in the folder.

        Raises:
            WriterPresentError: another process writes this lake.
            LakeMissingError: opened to be read, and there is none.
            WrongSecretError: it was made with another secret.
            LakeFormatError: it was made by a newer program, or without encryption.
            LakeBrokenError: it cannot be opened.
        """
        if not _SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
            raise ValueError(f"the installation's secret has {_SHORTEST_SECRET} to {_LONGEST_SECRET} bytes")
        root = root.absolute()
        lock = None
        if not read_only:
            for folder in (root, root / "data", root / "spill"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)  # P-128
            lock = _writer_lock(root)
        elif catalog is None and not (root / CATALOG_NAME).exists():
            raise LakeMissingError(f"no lake at {root}: start the worker once, which makes it")
        try:
            if not read_only and catalog is None and not (root / CATALOG_NAME).exists():
                _make_sqlite(root, threads, encrypted=encrypted, buckets=buckets, secret=secret)
            connection = _connect(root, threads, catalog)
            try:
                buckets = _attach(
                    connection, root, catalog, secret, encrypted=encrypted, read_only=read_only, buckets=buckets
                )
                _lock_down(connection, root)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            if lock:
                lock.release()
            raise
        return cls(connection, root, secret=secret, buckets=buckets, lock=lock)

    @property
    def read_only(self) -> bool:
        """True where it was opened to be read only."""
        return self._lock is None

    def require_writer(self) -> Folder:
        """The data folder to write to.

        Raises:
            ReadOnlyError: the lake is open for reading.
        """
        if self._folder is None:
            raise ReadOnlyError(f"the lake at {self.root} is open for reading: only the worker writes it")
        return self._folder

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another connection to this lake, for another thread."""
        return self.connection.cursor()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Everything or nothing: commits at the end of the block, rolls back on an exception.

        The files written in it are on the disk before the catalog names them.

        Raises:
            ReadOnlyError: the lake is open for reading.
            LakeFullError: the disk is full; nothing is committed.
            LakeBrokenError: the disk refused what was written; nothing is committed.
            duckdb.Error: as DuckDB raised it; `world_error` says what it means.
        """
        folder = self.require_writer()
        self.connection.begin()
        try:
            yield self.connection
            try:
                folder.sync_new()
            except OSError as error:
                raise _disk_error(error, self.root) from None
            self.connection.commit()
        except BaseException:
            # What failed in its commit is over already.
            with suppress(duckdb.TransactionException):
                self.connection.rollback()
            raise

    def close(self) -> None:
        """Close it, and let another process write it."""
        self.connection.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def world_error(error: duckdb.Error, root: Path, doing: str) -> StoreError:
    """What a DuckDB error means for us, without its text: that quotes statements and values.

    Args:
        error: as DuckDB raised it.
        root: the lake's folder.
        doing: what was tried: "commit", "read the history".
    """
    if is_busy(error):
        return LakeBusyError(f"could not {doing}: the catalog of the lake at {root} is locked; try again")
    if "no space left" in str(error).lower():
        return LakeFullError(f"could not {doing}: the disk under {root} is full; make room and try again")
    return LakeBrokenError(
        f"could not {doing}: the lake at {root} failed with {type(error).__name__}; "
        "check that its catalog and its data folder are complete and can be read"
    )


def _disk_error(error: OSError, root: Path) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LakeFullError(f"the disk under {root} is full; nothing was committed; make room and try again")
    return LakeBrokenError(
        f"the disk under {root} refused to keep what was written: {error.strerror}; nothing was committed"
    )


def is_busy(error: BaseException) -> bool:
    """True for an error that means another process was in the way."""
    text = str(error).lower()
    return isinstance(error, duckdb.Error) and ("database is locked" in text or "conflict" in text)


def _writer_lock(root: Path) -> FileLock:
    lock = FileLock(root / "writer.lock", mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise WriterPresentError(
            f"another process writes the lake at {root}: stop it first, or let it do the work"
        ) from None
    return lock


def _secret_check(secret: bytes) -> str:
    """What a lake remembers of its secret, to know another one by."""
    return blake2b(b"", digest_size=16, key=secret, person=b"pdmp lake").hexdigest()


def _connect(root: Path, threads: int | None, catalog: str | None) -> duckdb.DuckDBPyConnection:
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


def _attachment(root: Path, catalog: str | None, *, encrypted: bool, read_only: bool, path: Path | None = None) -> str:
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


def _make_sqlite(root: Path, threads: int | None, *, encrypted: bool, buckets: int, secret: bytes) -> None:
    """Build the catalog aside and rename it into place, so that a killed making leaves no half lake."""
    building = root / f"{CATALOG_NAME}.building"
    catalogs.clear_unfinished(building)
    folder = Folder(root / "data")
    connection = _connect(root, threads, None)
    try:
        connection.execute(_attachment(root, None, encrypted=encrypted, read_only=False, path=building))
        catalogs.make_tables(connection, buckets)
        catalogs.sign(connection, buckets, _secret_check(secret))
        kept = catalogs.undisclosed(connection)
    except duckdb.Error as error:
        raise world_error(error, root, "make a lake") from None
    finally:
        connection.close()
    folder.sync_new()
    catalogs.finish_sqlite(building, root / CATALOG_NAME, kept)


def _attach(
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
        connection.execute(_attachment(root, catalog, encrypted=encrypted and catalog is not None, read_only=read_only))
        rows = _signature(connection)
        if not rows and catalog is not None and not read_only:
            catalogs.make_tables(connection, buckets)
            triggers = catalogs.postgres_triggers(catalogs.undisclosed(connection))
            connection.execute(f"CALL postgres_execute('{catalogs.METADATA}', {text_literal(triggers)})")
            catalogs.sign(connection, buckets, _secret_check(secret))
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
    if check != _secret_check(secret):
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


def _lock_down(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Let no statement reach beyond the lake's folder, nor change that (engineering.md C2)."""
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute(f"SET allowed_directories = [{text_literal(f'{root}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
