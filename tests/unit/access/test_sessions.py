from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from access import audit
from access.accounts import Status, change_role, disable_account
from access.audit import COMMAND_LINE
from access.credentials import add_credential
from access.database import Database
from access.errors import AuditUnavailable, Locked, NotSignedIn, PasswordExpired
from access.passwords import HashCost, Passwords
from access.roles import CredentialKind
from access.sessions import SessionRules, authenticate, log_in, log_out
from access.tables_people import AccountTable, SessionTable


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PEER = "192.0.2.7"
WRONG = "Wrong horse, battery"


def test_the_right_password_opens_a_session(db: Database, people: Any) -> None:
    account = people.add()
    with db.session() as session:
        for number in ("FX1234563", "BX1234563"):
            add_credential(session, account.id, CredentialKind.DEA, number, by=COMMAND_LINE, now=NOW)
        add_credential(session, account.id, CredentialKind.NPI, "1234567893", by=COMMAND_LINE, now=NOW)
    opened = people.log_in()
    person = authenticate(db, opened.token, NOW)
    assert person == opened.person
    assert (person.account_id, person.role, person.name, person.email) == (
        account.id, "prescriber", "Anna", "anna@example.org",
    )  # fmt: skip
    assert (person.dea, person.npi) == (("BX1234563", "FX1234563"), "1234567893")
    assert opened.ends_at == NOW + timedelta(hours=12)


def test_the_address_may_be_typed_in_capitals(db: Database, people: Any) -> None:
    people.add()
    assert log_in(db, "  ANNA@Example.ORG ", "Correct horse, battery", PEER, NOW, passwords=people.passwords)


def test_the_token_is_long_random_and_kept_nowhere(db: Database, people: Any) -> None:
    people.add()
    tokens = {people.log_in().token for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(token) >= 43 for token in tokens)  # 256 bits, base64
    with db.reading() as session:
        kept = "".join(
            str(row)
            for table in ("sessions", "audit_events", "accounts")
            for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608  our own names
        )
    assert not any(token in kept for token in tokens)
    assert "token" not in repr(people.log_in())


# REFUSED, AND SAYING NOTHING (L4) --------------------------------------------------------------
def _answers(people: Any) -> dict[str, NotSignedIn]:
    people.add(name="anna")
    people.add(name="applied", status=Status.APPLIED)
    disabled = people.add(name="disabled")
    with people.db.session() as session:
        disable_account(session, disabled.id, why="test", by=COMMAND_LINE, now=NOW)
    answers = {}
    for case, name, password in (
        ("wrong password", "anna", WRONG),
        ("unknown", "nobody", WRONG),
        ("no address", "not an address", WRONG),
        ("applied", "applied", "Correct horse, battery"),
        ("disabled", "disabled", "Correct horse, battery"),
        ("empty password", "anna", ""),
        ("endless password", "anna", "x" * 100_000),
    ):
        with pytest.raises(NotSignedIn) as caught:
            log_in(people.db, f"{name}@example.org", password, PEER, NOW, passwords=people.passwords)
        answers[case] = caught.value
    return answers


def test_every_refusal_reads_the_same(people: Any) -> None:
    answers = _answers(people)
    assert {(type(answer), str(answer)) for answer in answers.values()} == {
        (NotSignedIn, "E-mail address or password is wrong. Try again, or reset the password.")
    }


def test_every_refusal_is_an_event_that_knows_why(people: Any) -> None:
    _answers(people)
    refused = [event for event in people.trail() if event.act == "person:session:refused"]
    assert [event.detail["why"] for event in refused] == [
        "password", "unknown", "unknown", "applied", "disabled", "password", "password",
    ]  # fmt: skip
    assert [event.actor == "unknown" for event in refused] == [False, True, True, False, False, False, False]
    assert {event.peer for event in refused} == {PEER}
    assert refused[0].detail["name_digest"] == refused[5].detail["name_digest"] != refused[1].detail["name_digest"]
    assert "nobody" not in json.dumps([dict(event.detail) for event in refused])


@pytest.mark.parametrize(
    "name", ["\0", "anna\0", "\ud800", "\udfff@example.org", "' or 1=1 --", "%", "x" * 100_000, ""]
)
def test_text_that_is_no_name_is_refused_like_any_other(people: Any, name: str) -> None:
    people.add()
    for _ in range(4):
        with pytest.raises(NotSignedIn, match="E-mail address or password is wrong"):
            log_in(people.db, name, "Correct horse, battery\0\ud800", PEER, NOW, passwords=people.passwords)
    with pytest.raises(Locked):
        log_in(people.db, name, WRONG, PEER, NOW, passwords=people.passwords)


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_four_failures_lock_a_name_whether_or_not_it_exists(people: Any, name: str) -> None:
    people.add()
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            people.log_in(name, WRONG)
    with pytest.raises(Locked, match="Too many failed log-ins") as caught:
        people.log_in(name)
    assert caught.value.until == NOW + 10 * MINUTE  # L-09
    assert caught.value.retry
    with pytest.raises(Locked):
        people.log_in(name, now=NOW + 10 * MINUTE - timedelta(seconds=1))
    assert [event.detail["why"] for event in people.trail()[-2:]] == ["locked", "locked"]


