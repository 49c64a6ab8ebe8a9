from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from access import audit
from access.audit import SYSTEM, Actor, AuditEvent, AuditEventTable
from access.audit_acts import VOCABULARY, AuditAct, audit_acts_markdown
from access.audit_examiner import CLOCK_TOLERANCE, MOST_PROBLEMS, Fault
from access.checkpoints import CheckpointUnreadable, public_key_of, read_checkpoints, write_checkpoint
from access.database import Database, open_database
from access.errors import AuditUnavailable
from access.verification import TrailDamaged, make_checkpoint, verify
from schemas.dispensation import PATIENT_COLUMNS


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
SIGNING_KEY = bytes(range(100, 132))
PUBLIC_KEY = public_key_of(SIGNING_KEY)
FORGED_FORMAT = '{"format": "of another program", "size": 1, "hash": "", "at": "", "key": "", "signature": ""}'
ANNA = Actor("a-anna", "prescriber", "192.0.2.7")


def event(number: int = 0, **changes: object) -> AuditEvent:
    made = AuditEvent(
        AuditAct.SIGNED_IN, ANNA, NOW + timedelta(seconds=number), "a-anna", detail={"session": f"n-{number}"}
    )
    return replace(made, **changes)


def fill(db: Database, events: int = 6) -> None:
    for number in range(events):
        with db.session() as session:
            audit.append(session, event(number))


def tamper(path: Path, *statements: str) -> None:
    """Change the file as somebody with the disk in hand would: past the guards, with SQL of their own."""
    connection = sqlite3.connect(path)
    for trigger in ("audit_events_no_update", "audit_events_no_delete"):
        connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def faults(db: Database, **more: object) -> list[tuple[Fault, int]]:
    return [(problem.fault, problem.event_id) for problem in verify(db, **more).problems]


# WRITING ---------------------------------------------------------------------------------------
def test_an_event_says_who_when_where_what_and_why(db: Database) -> None:
    with db.session() as session:
        number = audit.append(session, event(on_behalf_of="a-bert"))
    with db.reading() as session:
        [kept] = audit.search(session)
    assert number == kept.id == 1
    assert (kept.actor, kept.role, kept.peer, kept.act) == (
        "a-anna",
        "prescriber",
        "192.0.2.7",
        "person:session:opened",
    )
    assert (kept.object_kind, kept.object_id, kept.on_behalf_of) == ("account", "a-anna", "a-bert")
    assert (kept.at, kept.detail) == (NOW, {"session": "n-0"})


def test_an_untouched_trail_verifies(db: Database) -> None:
    fill(db)
    verification = verify(db)
    assert verification.sound
    assert (verification.events, verification.last_id, verification.clock_steps) == (6, 6, 0)


def test_an_empty_trail_verifies(db: Database) -> None:
    verification = verify(db)
    assert verification.sound
    assert (verification.events, verification.last_hash) == (0, audit.GENESIS)


def test_several_events_of_one_transaction_are_chained_in_order(db: Database) -> None:
    with db.session() as session:
        assert audit.append_all(session, [event(1), event(2), event(3)]) == [1, 2, 3]
        assert audit.append_all(session, []) == []
        assert audit.append(session, event(4)) == 4
    assert verify(db).sound


