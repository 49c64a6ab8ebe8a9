"""What an error of DuckDB's or the disk's means for us, and whether to try again."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb

from store.errors import LakeBrokenError, LakeBusyError, LakeFullError, StoreError


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


def disk_error(error: OSError, root: Path) -> StoreError:
    """What a refusal of the disk means for us."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LakeFullError(f"the disk under {root} is full; nothing was committed; make room and try again")
    return LakeBrokenError(
        f"the disk under {root} refused to keep what was written: {error.strerror}; nothing was committed"
    )


def is_busy(error: BaseException) -> bool:
    """True for an error that means another process was in the way."""
    text = str(error).lower()
    return isinstance(error, duckdb.Error) and ("database is locked" in text or "conflict" in text)
