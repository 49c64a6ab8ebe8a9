"""What the kill tests kill: a writer's fixed work on a lake. Run as a program: FOLDER JOB."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from store.upkeep import upkeep
from store.writer import commit
from tests.functional.killing import wait_to_be_traced
from tests.functional.lakes import NOW, batch, open_lake, rows


# Some records stand in two submissions, and some twice in one.
FIRST = (batch("2024-a", rows(30)), batch("2024-b", rows(20, start=20)))
SECOND = (batch("2024-c", rows(15, start=40)), batch("2024-d", rows(0)), batch("2024-e", rows(5, start=45)))
RECORDS = 55


def work(root: Path, job: str) -> None:
    """Do a job; doing it again changes nothing.

    Args:
        root: the lake's folder.
        job: "make" an empty lake, "commit" two times, or do the "upkeep".
    """
    with open_lake(root) as lake:
        if job == "commit":
            commit(lake, FIRST, NOW)
            commit(lake, SECOND, NOW)
        if job == "upkeep":
            upkeep(lake, now=datetime.now(UTC) + timedelta(days=3), full=True, grace=timedelta(0))


if __name__ == "__main__":
    wait_to_be_traced()
    work(Path(sys.argv[1]), sys.argv[2])