def test_an_event_goes_with_its_transaction(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.session() as session:
        _ = audit.append(session, event()) / 0
    with db.reading() as session:
        assert audit.count(session) == 0


def test_without_the_key_nothing_is_written(sqlite: Database) -> None:
    keyless = replace(sqlite, audit_key=None)
    with pytest.raises(AuditUnavailable, match="opened without the audit key"), keyless.session() as session:
        audit.append(session, event())
    with pytest.raises(AuditUnavailable, match="needs the audit key"):
        verify(keyless)


def test_where_the_trail_cannot_be_written_the_caller_hears_of_it(sqlite: Database, database_file: Path) -> None:
    tamper(database_file, "ALTER TABLE audit_events RENAME TO elsewhere")
    with pytest.raises(AuditUnavailable, match="nothing was done"), sqlite.session() as session:
        audit.append(session, event())


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"])
def test_the_database_refuses_to_change_or_delete_an_event(db: Database, statement: str) -> None:
    fill(db, 2)
    with pytest.raises(DBAPIError, match="append-only"), db.session() as session:
        session.execute(text(statement))
    assert verify(db).events == 2


def test_postgresql_refuses_to_empty_the_trail(db: Database) -> None:
    if db.engine.dialect.name == "sqlite":
        assert db.engine.dialect.name == "sqlite"  # SQLite has no TRUNCATE
        return
    fill(db, 2)
    with pytest.raises(DBAPIError, match="append-only"), db.session() as session:
        session.execute(text("TRUNCATE audit_events"))


def test_an_event_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        event(at=NOW.replace(tzinfo=None))


def test_an_event_may_carry_only_what_the_vocabulary_lists() -> None:
    with pytest.raises(ValueError, match=r"may not carry \['last_name'\]"):
        event(detail={"last_name": "Zzcanary"})


def test_no_act_has_room_for_a_patients_value() -> None:
    allowed = frozenset().union(*(record.details for record in VOCABULARY.values()))
    # "name" is a sender's name at the SFTP door and "number" a prescriber's: neither is a patient's.
    assert allowed & PATIENT_COLUMNS == set()
    assert {"first_name", "last_name", "date_of_birth"} <= PATIENT_COLUMNS


def test_long_and_odd_text_is_cut_and_kept_readable(db: Database) -> None:
    with db.session() as session:
        audit.append(session, event(object_id="x" * 1000, detail={"session": "nul\0, half \ud800, ünïcode"}))
    with db.reading() as session:
        [kept] = audit.search(session)
    assert len(kept.object_id) == 300
    assert kept.detail == {"session": "nul�, half ?, ünïcode"}
    assert verify(db).sound


# THE VOCABULARY --------------------------------------------------------------------------------
def test_every_act_has_its_entry_and_follows_the_grammar() -> None:
    assert set(VOCABULARY) == set(AuditAct)
    for act, record in VOCABULARY.items():
        assert len(act.value.split(":")) == 3
        assert act.value == act.value.lower()
        assert record.meaning.endswith(".")


def test_no_act_was_ever_renamed() -> None:
    """Values stand in trails that are kept for years: add to this list, never change it."""
    assert {act.value for act in AuditAct} >= {
        "person:session:opened", "person:session:refused", "person:session:closed", "system:session:revoked",
        "person:password:changed", "person:password:refused", "administrator:password:reset",
        "person:search:permitted", "person:search:answered", "person:report:permitted", "person:report:answered",
        "person:permit:refused", "administrator:account:created", "administrator:account:approved",
        "administrator:account:disabled", "administrator:role:changed", "administrator:credential:added",
        "administrator:credential:removed", "administrator:organisation:created", "administrator:organisation:joined",
        "administrator:dispenser:permitted", "administrator:dispenser:withdrawn", "administrator:sftp_name:given",
        "administrator:feed_password:set", "administrator:ssh_key:added", "administrator:ssh_key:removed",
        "administrator:dispenser:added", "administrator:dispenser:changed", "administrator:dispenser:closed",
        "sftp:login:granted", "sftp:login:refused", "sftp:login:locked", "sftp:session:opened", "sftp:session:ended",
        "sftp:upload:opened", "sftp:upload:taken", "sftp:upload:torn", "sftp:upload:renamed", "sftp:report:read",
        "sftp:request:refused", "person:audit:read", "person:audit:verified",
        "person:submission:read", "administrator:submission:brought", "administrator:submission:retried",
        "administrator:submission:released",
    }  # fmt: skip


def test_the_vocabulary_is_printed_whole() -> None:
    page = audit_acts_markdown()
    assert all(f"`{act.value}`" in page for act in AuditAct)


# TAMPERING (T3) --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'2026-03-02T14:00:03.000001+00:00'"), ("actor", "'a-anne'"), ("role", "'pharmacist'"),
        ("act", "'person:session:closed'"), ("object_kind", "'patient'"), ("object_id", "'a-bert'"),
        ("on_behalf_of", "'a-bert'"), ("peer", "'192.0.2.8'"), ("detail", "'{\"session\": \"n-9\"}'"),
    ],
)  # fmt: skip
def test_one_changed_value_is_found(sqlite: Database, database_file: Path, column: str, value: str) -> None:
    fill(sqlite)
    tamper(database_file, f"UPDATE audit_events SET {column} = {value} WHERE id = 4")  # noqa: S608  the attacker's
    assert faults(sqlite) == [(Fault.CHANGED, 4)]


