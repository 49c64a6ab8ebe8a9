"""Makes what DuckDB wrote survive a power cut.

DuckLake commits in its catalog, which SQLite and PostgreSQL sync, but the Parquet files that the
commit speaks of are only written, not synced: after a power cut the catalog could name files that the
disk never got. So every new file is synced, with its folder, before the commit.
"""

from __future__ import annotations

import os
from pathlib import Path


def sync_path(path: Path) -> None:
    """Force a file's bytes, or a folder's entries, to the disk.

    Raises:
        OSError: the disk refused. Never try again: after a failed sync the kernel may have dropped the
            pages, and a second sync would report a success that is none.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Folder:
    """The data folder of a lake, as it was when we last looked."""

    def __init__(self, data: Path) -> None:
        """Take note of what is there.

        Args:
            data: the lake's data folder.
        """
        self._data = data
        self._known = self._files()

    def _files(self) -> set[str]:
        return {os.path.join(folder, name) for folder, _, names in os.walk(self._data) for name in names}  # noqa: PTH118 - thousands of joins

    def sync_new(self) -> int:
        """Sync and close to others every file that was not there when we last looked.

        Returns:
            How many there were.
        """
        found = self._files()
        new = sorted(found - self._known)
        folders: set[Path] = set()
        for name in new:
            path = Path(name)
            path.chmod(0o600)  # P-128
            sync_path(path)
            folders.add(path.parent)
        for folder in sorted(folders):
            # A folder may be as new as its files, and its own entry lies in the folder above.
            while True:
                folder.chmod(0o700)
                sync_path(folder)
                if folder == self._data:
                    break
                folder = folder.parent  # noqa: PLW2901 - walking up is the point
        self._known = found
        return len(new)
