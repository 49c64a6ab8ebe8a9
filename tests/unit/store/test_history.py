from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from schemas.dispensation import EVENT_SCHEMA
from store import persons
from store.history import current, find_persons, history, latest
from store.lake import Lake
from store.upkeep import upkeep
from store.writer import commit
from tests.functional.lakes import NOW, batch, later, rows


def key_of(lake: Lake, last: str, first: str, born: date) -> int:
    """The key of the one person found by name and birthday."""
    return int(find_persons(lake, last_name=last, first_name=first, date_of_birth=born)["person_key"].item())


def test_a_person_has_their_own_fills_and_nobody_elses(lake: Lake) -> None:
    sent = rows(400, persons=40)
    commit(lake, [batch("s-1", sent)], NOW)
    for (last, first, born), own in sent.group_by("last_name", "first_name", "date_of_birth"):
        found = history(lake, [key_of(lake, str(last), str(first), born)])  # type: ignore[arg-type]
        assert found.schema == EVENT_SCHEMA
        assert set(found["record_key"]) == set(own["record_key"])
        assert found["filled_on"].is_sorted(descending=True)


def test_several_persons_come_together(lake: Lake) -> None:
    commit(lake, [batch("s-1", rows(400, persons=40))], NOW)
    keys = lake.cursor().execute("SELECT DISTINCT person_key FROM events ORDER BY ALL").pl()["person_key"].to_list()
    assert history(lake, [*keys[:3], keys[0]]).height == 30
    assert history(lake, []).equals(pl.DataFrame(schema=EVENT_SCHEMA))
    assert history(lake, [1]).equals(pl.DataFrame(schema=EVENT_SCHEMA))


def test_history_as_of_a_moment_never_changes(lake: Lake) -> None:
    for number in range(4):
        commit(lake, [batch(f"s-{number}", rows(40, start=number * 40))], later(number))
    key = key_of(lake, "SMITH0", "ANNA", date(1950, 1, 1))
    answers = {hour: history(lake, [key], later(hour)) for hour in (-1, 0, 1.5, 3)}
    assert [answer.height for answer in answers.values()] == [0, 1, 2, 4]
    upkeep(lake, now=later(24 * 400), full=True, grace=timedelta(0))
    commit(lake, [batch("late", rows(40, start=1000))], later(4))
    upkeep(lake, now=later(24 * 400), full=True, grace=timedelta(0))
    for hour, answer in answers.items():
        assert history(lake, [key], later(hour)).equals(answer)
    assert history(lake, [key]).height == 5


def event(key: str, status: str | None, hour: float, submission: str = "s-1", record: int = 1) -> dict[str, object]:
    return {
        "record_key": key,
        "reporting_status": status,
        "recorded_at": later(hour),
        "submission_id": submission,
        "record": record,
        "filled_on": date(2024, 3, 1),
    }


@pytest.mark.parametrize(
    ("events", "holds"),
    [
        ([event("a", "00", 0)], [0]),
        ([event("a", None, 0)], [0]),
        ([event("a", "00", 0), event("a", "01", 1)], [1]),
        ([event("a", "01", 1), event("a", "00", 0)], [0]),
        ([event("a", "00", 0), event("a", "02", 1)], []),
        ([event("a", "00", 0), event("a", "02", 1), event("a", "00", 2)], [2]),
        ([event("a", "00", 0), event("b", "00", 0), event("b", "02", 1)], [0]),
        # Of one commit the later submission counts, and in it the later record.
        ([event("a", "00", 0, "s-1", 9), event("a", "01", 0, "s-2", 1)], [1]),
        ([event("a", "00", 0, "s-1", 1), event("a", "02", 0, "s-1", 2)], []),
        ([], []),
    ],
)
def test_the_newest_event_holds_unless_it_is_a_void(events: list[dict[str, object]], holds: list[int]) -> None:
    schema = {name: EVENT_SCHEMA[name] for name in event("a", "00", 0)}
    frame = pl.DataFrame(events, schema=schema)
    assert current(frame).rows() == frame[holds].rows()


def test_two_identities_of_one_key_are_told_apart(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Collisions are rare, so one is made: here every identity has the key 7."""
    real = persons._hashes

    def collide(texts: pl.Series, secret: bytes, purpose: bytes) -> pl.Series:
        hashes = real(texts, secret, purpose)
        return pl.repeat(7, len(texts), dtype=pl.UInt64, eager=True) if purpose == b"pdmp person" else hashes

    monkeypatch.setattr(persons, "_hashes", collide)
    commit(lake, [batch("s-1", rows(400, persons=40))], NOW)
    found = find_persons(lake, last_name="SMITH0", first_name="ANNA", date_of_birth=date(1950, 1, 1))
    assert found["person_key"].to_list() == [7]
    assert history(lake, [7]).height == 400
    own = history(lake, [7], identities=found["identity"].to_list())
    assert own.height == 10
    assert own["last_name"].unique().to_list() == ["SMITH0"]
    assert own["date_of_birth"].unique().to_list() == [date(1950, 1, 1)]


def test_the_newest_moment_is_what_a_report_is_stamped_with(lake: Lake) -> None:
    assert latest(lake) is None
    commit(lake, [batch("s-1", rows(1))], NOW)
    commit(lake, [batch("s-2", rows(1, start=1))], later(2))
    assert latest(lake) == later(2)


def test_a_moment_without_a_time_zone_is_refused(lake: Lake) -> None:
    with pytest.raises(ValueError, match="time zone"):
        history(lake, [1], datetime(2024, 1, 1))  # noqa: DTZ001 - the point


def test_a_key_that_is_no_int_is_refused(lake: Lake) -> None:  # engineering.md I1
    with pytest.raises(TypeError, match="a key is an int"):
        history(lake, ["0 OR 1=1"])  # type: ignore[list-item]


def test_a_look_up_opens_one_file_of_the_shelf(lake: Lake) -> None:
    commit(lake, [batch("s-1", rows(400, persons=40))], NOW)
    upkeep(lake, now=NOW, full=True)
    key = key_of(lake, "SMITH0", "ANNA", date(1950, 1, 1))
    statement = f"EXPLAIN ANALYZE SELECT rx_number FROM lake.dispensations WHERE person_key = {key}::UBIGINT"  # noqa: S608
    plan = lake.connection.execute(statement).fetchall()[0][1]
    assert "Total Files Read: 1" in plan
    files = len(list((lake.root / "data" / "main" / "dispensations").glob("*.parquet")))
    assert files >= 4


def test_a_reader_in_another_process_sees_each_commit_without_opening_again(lake: Lake) -> None:
    program = """if True:
        import sys
        from pathlib import Path
        from tests.functional.lakes import open_lake
        with open_lake(Path(sys.argv[1]), read_only=True) as lake:
            for line in sys.stdin:
                print(lake.cursor().execute("SELECT count(*) FROM events").fetchone()[0], flush=True)
    """
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(lake.root)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        seen = []
        for number in range(3):
            reader.stdin.write("look\n")
            reader.stdin.flush()
            seen.append(int(reader.stdout.readline()))
            commit(lake, [batch(f"s-{number}", rows(10, start=number * 10))], NOW)
        reader.stdin.close()
    assert seen == [0, 10, 20]