def test_one_byte_changed_in_the_file_is_found(sqlite: Database, database_file: Path) -> None:
    fill(sqlite)
    sqlite.close()
    content = database_file.read_bytes()
    assert content.count(b'"n-3"') == 1
    database_file.write_bytes(content.replace(b'"n-3"', b'"n-7"'))
    again = open_database(database_file, audit_key=sqlite.audit_key)
    assert faults(again) == [(Fault.CHANGED, 4)]
    again.close()


@pytest.mark.parametrize("column", ["actor", "detail", "at", "peer"])
@pytest.mark.parametrize("value", ["x'ff00fe'", "CAST(x'ff' AS TEXT)", "7", "7.5"])
def test_a_value_of_a_kind_that_is_never_written_is_found(
    sqlite: Database, database_file: Path, column: str, value: str
) -> None:
    fill(sqlite)
    tamper(database_file, f"UPDATE audit_events SET {column} = {value} WHERE id = 4")  # noqa: S608  the attacker's
    assert faults(sqlite) == [(Fault.CHANGED, 4)]


def test_a_trail_damaged_everywhere_is_told_in_a_hundred_lines(sqlite: Database, database_file: Path) -> None:
    fill(sqlite, MOST_PROBLEMS + 1)
    tamper(database_file, "UPDATE audit_events SET actor = 'a-anne'")
    assert len(faults(sqlite)) == MOST_PROBLEMS


def test_a_byte_that_is_no_text_is_not_taken_for_its_spelling(sqlite: Database, database_file: Path) -> None:
    with sqlite.session() as session:
        audit.append(session, event(object_id=r"\xff"))
    tamper(database_file, "UPDATE audit_events SET object_id = CAST(x'ff' AS TEXT)")
    assert faults(sqlite) == [(Fault.CHANGED, 1)]


def test_a_file_that_cannot_be_read_is_told_as_such(sqlite: Database, database_file: Path) -> None:
    fill(sqlite, 400)
    sqlite.close()
    content = bytearray(database_file.read_bytes())
    content[8 * 4096 :] = bytes(len(content) - 8 * 4096)
    database_file.write_bytes(content)
    with pytest.raises(AuditUnavailable, match="cannot be read"):
        verify(sqlite)


def test_a_changed_hash_is_found(sqlite: Database, database_file: Path) -> None:
    fill(sqlite)
    tamper(database_file, "UPDATE audit_events SET hash = replace(hash, substr(hash, 1, 4), 'dead') WHERE id = 4")
    assert faults(sqlite) == [(Fault.CHANGED, 4), (Fault.BROKEN_LINK, 5)]


def test_a_deleted_event_is_found(sqlite: Database, database_file: Path) -> None:
    fill(sqlite)
    tamper(database_file, "DELETE FROM audit_events WHERE id = 3")
    assert faults(sqlite) == [(Fault.MISSING, 4), (Fault.BROKEN_LINK, 4)]


def test_a_deleted_event_is_found_also_where_the_rest_was_renumbered(sqlite: Database, database_file: Path) -> None:
    fill(sqlite)
    tamper(database_file, "DELETE FROM audit_events WHERE id = 3", "UPDATE audit_events SET id = id - 1 WHERE id > 3")
    assert (Fault.BROKEN_LINK, 3) in faults(sqlite)
    assert (Fault.CHANGED, 3) in faults(sqlite)


