from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from access.accounts import Status, disable_account
from access.audit import COMMAND_LINE
from access.database import Database
from access.errors import AuditUnavailable, Forbidden, Locked, NotSignedIn, NotVisible, PasswordExpired, WeakPassword
from access.password_change import change_password, replace_temporary_password, reset_password
from access.passwords import HashCost, PasswordHash, Passwords
from access.sessions import authenticate
from access.tables_people import AccountTable


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
OLD = "Correct horse, battery"
NEW = "Another staple, entirely"
WRONG = "Wrong horse, battery"


def change(people: Any, person: Any, current: str = OLD, new: str = NEW, again: str | None = None, **more: Any) -> None:
    moment = {"peer": "192.0.2.7", "now": NOW, "passwords": people.passwords, **more}
    change_password(people.db, person, current, new, new if again is None else again, **moment)


def reset(people: Any, account_id: str, new: str = NEW, **more: Any) -> None:
    arguments = {"by": COMMAND_LINE, "now": NOW, "passwords": people.passwords, **more}
    reset_password(people.db, account_id, new, new, **arguments)


def replace_it(
    people: Any, temporary: str = NEW, new: str = "Third time, lucky", *, name: str = "anna", **more: Any
) -> None:
    moment = {"peer": "192.0.2.7", "now": NOW, "passwords": people.passwords, **more}
    replace_temporary_password(people.db, f"{name}@example.org", temporary, new, new, **moment)


def test_a_changed_password_takes_the_place_of_the_old_one(people: Any) -> None:
    change(people, people.person())
    assert people.log_in(password=NEW)
    with pytest.raises(NotSignedIn):
        people.log_in(password=OLD)
    assert "person:password:changed" in people.acts()


def test_a_change_ends_the_other_sessions_and_keeps_this_one(db: Database, people: Any) -> None:
    people.add()
    here, elsewhere = people.log_in(), people.log_in()
    change(people, here.person)
    assert authenticate(db, here.token, NOW).account_id == here.person.account_id
    with pytest.raises(NotSignedIn):
        authenticate(db, elsewhere.token, NOW)


def test_the_present_password_is_asked_for(people: Any) -> None:
    person = people.person()
    with pytest.raises(Forbidden, match="present password is wrong"):  # P-148
        change(people, person, WRONG)
    assert people.trail()[-1].detail == {"why": "password"}
    assert people.log_in()


def test_guessing_the_present_password_locks_as_at_log_in(people: Any) -> None:
    person = people.person()
    for _ in range(4):
        with pytest.raises(Forbidden):
            change(people, person, WRONG)
    with pytest.raises(Locked):
        change(people, person)
    with pytest.raises(Locked):
        people.log_in()


@pytest.mark.parametrize(
    ("new", "again", "fault"),
    [
        (OLD, OLD, "the present one"),  # P-149
        (NEW, NEW + "!", "twice"),  # P-138
        ("short!A", "short!A", "at least 8"),  # P-134
        ("Example-1234", "Example-1234", "a word about you"),
    ],
)
def test_a_new_password_that_breaks_a_rule_changes_nothing(people: Any, new: str, again: str, fault: str) -> None:
    person = people.person()
    with pytest.raises(WeakPassword, match=fault):
        change(people, person, OLD, new, again)
    assert people.log_in()
    assert "person:password:changed" not in people.acts()


def test_a_change_starts_the_ninety_days_anew(people: Any) -> None:
    people.add()
    late = NOW + timedelta(days=89)
    change(people, people.log_in(now=late).person, now=late)
    assert people.log_in(password=NEW, now=NOW + timedelta(days=170))
    with pytest.raises(PasswordExpired):
        people.log_in(password=NEW, now=NOW + timedelta(days=179))


# TEMPORARY PASSWORDS ---------------------------------------------------------------------------
def test_a_password_that_somebody_else_chose_must_be_replaced_first(db: Database, people: Any) -> None:
    account = people.add()
    token = people.log_in().token
    reset(people, account.id)
    with pytest.raises(NotSignedIn):
        authenticate(db, token, NOW)
    with pytest.raises(NotSignedIn):
        people.log_in(password=OLD)
    with pytest.raises(PasswordExpired):
        people.log_in(password=NEW)
    replace_it(people)
    assert people.log_in(password="Third time, lucky")
    assert people.trail()[-2].act == "person:password:changed"


