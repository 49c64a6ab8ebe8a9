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
        self._files, self._folders = self._look()

    def _look(self) -> tuple[set[Path], set[Path]]:
        files: set[Path] = set()
        folders: set[Path] = set()
        for folder, _, names in os.walk(self._data):
            folders.add(Path(folder))
            files.update(Path(folder, name) for name in names)
        return files, folders

    def sync_new(self) -> int:
        """Sync what was not there when we last looked, and close it to others (P-128).

        Returns:
            How many files there were.

        Raises:
            OSError: the disk refused.
        """
        files, folders = self._look()
        new_files, new_folders = files - self._files, folders - self._folders
        for folder in new_folders:
            folder.chmod(0o700)
        for file in new_files:
            file.chmod(0o600)
            sync_path(file)
        # The entry of a file, or of a folder, lies in the folder above it.
        for folder in {path.parent for path in new_files | new_folders}:
            sync_path(folder)
        self._files, self._folders = files, folders
        return len(new_files)
