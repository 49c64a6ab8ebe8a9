"""What can go wrong with the lake, and whether trying again can help.

These are about the world (a lock, a disk, a key), never about the data. No message carries a value
from a row: DuckDB's own texts quote statements and values, so they are not passed on.
"""

from __future__ import annotations


class StoreError(Exception):
    """Something is wrong with the lake.

    Attributes:
        retry: True where the same call may succeed a little later.
    """

    retry = False


class LakeBusyError(StoreError):
    """Another process held the catalog longer than we were ready to wait."""

    retry = True


class LakeFullError(StoreError):
    """The disk has no room for what was to be kept; nothing of it was. Make room, and it goes on."""

    retry = True


class WriterPresentError(StoreError):
    """Another process is the lake's writer; a lake on a SQLite catalog has one."""


class ReadOnlyError(StoreError):
    """A lake opened for reading was asked to write."""


class LakeMissingError(StoreError):
    """There is no lake where one was to be read."""


class LakeFormatError(StoreError):
    """The lake was made by a newer program, or in another way than was asked for."""


class WrongSecretError(StoreError):
    """The lake was made with another installation secret."""


class LakeBrokenError(StoreError):
    """The lake cannot be opened or read: a file is missing, damaged or not ours."""