def test_after_ten_minutes_the_right_password_works_again(people: Any) -> None:
    people.add()
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            people.log_in(password=WRONG)
    assert people.log_in(now=NOW + 10 * MINUTE).token


def test_a_lock_out_survives_a_restart(people: Any, reopen: Callable[[Database], Database]) -> None:
    people.add()
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            people.log_in(password=WRONG)
    restarted = replace(people, db=reopen(people.db))
    with pytest.raises(Locked):
        restarted.log_in()


def test_a_success_starts_the_count_anew(people: Any) -> None:
    people.add()
    for _ in range(3):
        for _ in range(3):
            with pytest.raises(NotSignedIn):
                people.log_in(password=WRONG)
        people.log_in()


def test_spellings_of_one_address_are_one_name_to_lock(people: Any) -> None:
    people.add()
    for spelling in ("anna@example.org", "ANNA@example.org", " Anna@Example.org", "anna@EXAMPLE.org "):
        with pytest.raises(NotSignedIn):
            log_in(people.db, spelling, WRONG, PEER, NOW, passwords=people.passwords)
    with pytest.raises(Locked):
        people.log_in()


def test_an_address_that_tries_many_names_is_locked(people: Any) -> None:
    people.add()
    for number in range(50):
        with pytest.raises(NotSignedIn):
            people.log_in(f"name{number}", WRONG)
    with pytest.raises(Locked):
        people.log_in()


@pytest.mark.long
def test_unknown_wrong_and_disabled_take_equally_long(people: Any) -> None:
    """L4: medians of 200 tries less than 5 ms apart."""
    dear = Passwords(cost=HashCost(passes=1, memory_kib=4 * 1024, lanes=1))
    account = people.add("prescriber", name="disabled")
    people.add()
    with people.db.session() as session:
        disable_account(session, account.id, why="test", by=COMMAND_LINE, now=NOW)
        for row in session.scalars(select(AccountTable)):
            row.password_hash = dear.new("Correct horse, battery", "Correct horse, battery")
    cases: dict[str, list[float]] = {"anna": [], "nobody": [], "disabled": []}
    for number in range(200):
        for name, times in cases.items():
            # Far apart in time, so that no lock shortens the work.
            now = NOW + timedelta(hours=number)
            began = time.perf_counter()
            with pytest.raises(NotSignedIn):
                log_in(people.db, f"{name}@example.org", WRONG, PEER, now, passwords=dear)
            times.append(time.perf_counter() - began)
    medians = {name: statistics.median(times) for name, times in cases.items()}
    assert max(medians.values()) - min(medians.values()) < 0.005, medians


# EXPIRY ----------------------------------------------------------------------------------------
def test_an_expired_password_opens_nothing_and_leaves_the_account(people: Any) -> None:
    people.add()
    last_moment = NOW + timedelta(days=90) - timedelta(seconds=1)
    assert people.log_in(now=last_moment).token
    with pytest.raises(PasswordExpired, match="Reset it"):  # P-145
        people.log_in(now=NOW + timedelta(days=90))
    assert people.trail()[-1].detail["why"] == "expired"
    with people.db.reading() as session:
        assert session.scalars(select(AccountTable.status)).one() == Status.ACTIVE  # P-150


def test_only_whoever_knows_the_password_learns_that_it_expired(people: Any) -> None:
    people.add()
    with pytest.raises(NotSignedIn):
        people.log_in(password=WRONG, now=NOW + timedelta(days=90))


@pytest.mark.parametrize(("day", "remind"), [(80, False), (81, True), (89, True)])
def test_the_reminder_begins_nine_days_before(people: Any, day: int, *, remind: bool) -> None:
    people.add()
    assert people.log_in(now=NOW + timedelta(days=day)).remind is remind  # P-146, P-147


# LIFE AND END ----------------------------------------------------------------------------------
def test_a_silent_session_ends_after_half_an_hour(db: Database, people: Any) -> None:
    people.add()
    token = people.log_in().token
    at = NOW
    for _ in range(5):
        at += 29 * MINUTE
        authenticate(db, token, at)
    with pytest.raises(NotSignedIn, match="has ended"):
        authenticate(db, token, at + 30 * MINUTE)


def test_any_session_ends_after_twelve_hours(db: Database, people: Any) -> None:
    people.add()
    token = people.log_in().token
    at = NOW
    while at + 20 * MINUTE < NOW + timedelta(hours=12):
        at += 20 * MINUTE
        authenticate(db, token, at)
    with pytest.raises(NotSignedIn):
        authenticate(db, token, NOW + timedelta(hours=12))


