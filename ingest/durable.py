"""Files that survive a power cut: written beside, flushed, put in place in one step, the folder flushed."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


# Only this program's user may read what it keeps.
OWNER_ONLY = 0o600
OWNER_FOLDER = 0o700


def make_folder(folder: Path) -> None:
    """Make a folder for this user alone, and make its name durable; its parents must exist."""
    with suppress(FileExistsError):
        folder.mkdir(mode=OWNER_FOLDER)
        flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step, over what was there."""
    draft = _draft_of(path, data)
    draft.rename(path)
    flush_folder(path.parent)


def create_durably(path: Path, data: bytes) -> bool:
    """Put `data` at `path` unless something is there already; True if it was put."""
    draft = _draft_of(path, data)
    try:
        # A link, unlike a rename, never replaces what another process put there meanwhile.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    flush_folder(path.parent)
    return True


def _draft_of(path: Path, data: bytes) -> Path:
    """A flushed, hidden file with `data` beside `path`."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    finally:
        os.close(descriptor)
    return draft