def test_a_reset_for_good_needs_no_replacing(people: Any) -> None:
    reset(people, people.add().id, temporary=False)
    assert people.log_in(password=NEW)


def test_a_reset_opens_a_locked_account(people: Any) -> None:
    account = people.add()
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            people.log_in(password=WRONG)
    reset(people, account.id, temporary=False)
    assert people.log_in(password=NEW)


def test_a_reset_keeps_the_rules(people: Any) -> None:
    account = people.add()
    with pytest.raises(WeakPassword, match="the present one"):  # P-149 holds on reset too
        reset(people, account.id, OLD)
    with pytest.raises(WeakPassword, match="at least 8"):
        reset(people, account.id, "x")
    with pytest.raises(NotVisible, match="no such account"):
        reset(people, "a-nobody")


def test_a_temporary_password_is_replaced_once_and_in_time(people: Any) -> None:
    account = people.add()
    reset(people, account.id)
    with pytest.raises(NotSignedIn):
        replace_it(people, now=NOW + timedelta(days=3))
    with pytest.raises(WeakPassword, match="the present one"):
        replace_it(people, NEW, NEW)
    replace_it(people)
    with pytest.raises(NotSignedIn):
        replace_it(people, "Third time, lucky", "Fourth time, pays")


def test_only_a_temporary_password_of_an_active_account_can_be_replaced(people: Any) -> None:
    people.add()
    with pytest.raises(NotSignedIn, match="E-mail address or password is wrong"):
        replace_it(people, OLD)
    with pytest.raises(NotSignedIn, match="E-mail address or password is wrong"):
        replace_it(people, name="nobody")
    disabled = people.add(name="disabled")
    reset(people, disabled.id)
    with people.db.session() as session:
        disable_account(session, disabled.id, why="test", by=COMMAND_LINE, now=NOW)
    with pytest.raises(NotSignedIn, match="E-mail address or password is wrong"):
        replace_it(people, name="disabled")


def test_an_expired_password_of_ones_own_is_no_temporary_one(people: Any) -> None:
    people.add()
    with pytest.raises(NotSignedIn):
        replace_it(people, OLD, now=NOW + timedelta(days=91))


def test_guessing_a_temporary_password_locks(people: Any) -> None:
    reset(people, people.add().id)
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            replace_it(people, WRONG)
    with pytest.raises(Locked):
        replace_it(people)


def test_an_account_without_a_password_has_none_to_guess(people: Any) -> None:
    people.add(status=Status.ACTIVE)
    with people.db.session() as session:
        session.execute(update(AccountTable).values(password_hash=None))
    for attempt in ("", "a password that nobody has"):
        with pytest.raises(NotSignedIn):
            people.log_in(password=attempt)


def test_without_the_audit_key_no_password_is_changed(db: Database, people: Any) -> None:
    person = people.person()
    keyless = replace(people, db=replace(db, audit_key=None))
    with pytest.raises(AuditUnavailable):
        change(keyless, person)


def test_of_two_who_replace_a_temporary_password_at_once_one_wins(people: Any) -> None:
    reset(people, people.add().id)

    class Twice(Passwords):
        """While the second one's new password is looked at, the first one's is written."""

        def new(self, *arguments: Any, **more: Any) -> PasswordHash:
            replace_it(people)
            return super().new(*arguments, **more)

    with pytest.raises(NotSignedIn):
        replace_it(people, new="Fourth time, pays", passwords=Twice(cost=HashCost(passes=1, memory_kib=8, lanes=1)))
    assert people.log_in(password="Third time, lucky")


def test_a_password_reset_while_its_owner_changes_it_stays_reset(people: Any) -> None:
    person = people.person()

    class Meanwhile(Passwords):
        def new(self, *arguments: Any, **more: Any) -> PasswordHash:
            reset(people, person.account_id, "An administrator's choice")
            return super().new(*arguments, **more)

    with pytest.raises(Forbidden):
        change(people, person, passwords=Meanwhile(cost=HashCost(passes=1, memory_kib=8, lanes=1)))
    with pytest.raises(PasswordExpired):
        people.log_in(password="An administrator's choice")
