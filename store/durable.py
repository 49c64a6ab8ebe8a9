"""Makes what DuckDB wrote survive a power cut, and a commit that fails only in appearance.

SYNC. DuckLake commits in its catalog, which SQLite and PostgreSQL sync, but the Parquet files that the
commit speaks of are only written, not synced: after a power cut the catalog could name files that the
disk never got. So every new file is synced, with its folder, before the commit.

KEEP. When a commit fails, DuckLake deletes the files it wrote. But a commit whose last sync failed may
be in the catalog all the same, and appears there when SQLite next recovers its log (seen with strace
letting that sync fail: the catalog named files that were gone). So every new file gets a second name
before the commit; a commit that failed gives back what DuckLake deleted, and so does the next opening if
the process died first. A file too many is an orphan that upkeep removes; a file too few is a loss.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote


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
    """The data folder of a lake as it was when we last looked, and the second names of its newest files."""

    def __init__(self, data: Path, kept: Path) -> None:
        """Give back what a failed commit lost, and take note of what is there.

        Args:
            data: the lake's data folder.
            kept: the folder for second names, on the same disk.

        Raises:
            OSError: the disk refused.
        """
        self._data = data
        self._kept = kept
        self.give_back()
        self._files, self._folders = self._look()

    def _look(self) -> tuple[set[Path], set[Path]]:
        files: set[Path] = set()
        folders: set[Path] = set()
        for folder, _, names in os.walk(self._data):
            folders.add(Path(folder))
            files.update(Path(folder, name) for name in names)
        return files, folders

    def sync_new(self) -> int:
        """Sync what was not there when we last looked, close it to others (P-128), and give it a second name.

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
            self._second_name(file).hardlink_to(file)
        # The entry of a file, or of a folder, lies in the folder above it.
        for folder in {path.parent for path in new_files | new_folders}:
            sync_path(folder)
        if new_files:
            sync_path(self._kept)
        self._files, self._folders = files, folders
        return len(new_files)

    def _second_name(self, file: Path) -> Path:
        return self._kept / quote(str(file.relative_to(self._data)), safe="")

    def release(self) -> None:
        """Drop the second names: the commit is sure, or was never tried."""
        for second in self._kept.iterdir():
            second.unlink()

    def give_back(self) -> None:
        """Put every file that has a second name and no first back where it was, then drop the second names."""
        for second in self._kept.iterdir():
            first = self._data / unquote(second.name)
            if not first.exists():
                first.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                first.hardlink_to(second)
                sync_path(first.parent)
        self.release()