def test_the_first_event_deleted_is_found(sqlite: Database, database_file: Path) -> None:
    fill(sqlite)
    tamper(database_file, "DELETE FROM audit_events WHERE id = 1")
    assert faults(sqlite) == [(Fault.MISSING, 2), (Fault.BROKEN_LINK, 2)]


def test_two_swapped_events_are_found(sqlite: Database, database_file: Path) -> None:
    fill(sqlite)
    tamper(
        database_file,
        "UPDATE audit_events SET id = 99 WHERE id = 3",
        "UPDATE audit_events SET id = 3 WHERE id = 4",
        "UPDATE audit_events SET id = 4 WHERE id = 99",
    )
    found = faults(sqlite)
    assert {(Fault.CHANGED, 3), (Fault.CHANGED, 4), (Fault.BROKEN_LINK, 3)} <= set(found)


def test_an_inserted_event_is_found(sqlite: Database, database_file: Path) -> None:
    fill(sqlite)
    tamper(
        database_file,
        "INSERT INTO audit_events SELECT 7, at, actor, role, act, object_kind, object_id, on_behalf_of, peer, detail, "
        "hash, hash FROM audit_events WHERE id = 6",
    )
    assert faults(sqlite) == [(Fault.CHANGED, 7)]


def test_two_events_cannot_follow_the_same_one(sqlite: Database) -> None:
    fill(sqlite, 2)
    with pytest.raises(DBAPIError, match="previous_hash"), sqlite.session() as session:
        session.execute(
            text(
                "INSERT INTO audit_events SELECT 9, at, actor, role, act, object_kind, object_id, on_behalf_of, "
                "peer, detail, previous_hash, hash FROM audit_events WHERE id = 2"
            )
        )


def test_a_chain_rewritten_without_the_key_is_found(sqlite: Database, database_file: Path) -> None:
    fill(sqlite)
    rewrite(sqlite, database_file, key=b"not the installation's key......")
    assert {fault for fault, _ in faults(sqlite)} == {Fault.CHANGED}


def test_a_chain_rewritten_with_the_key_is_found_by_a_checkpoint(
    sqlite: Database, database_file: Path, tmp_path: Path
) -> None:
    fill(sqlite)
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    assert sqlite.audit_key is not None
    rewrite(sqlite, database_file, key=sqlite.audit_key)
    assert faults(sqlite) == []
    kept = read_checkpoints(tmp_path / "kept")
    assert faults(sqlite, checkpoints=kept, public_key=PUBLIC_KEY) == [(Fault.REWRITTEN, 6)]


def rewrite(db: Database, path: Path, key: bytes) -> None:
    """The whole chain anew, with another actor in event 2, hashed with this key."""
    with db.reading() as session:
        rows = [[getattr(row, name) for name in audit.FIELDS] for row in session.scalars(select(AuditEventTable))]
    rows[1][audit.FIELDS.index("actor")] = "a-mallory"
    previous, statements = audit.GENESIS, ["DELETE FROM audit_events"]
    for fields in rows:
        own = audit.chain_hash(key, previous, fields)
        values = ", ".join(str(value) if isinstance(value, int) else f"'{value}'" for value in [*fields, previous, own])
        statements.append(f"INSERT INTO audit_events VALUES ({values})")  # noqa: S608  the attacker's
        previous = own
    tamper(path, *statements)


# CHECKPOINTS -----------------------------------------------------------------------------------
def test_a_trail_cut_off_at_its_end_is_found_by_a_checkpoint_only(
    sqlite: Database, database_file: Path, tmp_path: Path
) -> None:
    fill(sqlite)
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    tamper(database_file, "DELETE FROM audit_events WHERE id > 4")
    kept = read_checkpoints(tmp_path / "kept")
    assert faults(sqlite) == []
    assert faults(sqlite, checkpoints=kept, public_key=PUBLIC_KEY) == [(Fault.TRUNCATED, 6)]


