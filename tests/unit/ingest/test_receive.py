import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ingest.arrivals import Spool
from ingest.notices import Arrival
from ingest.receive import Intake, new_submission_id, receive
from ingest.vault import Vault
from schemas.submission import Submission, SubmissionState


NOW = datetime(2026, 11, 25, 1, 2, 3, 456789, tzinfo=UTC)


class Book:
    """A ledger in memory; `vault` lets it check that the bytes came first."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.rows: dict[str, Submission] = {}

    def submission_received(self, submission: Submission) -> None:
        assert self.vault.holds(submission.digest), "the ledger row came before the bytes"
        self.rows.setdefault(submission.id, submission)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", bytes(32))


def test_bytes_first_then_the_ledger_row(vault: Vault, tmp_path: Path) -> None:
    book = Book(vault)
    (tmp_path / "day.dat").write_bytes(b"bytes")
    for source in (b"bytes", tmp_path / "day.dat"):
        got = receive(
            source, sender="acct-1", shown_as="day.dat", channel="command", vault=vault, register=book, now=NOW
        )
        assert book.rows[got.id] == got
        assert vault.read(got.digest) == b"bytes"
        assert (got.sender, got.name, got.size, got.received_at, got.channel, got.state) == (
            "acct-1",
            "day.dat",
            5,
            NOW,
            "command",
            SubmissionState.RECEIVED,
        )


def test_a_file_that_is_not_there_is_not_entered(vault: Vault, tmp_path: Path) -> None:
    book = Book(vault)
    with pytest.raises(FileNotFoundError):
        receive(tmp_path / "no", sender="a", shown_as="no", channel="command", vault=vault, register=book, now=NOW)
    assert book.rows == {}


def test_ids_sort_by_time_to_the_microsecond_in_utc_and_cannot_be_guessed() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert re.fullmatch(r"20261125T010203456789-[a-z2-7]{10}", new_submission_id(elsewhere))
    assert new_submission_id(NOW) < new_submission_id(NOW + timedelta(microseconds=1))
    assert len({new_submission_id(NOW) for _ in range(1000)}) == 1000


def arrived(spool: Spool, digest: str, minute: int = 0) -> Arrival:
    at = NOW + timedelta(minutes=minute)
    one = Arrival(new_submission_id(at), "acct-1", "/incoming", "day.dat", digest, 5, at, "192.0.2.1", "s1")
    spool.close(one)
    spool.release([one])
    return one


def test_takes_arrivals_into_the_ledger_once_and_removes_their_notices(vault: Vault, tmp_path: Path) -> None:
    spool, book = Spool(tmp_path / "spool"), Book(vault)
    intake = Intake(spool, vault)
    digest = vault.keep(b"bytes")
    ones = [arrived(spool, digest, minute) for minute in range(3)]
    assert intake.take(book, 2) == 2
    assert intake.take(book, 2) == 1
    assert intake.take(book, 2) == 0
    assert list(book.rows) == [one.id for one in ones]
    assert {row.channel for row in book.rows.values()} == {"sftp"}


def test_killed_between_ledger_and_notice_the_arrival_is_entered_once(vault: Vault, tmp_path: Path) -> None:
    spool, book = Spool(tmp_path / "spool"), Book(vault)
    one = arrived(spool, vault.keep(b"bytes"))

    class KilledAfterTheRow(Book):
        def submission_received(self, submission: Submission) -> None:
            book.submission_received(submission)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Intake(spool, vault).take(KilledAfterTheRow(vault), 10)
    assert Intake(spool, vault).take(book, 10) == 1
    assert list(book.rows) == [one.id]


def test_an_arrival_whose_bytes_are_missing_holds_up_no_other(vault: Vault, tmp_path: Path) -> None:
    spool, book = Spool(tmp_path / "spool"), Book(vault)
    missing, good = arrived(spool, "0" * 64), arrived(spool, vault.keep(b"bytes"), minute=1)
    assert Intake(spool, vault).take(book, 10) == 1
    assert list(book.rows) == [good.id]
    assert [path.name.split(".")[0] for path in (spool.root / "damaged").iterdir()] == [missing.id]
