"""Readers in other processes while the writer writes: none fails, none sees half a submission (I3, R18)."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store.upkeep import upkeep
from store.writer import commit
from tests.functional.lakes import NOW, batch, open_lake, rows


REPOSITORY = Path(__file__).parents[2]

READER = """if True:
    import sys, select
    from pathlib import Path
    from store.history import history, latest, submission_counts
    from tests.functional.lakes import open_lake
    looks, seen, moment = 0, 0, None
    with open_lake(Path(sys.argv[1]), read_only=True) as lake:
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], 0)[0]:
            counts = submission_counts(lake)
            assert (counts["found"] == counts["stored"]).all(), "half a submission"
            assert counts.height % 2 == 0, "one of two that were committed together"
            assert counts.height >= seen, "a submission went away"
            newest = latest(lake)
            assert moment is None or newest >= moment, "time went back"
            looks, seen, moment = looks + 1, counts.height, newest
    print(looks, flush=True)
"""


@pytest.mark.long
def test_readers_neither_fail_nor_see_half_while_the_writer_works(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]}
    with open_lake(root) as lake:
        readers = [
            subprocess.Popen(
                [sys.executable, "-c", READER, str(root)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for reader in readers:
            assert reader.stdout
            assert reader.stdout.readline() == "ready\n"
        for turn in range(20):
            start = turn * 200
            pair = [batch(f"s-{turn}-a", rows(100, start=start)), batch(f"s-{turn}-b", rows(100, start=start + 100))]
            commit(lake, pair, NOW + timedelta(seconds=turn))
            if turn % 7 == 6:
                upkeep(lake, now=datetime.now(UTC), full=True)
        for reader in readers:
            said, complained = reader.communicate("stop\n", timeout=120)
            assert reader.returncode == 0, complained
            assert int(said) > 3
