from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from access import throttle
from access.database import Database
from access.errors import AuditUnavailable
from access.tables_people import ThrottleTable
from access.throttle import ACCOUNT, FEED, PEER, ThrottleRule


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def fail(db: Database, times: int, kind: str = ACCOUNT, subject: str = "anna", now: datetime = NOW) -> None:
    for _ in range(times):
        throttle.failed(db, kind, subject, now)


def test_the_fourth_failure_locks_for_ten_minutes(db: Database) -> None:
    fail(db, 3)
    assert throttle.allowed(db, ACCOUNT, "anna", NOW)
    assert throttle.failed(db, ACCOUNT, "anna", NOW) == NOW + 10 * MINUTE  # L-09
    assert not throttle.allowed(db, ACCOUNT, "anna", NOW)
    assert not throttle.allowed(db, ACCOUNT, "anna", NOW + 10 * MINUTE - timedelta(microseconds=1))
    assert throttle.allowed(db, ACCOUNT, "anna", NOW + 10 * MINUTE)


def test_failures_far_apart_add_up_until_one_attempt_succeeds(db: Database) -> None:
    for day in range(4):
        fail(db, 1, now=NOW + timedelta(days=day))
    assert not throttle.allowed(db, ACCOUNT, "anna", NOW + timedelta(days=3))


def test_a_success_forgets_the_failures_before_it(db: Database) -> None:
    fail(db, 3)
    throttle.succeeded(db, ACCOUNT, "anna")
    fail(db, 3)
    assert throttle.allowed(db, ACCOUNT, "anna", NOW)


def test_a_lock_is_not_made_longer_by_knocking(db: Database) -> None:
    fail(db, 4)
    fail(db, 50, now=NOW + 9 * MINUTE)
    assert throttle.allowed(db, ACCOUNT, "anna", NOW + 10 * MINUTE)


def test_after_a_lock_there_are_four_attempts_again(db: Database) -> None:
    fail(db, 4)
    later = NOW + 11 * MINUTE
    fail(db, 3, now=later)
    assert throttle.allowed(db, ACCOUNT, "anna", later)
    fail(db, 1, now=later)
    assert not throttle.allowed(db, ACCOUNT, "anna", later)


def test_a_lock_survives_a_restart(db: Database, reopen: Callable[[Database], Database]) -> None:
    fail(db, 3)
    fail(reopen(db), 1)
    db.close()
    assert not throttle.allowed(reopen(db), ACCOUNT, "anna", NOW)


def test_subjects_and_kinds_are_counted_apart(db: Database) -> None:
    fail(db, 4)
    assert throttle.allowed(db, ACCOUNT, "bert", NOW)
    assert throttle.allowed(db, FEED, "anna", NOW)


def test_an_address_is_locked_by_many_failures_in_a_short_time_only(db: Database) -> None:
    for number in range(49):
        fail(db, 1, PEER, "192.0.2.7", NOW + timedelta(seconds=number))
    assert throttle.allowed(db, PEER, "192.0.2.7", NOW + MINUTE)
    fail(db, 1, PEER, "192.0.2.7", NOW + MINUTE)
    assert not throttle.allowed(db, PEER, "192.0.2.7", NOW + MINUTE)
    for hour in range(1, 100):
        fail(db, 1, PEER, "192.0.2.9", NOW + timedelta(hours=hour))
    assert throttle.allowed(db, PEER, "192.0.2.9", NOW + timedelta(hours=99))


def test_one_success_does_not_vouch_for_the_address(db: Database) -> None:
    """Else somebody with one account of their own could try others' for ever."""
    rules = {ACCOUNT: throttle.L_09, PEER: ThrottleRule(3, 10 * MINUTE, 10 * MINUTE)}
    for round_ in range(3):
        with db.session() as session:
            assert throttle.admit(session, throttle.WEB_DOOR, f"victim{round_}", "192.0.2.7", NOW, rules) is None
        if round_ < 2:
            with db.session() as session:
                assert throttle.admit(session, throttle.WEB_DOOR, "mallory", "192.0.2.7", NOW, rules) is None
                throttle.vouch(session, throttle.WEB_DOOR, "mallory", "192.0.2.7", NOW, rules)
    with db.session() as session:
        assert throttle.admit(session, throttle.WEB_DOOR, "mallory", "192.0.2.7", NOW, rules) == NOW + 10 * MINUTE


def test_a_locked_address_does_not_lock_others_names(db: Database) -> None:
    fail(db, 50, PEER, "192.0.2.7")
    for _ in range(10):
        with db.session() as session:
            assert throttle.admit(session, throttle.WEB_DOOR, "anna", "192.0.2.7", NOW) is not None
    assert throttle.allowed(db, ACCOUNT, "anna", NOW)
    with db.session() as session:
        assert throttle.locked_until(session, ACCOUNT, "anna") is None
        assert session.scalars(select(ThrottleTable).where(ThrottleTable.kind == ACCOUNT)).all() == []


def test_an_attempt_counts_before_it_is_made(db: Database) -> None:
    """Of many at once, no more are looked at than the rule allows."""
    admitted = 0
    for _ in range(20):
        with db.session() as session:
            admitted += throttle.admit(session, throttle.WEB_DOOR, "anna", "192.0.2.7", NOW) is None
    assert admitted == 4


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_an_address_counts_as_the_network_one_sender_has(peer: str, counted: str) -> None:
    assert throttle.address_of(peer) == counted


def test_what_was_typed_for_a_name_is_not_kept(db: Database) -> None:
    fail(db, 1, subject="My p@ssword, typed into the wrong field")
    with db.reading() as session:
        [row] = session.execute(text("SELECT * FROM throttles")).all()
    assert "ssword" not in str(row)


def test_old_counts_are_dropped_and_locks_are_not(db: Database) -> None:
    fail(db, 1, subject="old")
    fail(db, 1, subject="new", now=NOW + timedelta(hours=20))
    rules = {ACCOUNT: ThrottleRule(1, timedelta(days=3))}
    throttle.failed(db, ACCOUNT, "locked", NOW, rules)
    throttle.forget_old(db, NOW + timedelta(hours=30))
    with db.reading() as session:
        assert len(session.scalars(select(ThrottleTable)).all()) == 2
    assert not throttle.allowed(db, ACCOUNT, "locked", NOW + timedelta(hours=30))


def test_without_the_key_nothing_is_counted_and_nobody_let_through(db: Database) -> None:
    with pytest.raises(AuditUnavailable, match="needs the audit key"):
        throttle.allowed(replace(db, audit_key=None), ACCOUNT, "anna", NOW)
