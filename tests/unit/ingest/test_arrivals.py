import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.arrivals import Spool
from ingest.errors import SpoolBusyError
from ingest.notices import SENTENCES, Arrival, Fault, Torn
from ingest.receive import new_submission_id


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def arrival(name: str = "day.dat", account: str = "acct-1", minute: int = 0) -> Arrival:
    at = NOW + timedelta(minutes=minute)
    return Arrival(new_submission_id(at), account, "/incoming", name, "0" * 64, 10, at, "192.0.2.1", "s1")


def torn(name: str = "day.dat", account: str = "acct-1", days_ago: int = 0) -> Torn:
    at = NOW - timedelta(days=days_ago)
    return Torn(new_submission_id(at), account, "/incoming", name, 5, at, Fault.CUT)


def test_a_closed_upload_is_not_the_workers_until_it_is_released(spool: Spool) -> None:
    one = arrival()
    spool.close(one)
    assert spool.waiting(10) == []
    assert spool.of_account("acct-1") == [one]
    spool.release([one])
    assert spool.waiting(10) == [one]
    assert spool.of_account("acct-1") == [one]
    spool.finish(one)
    assert spool.waiting(10) == []
    spool.finish(one)  # twice does no harm


def test_waiting_gives_the_oldest_first_and_no_more_than_asked(spool: Spool) -> None:
    ones = [arrival(minute=minute) for minute in (3, 1, 2)]
    for one in ones:
        spool.close(one)
    spool.release(ones)
    assert spool.waiting(2) == [ones[1], ones[2]]


def test_each_account_sees_its_own(spool: Spool) -> None:
    spool.close(arrival(account="acct-1"))
    spool.tear(torn(account="acct-1"))
    assert spool.of_account("acct-2") == []
    assert spool.torn("acct-2") == []
    assert len(spool.torn("acct-1")) == len(spool.torn()) == 1


def test_renamed_before_the_worker_had_it_an_upload_waits_again(spool: Spool) -> None:
    one = arrival("day.tmp")
    spool.close(one)
    spool.release([one])
    renamed = spool.rename(one, "/incoming", "day.dat")
    assert renamed == replace(one, name="day.dat")
    assert spool.waiting(10) == []
    spool.release([renamed])
    assert spool.waiting(10) == [renamed]


def test_renamed_after_the_worker_had_it_an_upload_stays_what_it_was(spool: Spool) -> None:
    one = arrival()
    spool.close(one)
    spool.release([one])
    spool.finish(one)
    assert spool.rename(one, "/incoming", "other.dat") is None
    assert spool.of_account("acct-1") == []


def test_a_door_that_starts_again_releases_all_but_temporary_names(spool: Spool) -> None:
    final, temporary = arrival("day.dat"), arrival("day.dat.filepart")
    spool.close(final)
    spool.close(temporary)
    spool.recover()
    assert spool.waiting(10) == [final]
    assert temporary in spool.of_account("acct-1")


def test_what_was_never_renamed_is_torn_and_what_is_torn_is_forgotten(spool: Spool) -> None:
    spool.close(arrival("day.up", minute=-60 * 24 * 8))
    spool.close(arrival("young.up", minute=-60))
    spool.tear(torn("old.dat", days_ago=8))
    spool.tear(torn("new.dat", days_ago=1))
    spool.forget(NOW - timedelta(days=7), NOW)
    assert {(one.name, one.fault) for one in spool.torn()} == {
        ("day.up", Fault.NEVER_RENAMED),
        ("new.dat", Fault.CUT),
    }
    assert [one.name for one in spool.of_account("acct-1")] == ["young.up"]


def test_a_whole_upload_makes_good_the_torn_one_of_its_name(spool: Spool) -> None:
    for name, account in (("day.dat", "acct-1"), ("other.dat", "acct-1"), ("day.dat", "acct-2")):
        spool.tear(torn(name, account))
    spool.mend(arrival("day.dat", "acct-1"))
    assert {(one.name, one.account) for one in spool.torn()} == {("other.dat", "acct-1"), ("day.dat", "acct-2")}


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b"{}", b'{"id": "x", "received_at": "never"}'])
def test_a_notice_that_cannot_be_read_holds_up_no_other(spool: Spool, rubbish: bytes) -> None:
    good = arrival(minute=5)
    spool.close(good)
    spool.release([good])
    (spool.root / "arrived" / "0-rubbish.0.json").write_bytes(rubbish)
    assert spool.waiting(10) == [good]
    assert [path.name for path in (spool.root / "damaged").iterdir()] == ["0-rubbish.0.json"]


def test_half_written_notices_are_not_seen(spool: Spool) -> None:
    (spool.root / "arrived" / ".half.json").write_bytes(b"{")
    assert spool.waiting(10) == []
    assert list((spool.root / "damaged").iterdir()) == []


def test_only_one_door_works_on_a_spool(spool: Spool) -> None:
    with spool.as_door():
        with pytest.raises(SpoolBusyError, match="Stop it, or give this one a spool of its own"), spool.as_door():
            pass
        # The worker needs no lock.
        assert Spool(spool.root).waiting(1) == []
    with spool.as_door():
        pass


def test_the_spool_is_its_owners_alone(spool: Spool) -> None:
    spool.close(arrival())
    spool.tear(torn())
    for folder, _, names in os.walk(spool.root):
        for path in (Path(folder), *(Path(folder) / name for name in names)):
            assert path.stat().st_mode & 0o077 == 0, path.name


def test_every_fault_has_its_sentence_with_a_next_step() -> None:
    assert set(SENTENCES) == set(Fault)
    assert all("end" in sentence for sentence in SENTENCES.values())
