"""Opens the lake. Nothing else in the program knows where it lies or how it is attached.

A lake is a folder: a catalog (SQLite in the folder by default, PostgreSQL by URL), `data/` with the
Parquet files, `kept/` with second names of the newest (store/durable.py), `spill/` for what does not fit
in memory. The catalog holds the key of every encrypted file, so whoever has both has everything: keep
the folder on an encrypted disk, or the catalog on another machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import duckdb
from filelock import FileLock

from store.durable import Folder
from store.errors import LakeMissingError, ReadOnlyError
from store.failures import disk_error
from store.opening import CATALOG_NAME, attach, become_writer, connect, lock_down, make_sqlite


# At 64 buckets a shelf of 10 million dispensations lies in files of some 150,000 rows.
BUCKETS = 64
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
        writer: tuple[FileLock, Folder] | None,
    ) -> None:
        """Use `Lake.open`."""
        self.connection = connection
        self.root = root
        self.secret = secret
        self.buckets = buckets
        self._lock: FileLock | None
        self._folder: Folder | None
        self._lock, self._folder = writer or (None, None)

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
        if read_only:
            if catalog is None and not (root / CATALOG_NAME).exists():
                raise LakeMissingError(f"no lake at {root}: start the worker once, which makes it")
            writer = None
        else:
            writer = become_writer(root)
        try:
            if writer and catalog is None and not (root / CATALOG_NAME).exists():
                make_sqlite(root, writer[1], threads, encrypted=encrypted, buckets=buckets, secret=secret)
            connection = connect(root, threads, catalog)
            try:
                buckets = attach(
                    connection, root, catalog, secret, encrypted=encrypted, read_only=read_only, buckets=buckets
                )
                lock_down(connection, root)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            if writer:
                writer[0].release()
            raise
        return cls(connection, root, secret=secret, buckets=buckets, writer=writer)

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

        The files written in it are on the disk before the catalog names them. If the commit itself fails, it
        may still turn out to have been kept: ask the lake before doing the same again.

        Raises:
            ReadOnlyError: the lake is open for reading.
            LakeFullError: the disk is full; nothing is committed.
            LakeBrokenError: the disk refused what was written; nothing is committed.
            duckdb.Error: as DuckDB raised it; `world_error` says what it means.
        """
        folder = self.require_writer()
        self.connection.begin()
        committing = False
        try:
            yield self.connection
            try:
                folder.sync_new()
            except OSError as error:
                raise disk_error(error, self.root) from None
            committing = True
            self.connection.commit()
        except BaseException:
            # What failed in its commit is over already.
            with suppress(duckdb.TransactionException):
                self.connection.rollback()
            # Where even this fails, the next opening does it.
            with suppress(OSError):
                if committing:
                    folder.give_back()
                else:
                    folder.release()
            raise
        with suppress(OSError):
            folder.release()

    def close(self) -> None:
        """Close it, and let another process write it."""
        self.connection.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