def test_a_trail_cut_off_and_grown_again_is_found(sqlite: Database, database_file: Path, tmp_path: Path) -> None:
    fill(sqlite)
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    tamper(database_file, "DELETE FROM audit_events WHERE id > 4")
    for number in range(20, 24):
        with sqlite.session() as session:
            audit.append(session, event(number))
    kept = read_checkpoints(tmp_path / "kept")
    assert faults(sqlite, checkpoints=kept, public_key=PUBLIC_KEY) == [(Fault.REWRITTEN, 6)]


def test_a_trail_emptied_altogether_is_found(sqlite: Database, database_file: Path, tmp_path: Path) -> None:
    fill(sqlite)
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    tamper(database_file, "DELETE FROM audit_events")
    kept = read_checkpoints(tmp_path / "kept")
    assert faults(sqlite, checkpoints=kept, public_key=PUBLIC_KEY) == [(Fault.TRUNCATED, 6)]


def test_checkpoints_of_a_sound_trail_agree_with_it_as_it_grows(db: Database, tmp_path: Path) -> None:
    make_checkpoint(db, SIGNING_KEY, tmp_path / "kept", NOW)
    for hours in range(1, 4):
        fill(db, 3)
        make_checkpoint(db, SIGNING_KEY, tmp_path / "kept", NOW + timedelta(hours=hours))
    kept = read_checkpoints(tmp_path / "kept")
    assert [point.size for point in kept] == [0, 3, 6, 9]
    verification = verify(db, kept, public_key=PUBLIC_KEY)
    assert verification.sound
    assert verification.checkpoints == 4


def test_a_quiet_trail_needs_no_new_checkpoint(db: Database, tmp_path: Path) -> None:
    fill(db)
    first = make_checkpoint(db, SIGNING_KEY, tmp_path / "kept", NOW)
    assert make_checkpoint(db, SIGNING_KEY, tmp_path / "kept", NOW + timedelta(hours=1)) == first
    assert len(list((tmp_path / "kept").iterdir())) == 1


@pytest.mark.parametrize(("field", "value"), [("size", 5), ("hash", "00"), ("at", "2026-01-01"), ("signature", "AAAA")])
def test_a_forged_checkpoint_is_found(sqlite: Database, tmp_path: Path, field: str, value: object) -> None:
    fill(sqlite)
    path = make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    found = faults(sqlite, checkpoints=read_checkpoints(tmp_path / "kept"), public_key=PUBLIC_KEY)
    assert [fault for fault, _ in found] == [Fault.BAD_SIGNATURE]


def test_a_checkpoint_signed_by_somebody_else_is_found(sqlite: Database, tmp_path: Path) -> None:
    fill(sqlite)
    write_checkpoint(3, "00", b"\7" * 32, tmp_path / "kept", NOW)
    kept = read_checkpoints(tmp_path / "kept")
    assert faults(sqlite, checkpoints=kept, public_key=PUBLIC_KEY) == [(Fault.BAD_SIGNATURE, 3)]


def test_a_damaged_trail_is_not_signed(sqlite: Database, database_file: Path, tmp_path: Path) -> None:
    fill(sqlite)
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    fill(sqlite, 3)
    tamper(database_file, "UPDATE audit_events SET actor = 'a-anne' WHERE id = 8")
    with pytest.raises(TrailDamaged, match="Event 8 is not what was written") as caught:
        make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    assert not caught.value.verification.sound
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_cut_off_trail_is_not_signed(sqlite: Database, database_file: Path, tmp_path: Path) -> None:
    fill(sqlite)
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    tamper(database_file, "DELETE FROM audit_events WHERE id > 2")
    with pytest.raises(TrailDamaged, match="no longer has the last of them"):
        make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW + timedelta(hours=1))


