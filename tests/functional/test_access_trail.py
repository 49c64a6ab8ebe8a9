"""The audit trail under several writers, sudden death and a full disk (T2, T4, T5)."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event as sqlalchemy_event

from access import audit
from access.accounts import Status, create_account
from access.attestations import attestations
from access.audit import COMMAND_LINE, Actor, AuditEvent
from access.audit_acts import AuditAct
from access.database import migrate, open_database
from access.errors import AuditUnavailable
from access.passwords import HashCost, Passwords
from access.permissions import grant_search
from access.permit import Reason
from access.sessions import log_in
from access.verification import verify


KEY = bytes(range(32))
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
ROOT = Path(audit.__file__).parent.parent

# Appends events until it is killed, and says each id only after the commit.
WRITER = """
import sys
from datetime import UTC, datetime
from access import audit
from access.audit import Actor, AuditEvent
from access.audit_acts import AuditAct
from access.database import open_database

db = open_database(sys.argv[1], audit_key=bytes(range(32)))
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    with db.session() as session:
        event = AuditEvent(AuditAct.SIGNED_OUT, Actor("a-1", "prescriber"), datetime.now(UTC), "a-1")
        made = audit.append(session, event)
    print(made, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = open_database(tmp_path / "people.sqlite")
    migrate(database)
    database.close()
    return tmp_path / "people.sqlite"


def _append(path: Path, writer: int, events: int) -> None:
    database = open_database(path, audit_key=KEY)
    for number in range(events):
        with database.session() as session:
            actor = Actor(f"a-{writer}", "prescriber")
            audit.append(session, AuditEvent(AuditAct.SIGNED_OUT, actor, NOW + timedelta(seconds=number), f"{number}"))
    database.close()


def test_four_processes_write_one_chain(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append, args=(path, writer, 50)) for writer in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    database = open_database(path, audit_key=KEY)
    verification = verify(database)
    assert verification.sound
    assert verification.events == verification.last_id == 200
    with database.reading() as session:
        for writer in range(4):
            written = audit.search(session, actor=f"a-{writer}", limit=1000)
            assert [event.object_id for event in written][::-1] == [str(number) for number in range(50)]
    database.close()


def _writer(path: Path, events: int, *wrapper: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [*wrapper, sys.executable, "-c", WRITER, str(path), str(events)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def _said(process: subprocess.Popen[str]) -> list[int]:
    output, _ = process.communicate(timeout=60)
    return [int(line) for line in output.split() if line.isdigit()]


def _check(path: Path, said: list[int]) -> None:
    """What was said to be written is there, in a chain without gap or fork that goes on."""
    database = open_database(path, audit_key=KEY)
    verification = verify(database)
    assert verification.sound, verification.problems
    assert verification.events == verification.last_id >= max(said, default=0)
    with database.session() as session:
        audit.append(session, AuditEvent(AuditAct.SIGNED_OUT, Actor("a-2", "prescriber"), NOW, "a-2"))
    assert verify(database).sound
    database.close()


def test_a_writer_killed_at_any_moment_leaves_a_chain_that_goes_on(path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  moments, not secrets
    said: list[int] = []
    for _ in range(4):
        process = _writer(path, 100_000)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.01, 0.1))
        process.send_signal(signal.SIGKILL)
        said += _said(process)
        _check(path, said)
    assert said == sorted(set(said))
    assert len(said) > 4


@pytest.mark.long
@pytest.mark.needs_strace
@pytest.mark.parametrize("call", ["openat", "pwrite64", "fsync", "fdatasync", "ftruncate", "unlink", "close"])
def test_a_writer_killed_at_every_system_call_leaves_a_chain_that_goes_on(path: Path, call: str) -> None:
    """strace kills at the K-th call of one name on our files, for every K until a run ends unhurt."""
    killed = 0
    for number in range(1, 200):
        trial = path.with_name(f"{call}-{number}.sqlite")
        shutil.copy(path, trial)
        files = [argument for suffix in ("", "-wal", "-shm") for argument in ("-P", f"{trial}{suffix}")]
        process = _writer(
            trial, 3, "strace", "-f", "-qq", "-o", "/dev/null", *files,
            "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}",
        )  # fmt: skip
        said = _said(process)
        _check(trial, said)
        if process.returncode == 0:
            assert said == [1, 2, 3]
            break
        killed += 1
    else:
        pytest.fail("no run ended unhurt")
    # A call that this program never makes on these files proves nothing by not killing it.
    if call in {"openat", "pwrite64", "fdatasync", "close"}:
        assert killed > 0


def test_on_a_full_disk_nobody_looks_and_the_trail_stays_sound(path: Path) -> None:
    database = open_database(path, audit_key=KEY)
    passwords = Passwords(cost=HashCost(passes=1, memory_kib=8, lanes=1))
    with database.session() as session:
        create_account(
            session,
            email="anna@example.org",
            display_name="Anna",
            role="prescriber",
            by=COMMAND_LINE,
            now=NOW,
            password=passwords.new("Correct horse, battery", "Correct horse, battery"),
            status=Status.ACTIVE,
        )
    person = log_in(database, "anna@example.org", "Correct horse, battery", "", NOW, passwords=passwords).person
    database.engine.dispose()

    @sqlalchemy_event.listens_for(database.engine, "connect")
    def fill_up(connection: object, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")  # type: ignore[attr-defined]

    attested = [sentence.number for sentence in attestations(person.role)]
    granted = 0

    def look_until_full() -> None:
        nonlocal granted
        for _ in range(1000):
            grant_search(database, person, Reason.TREATMENT, attested, "0" * 32, NOW, "192.0.2.7")
            granted += 1

    with pytest.raises(AuditUnavailable, match="cannot be written"):
        look_until_full()
    with database.reading() as session:
        kept = audit.search(session, act=AuditAct.SEARCH_PERMITTED, limit=1000)
    assert len(kept) == granted > 0
    assert verify(database).sound
    database.close()


def test_on_a_database_that_cannot_be_written_nobody_looks(path: Path, tmp_path: Path) -> None:
    """Not by permissions, which root passes by: a file whose header says that only older programs may write it."""
    broken = tmp_path / "broken.sqlite"
    content = bytearray(path.read_bytes())
    content[18] = 3  # file format write version: from the future, so read only
    content[19] = 1
    broken.write_bytes(content)
    database = open_database(broken, audit_key=KEY)
    with pytest.raises(AuditUnavailable, match="cannot be written"), database.session() as session:
        audit.append(session, AuditEvent(AuditAct.SIGNED_OUT, Actor("a-1", "prescriber"), NOW, "a-1"))
    database.close()


def _million(path: Path) -> None:
    """A trail of a million events, as `append` would have made it; written past it, since that takes a minute."""

    def rows() -> Iterator[tuple[object, ...]]:
        previous = audit.GENESIS
        for number in range(1, 1_000_001):
            at = (NOW + timedelta(seconds=number)).isoformat(timespec="microseconds")
            detail = f'{{"attested": ["P-105", "P-110"], "permit": "p-{number}", "reason": "treatment"}}'
            act, kind, who = "person:search:permitted", "permit", "a-00000000000000000000"
            fields = (number, at, who, "prescriber", act, kind, f"p-{number}", who, "192.0.2.7", detail)
            own = audit.chain_hash(KEY, previous, fields)
            yield (*fields, previous, own)
            previous = own

    connection = sqlite3.connect(path)
    for index in ("actor_at", "act_at", "object_kind_object_id"):
        connection.execute(f"DROP INDEX ix_audit_events_{index}")
    connection.executemany(f"INSERT INTO audit_events VALUES ({', '.join('?' * 12)})", rows())  # noqa: S608  only marks
    connection.commit()
    connection.close()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_million_events_verify_in_ten_seconds(path: Path) -> None:
    _million(path)
    database = open_database(path, audit_key=KEY)
    # In seconds of the processor, since a shared machine's clock on the wall says little.
    began = time.process_time()
    verification = verify(database)
    took = time.process_time() - began
    print(f"\n1,000,000 events verified in {took:.1f} s (CPU)")  # noqa: T201  the figure
    assert verification.sound
    assert verification.events == 1_000_000
    assert took < 10  # T4
    database.close()