def test_a_session_ends_early_rather_than_late(db: Database, people: Any) -> None:
    """Use is noted once a minute, so a session may end up to a minute before the half hour."""
    people.add()
    token = people.log_in().token
    authenticate(db, token, NOW + timedelta(seconds=59))
    with pytest.raises(NotSignedIn):
        authenticate(db, token, NOW + 30 * MINUTE)


def test_signing_out_ends_the_session(db: Database, people: Any) -> None:
    people.add()
    opened = people.log_in()
    other = people.log_in()
    log_out(db, opened.token, PEER, NOW)
    with pytest.raises(NotSignedIn):
        authenticate(db, opened.token, NOW)
    assert authenticate(db, other.token, NOW)
    log_out(db, opened.token, PEER, NOW)
    log_out(db, "no token", PEER, NOW)
    closed = [event for event in people.trail() if event.act == "person:session:closed"]
    assert [event.detail["session"] for event in closed] == [opened.person.session_id]


def test_disabling_an_account_ends_its_sessions_at_once(db: Database, people: Any) -> None:
    account = people.add()
    token = people.log_in().token
    with db.session() as session:
        disable_account(session, account.id, why="left", by=COMMAND_LINE, now=NOW)
    with pytest.raises(NotSignedIn):
        authenticate(db, token, NOW)


def test_a_status_changed_by_other_means_counts_too(db: Database, people: Any) -> None:
    people.add()
    token = people.log_in().token
    with db.session() as session:
        session.execute(text("UPDATE accounts SET status = 'somewhere'"))
    with pytest.raises(NotSignedIn):
        authenticate(db, token, NOW)


def test_another_role_ends_the_sessions_of_the_old_one(db: Database, people: Any) -> None:
    account = people.add()
    token = people.log_in().token
    with db.session() as session:
        change_role(session, account.id, "pharmacist", by=COMMAND_LINE, now=NOW)
    with pytest.raises(NotSignedIn):
        authenticate(db, token, NOW)
    assert people.log_in().person.role == "pharmacist"


def test_a_sixth_session_ends_the_oldest(db: Database, people: Any) -> None:
    people.add()
    tokens = [people.log_in(now=NOW + number * MINUTE).token for number in range(6)]
    with pytest.raises(NotSignedIn):
        authenticate(db, tokens[0], NOW + 6 * MINUTE)
    for token in tokens[1:]:
        authenticate(db, token, NOW + 6 * MINUTE)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 1_000_000, "ü\0\n", "\ud800"])
def test_any_other_text_is_no_token(db: Database, people: Any, token: str) -> None:
    people.add()
    people.log_in()
    with pytest.raises(NotSignedIn, match="Sign in first"):
        authenticate(db, token, NOW)


def test_the_hash_of_a_token_is_no_token(db: Database, people: Any) -> None:
    people.add()
    people.log_in()
    with db.reading() as session:
        kept = session.scalars(select(SessionTable.token_hash)).one()
    with pytest.raises(NotSignedIn):
        authenticate(db, kept, NOW)


def test_a_hash_of_an_old_cost_is_renewed_at_log_in(db: Database, people: Any) -> None:
    people.add()
    dearer = Passwords(cost=HashCost(passes=2, memory_kib=16, lanes=1))
    assert log_in(db, "anna@example.org", "Correct horse, battery", PEER, NOW, passwords=dearer)
    with db.reading() as session:
        kept = session.scalars(select(AccountTable.password_hash)).one()
    assert kept is not None
    assert "m=16,t=2" in kept
    assert people.log_in()


def test_rules_are_settings(db: Database, people: Any) -> None:
    people.add()
    rules = SessionRules(idle=5 * MINUTE, absolute=8 * MINUTE)
    opened = people.log_in(rules=rules)
    assert opened.ends_at == NOW + 8 * MINUTE
    authenticate(db, opened.token, NOW + 4 * MINUTE, rules=rules)
    with pytest.raises(NotSignedIn):
        authenticate(db, opened.token, NOW + 8 * MINUTE, rules=rules)


# FAIL CLOSED -----------------------------------------------------------------------------------
def test_where_the_trail_cannot_be_written_nobody_signs_in(db: Database, people: Any) -> None:
    people.add()
    with pytest.raises(AuditUnavailable):
        log_in(replace(db, audit_key=None), "anna@example.org", "Correct horse, battery", PEER, NOW)
    with db.session() as session:
        session.execute(text("ALTER TABLE audit_events RENAME TO elsewhere"))
    with pytest.raises(AuditUnavailable):
        people.log_in()
    with db.reading() as session:
        assert session.scalars(select(SessionTable)).all() == []


def test_every_sign_in_is_an_event(people: Any) -> None:
    people.add()
    opened = people.log_in()
    event = people.trail()[-1]
    assert event.act == "person:session:opened"
    assert (event.actor, event.role, event.peer) == (opened.person.account_id, "prescriber", PEER)
    assert event.detail == {"session": opened.person.session_id}
    with people.db.reading() as session:
        assert audit.count(session) == 2
