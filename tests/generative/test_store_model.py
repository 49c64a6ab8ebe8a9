"""Whatever order things come in, the lake agrees with a plain list of what was sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.coverage import submission_counts
from store.history import history
from store.lake import Lake
from store.upkeep import upkeep
from store.writer import commit
from tests.functional.lakes import NOW, batch, copied, open_lake, rows


# A record is one of forty; a submission reports some as new, revised or void.
Record = tuple[int, str]
records = st.lists(st.tuples(st.integers(0, 39), st.sampled_from(["00", "00", "00", "01", "02"])), max_size=12)
# A submission may come again in a later commit, as after a crash: its number says which it is.
commits = st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True)
steps = st.lists(st.one_of(commits, st.sampled_from(["upkeep", "reopen"])), min_size=2, max_size=7)


class Model:
    """What a lake should hold: events in order, and what each submission brought."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, datetime, str, int]] = []
        self.kept: dict[str, tuple[int, int]] = {}

    def commit(self, sent: dict[str, list[Record]], moment: datetime) -> None:
        known = {event[0] for event in self.events}
        new_here: set[str] = set()
        for submission_id, reported in sent.items():
            if submission_id in self.kept:
                continue
            duplicates = 0
            for number, (record, status) in enumerate(reported, start=1):
                key = str(record)
                if status == "00" and (key in known or key in new_here):
                    duplicates += 1
                    continue
                if status == "00":
                    new_here.add(key)
                self.events.append((key, status, moment, submission_id, number))
            self.kept[submission_id] = (len(reported) - duplicates, duplicates)

    def current(self) -> dict[str, tuple[str, int]]:
        newest: dict[str, tuple[datetime, str, int, str]] = {}
        for key, status, moment, submission_id, number in self.events:
            newest[key] = max(newest.get(key, (moment, "", 0, "")), (moment, submission_id, number, status))
        return {key: (event[1], event[2]) for key, event in newest.items() if event[3] != "02"}


def sent_rows(reported: list[Record]) -> pl.DataFrame:
    """The records as accepted rows, numbered in their order."""
    frames = [rows(1, start=record, persons=7, days=70, reporting_status=status) for record, status in reported]
    together = pl.concat([rows(0), *frames])
    return together.with_columns(record=pl.int_range(1, together.height + 1, dtype=pl.UInt32))


def check(lake: Lake, model: Model) -> None:
    counts = submission_counts(lake)
    assert {row[0]: row[1:] for row in counts.select("submission_id", "stored", "duplicates").rows()} == model.kept
    assert counts["found"].to_list() == counts["stored"].to_list()
    people = lake.cursor().execute("SELECT DISTINCT person_key FROM events").pl()["person_key"].to_list()
    found = history(lake, people)
    holds = {row[0]: row[1:] for row in found.select("rx_number", "submission_id", "record").rows()}
    assert holds == {str(int(key) + 100_000): value for key, value in model.current().items()}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "lake"
    open_lake(root).close()
    return root


def live(template: Path, submissions: list[list[Record]], story: list[list[int] | str]) -> None:
    with TemporaryDirectory() as folder:
        root = copied(template, Path(folder) / "lake")
        model = Model()
        lake = open_lake(root)
        try:
            for turn, step in enumerate(story):
                moment = NOW + timedelta(minutes=turn)
                if step == "upkeep":
                    upkeep(lake, now=moment, full=True)
                elif step == "reopen":
                    lake.close()
                    lake = open_lake(root)
                else:
                    sent = {f"s-{number}": submissions[number] for number in step if isinstance(number, int)}
                    commit(lake, [batch(name, sent_rows(reported)) for name, reported in sent.items()], moment)
                    model.commit(sent, moment)
                check(lake, model)
        finally:
            lake.close()


@settings(max_examples=4)
@given(st.lists(records, min_size=6, max_size=6), steps)
def test_the_lake_agrees_with_a_plain_list(
    template: Path, submissions: list[list[Record]], story: list[list[int] | str]
) -> None:
    live(template, submissions, story)


@pytest.mark.long
@settings(max_examples=150)
@given(st.lists(records, min_size=6, max_size=6), steps)
def test_the_lake_agrees_with_a_plain_list_at_length(
    template: Path, submissions: list[list[Record]], story: list[list[int] | str]
) -> None:
    live(template, submissions, story)