def test_a_rewritten_trail_is_not_signed(sqlite: Database, database_file: Path, tmp_path: Path) -> None:
    fill(sqlite)
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    assert sqlite.audit_key is not None
    rewrite(sqlite, database_file, key=sqlite.audit_key)
    with pytest.raises(TrailDamaged, match="remembers another event 6"):
        make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW + timedelta(hours=1))


def test_verifying_since_a_checkpoint_reads_only_what_came_after(sqlite: Database, tmp_path: Path) -> None:
    fill(sqlite, 6)
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    fill(sqlite, 2)
    [point] = read_checkpoints(tmp_path / "kept")
    verification = verify(sqlite, [point], public_key=PUBLIC_KEY, since=point)
    assert (verification.events, verification.last_id, verification.sound) == (2, 8, True)
    forged = replace(point, size=7)
    assert faults(sqlite, public_key=PUBLIC_KEY, since=forged) == [(Fault.BAD_SIGNATURE, 7)]


def test_checkpoints_without_a_key_to_check_them_are_refused(sqlite: Database, tmp_path: Path) -> None:
    make_checkpoint(sqlite, SIGNING_KEY, tmp_path / "kept", NOW)
    with pytest.raises(ValueError, match="prove nothing without the public key"):
        verify(sqlite, read_checkpoints(tmp_path / "kept"))


@pytest.mark.parametrize("content", ["", "[]", "{}", FORGED_FORMAT, '{"size": 1e999}', "\udcff", "[" * 5000])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "checkpoint-1.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(CheckpointUnreadable, match=r"checkpoint-1.json is not a checkpoint"):
        read_checkpoints(tmp_path)


# READING ---------------------------------------------------------------------------------------
def test_a_reviewer_finds_events_by_person_act_object_and_time(db: Database) -> None:
    bert = Actor("a-bert", "pharmacist")
    with db.session() as session:
        audit.append_all(
            session,
            [
                event(0),
                AuditEvent(AuditAct.SIGNED_OUT, bert, NOW + timedelta(hours=1), "a-bert"),
                AuditEvent(
                    AuditAct.SESSIONS_REVOKED, SYSTEM, NOW + timedelta(hours=2), "a-bert", detail={"sessions": ["n-1"]}
                ),
            ],
        )

    def found(**conditions: object) -> list[int]:
        with db.reading() as session:
            return [event.id for event in audit.search(session, **conditions)]

    assert found() == [3, 2, 1]
    assert found(actor="a-bert") == [2]
    assert found(act=AuditAct.SIGNED_IN) == [1]
    assert found(object_id="a-bert") == [3, 2]
    assert found(since=NOW + timedelta(hours=1)) == [3, 2]
    assert found(until=NOW + timedelta(hours=1)) == [1]
    assert found(before=3, limit=1) == [2]


def test_a_clock_set_back_is_counted_and_small_disorder_is_not(db: Database) -> None:
    with db.session() as session:
        for at in (NOW, NOW - CLOCK_TOLERANCE, NOW - timedelta(hours=1)):
            audit.append(session, event(at=at))
    verification = verify(db)
    assert (verification.clock_steps, verification.sound) == (1, True)


def test_a_digest_recognises_and_does_not_tell() -> None:
    key = bytes(32)
    assert audit.keyed_digest(key, "a", "Smith") == audit.keyed_digest(key, "a", "Smith")
    digests = {
        audit.keyed_digest(key, "a", "Smith"),
        audit.keyed_digest(key, "b", "Smith"),
        audit.keyed_digest(bytes([1] * 32), "a", "Smith"),
        audit.keyed_digest(key, "a", "Smyth"),
    }
    assert len(digests) == 4


def test_another_process_goes_on_with_the_chain(db: Database, reopen: Callable[[Database], Database]) -> None:
    fill(db, 2)
    fill(reopen(db), 2)
    fill(db, 1)
    assert verify(db).events == 5
    assert verify(db).sound
    with db.reading() as session:
        assert session.scalar(select(func.max(AuditEventTable.id))) == 5
