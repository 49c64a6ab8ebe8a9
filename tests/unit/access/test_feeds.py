from __future__ import annotations

import base64
import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access import throttle
from access.accounts import disable_account
from access.audit import COMMAND_LINE
from access.errors import AuditUnavailable, Conflict, Invalid, NotSignedIn, NotVisible
from access.feeds import (
    add_ssh_key,
    canonical_key,
    fingerprint,
    give_sftp_name,
    list_ssh_keys,
    remove_ssh_key,
    set_feed_password,
)
from access.passwords import HashCost, PasswordHash, Passwords
from access.sftp_accounts import SftpAccounts
from ingest.sftp_accounts import Accounts, DoorEvent


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
PEER = "192.0.2.7"
FEED_PASSWORD = "Feed the lake, nightly"


def line_of(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


ED25519 = line_of(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)))
P256 = line_of(ec.derive_private_key(7, ec.SECP256R1()))


@pytest.fixture
def feed(people: Any) -> Any:
    """A dispenser's account with a name, a password and a key for the door."""
    account = people.add("dispenser", name="north")
    with people.db.session() as session:
        give_sftp_name(session, account.id, "north1", by=COMMAND_LINE, now=NOW)
        set_feed_password(
            session, account.id, people.passwords.new(FEED_PASSWORD, FEED_PASSWORD), by=COMMAND_LINE, now=NOW
        )
        add_ssh_key(session, account.id, ED25519, by=COMMAND_LINE, now=NOW)
    return account


@pytest.fixture
def door(people: Any, tmp_path: Path) -> SftpAccounts:
    return SftpAccounts(people.db, people.passwords, lambda: NOW, tmp_path / "reports")


# NAMES AND KEYS --------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["", "ab", "1abc", "North", "nor th", "north-1", "../x", "n" * 33, "nörth", "north\n"])
def test_a_name_for_the_door_is_plain(people: Any, name: str) -> None:
    account = people.add("dispenser")
    with pytest.raises(Invalid, match="lower-case letters and digits"), people.db.session() as session:
        give_sftp_name(session, account.id, name, by=COMMAND_LINE, now=NOW)


def test_a_name_for_the_door_is_one_accounts(people: Any, feed: Any) -> None:
    other = people.add("dispenser", name="south")
    with pytest.raises(Conflict, match="choose another"), people.db.session() as session:
        give_sftp_name(session, other.id, "north1", by=COMMAND_LINE, now=NOW)
    with people.db.session() as session:
        give_sftp_name(session, feed.id, "north1", by=COMMAND_LINE, now=NOW)
        give_sftp_name(session, feed.id, "north2", by=COMMAND_LINE, now=NOW)
        give_sftp_name(session, other.id, "north1", by=COMMAND_LINE, now=NOW)


@pytest.mark.parametrize(
    "line",
    [ED25519, ED25519 + " somebody@somewhere\n", 'command="ls",no-pty ' + ED25519 + " x", "  " + ED25519],
)
def test_of_a_line_only_the_key_counts(line: str) -> None:
    assert canonical_key(line) == ED25519


def test_other_kinds_of_key_are_taken() -> None:
    assert canonical_key(P256) == P256
    strong = line_of(rsa.generate_private_key(65537, 3072))
    assert canonical_key(strong) == strong


def test_a_fingerprint_is_written_as_openssh_writes_it() -> None:
    # ssh-keygen -lf on the same key
    assert fingerprint(canonical_key(ED25519)).startswith("SHA256:")
    assert len(fingerprint(canonical_key(ED25519))) == len("SHA256:") + 43


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("", "no public key of a kind"),
        ("ssh-ed25519", "no public key of a kind"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "no public key of a kind"),
        ("sk-ssh-ed25519@openssh.com AAAA", "no public key of a kind"),
        ("ssh-ed25519 AAAA", "damaged"),
        ("ssh-ed25519 !!!!", "damaged"),
        ("ssh-ed25519 ü", "damaged"),
        ("ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x01x").decode(), "damaged"),
        ("ssh-rsa " + ED25519.split()[1], "damaged"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "no public key of a kind"),
    ],
)
def test_what_is_no_public_key_is_refused(line: str, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        canonical_key(line)


def test_a_short_rsa_key_is_refused() -> None:
    with pytest.raises(Invalid, match="3072 bits"):
        canonical_key(line_of(rsa.generate_private_key(65537, 2048)))


def test_keys_are_added_once_listed_and_removed(people: Any, feed: Any) -> None:
    with people.db.session() as session:
        mark = add_ssh_key(session, feed.id, P256, by=COMMAND_LINE, now=NOW)
        assert set(list_ssh_keys(session, feed.id)) == {ED25519, P256}
        remove_ssh_key(session, feed.id, mark, by=COMMAND_LINE, now=NOW)
        assert list_ssh_keys(session, feed.id) == [ED25519]
    with pytest.raises(Conflict, match="already"), people.db.session() as session:
        add_ssh_key(session, feed.id, ED25519 + " again", by=COMMAND_LINE, now=NOW)
    with pytest.raises(NotVisible, match="no key"), people.db.session() as session:
        remove_ssh_key(session, feed.id, mark, by=COMMAND_LINE, now=NOW)
    assert people.acts()[-2:] == ["administrator:ssh_key:added", "administrator:ssh_key:removed"]


# THE DOOR'S QUESTIONS --------------------------------------------------------------------------
def test_the_door_learns_whose_name_it_is(door: SftpAccounts, feed: Any, tmp_path: Path) -> None:
    assert door.check_password("north1", FEED_PASSWORD, PEER) == feed.id
    assert door.account_of("north1") == feed.id
    assert list(door.public_keys("north1")) == [ED25519]
    assert door.reports(feed.id) == tmp_path / "reports" / feed.id


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("north1", "wrong"), ("north1", ""), ("nobody", FEED_PASSWORD), ("", ""), ("NORTH1", FEED_PASSWORD),
        ("north1\0", FEED_PASSWORD), ("\ud800", FEED_PASSWORD), ("north1' --", FEED_PASSWORD),
        ("north@example.org", "Correct horse, battery"), ("north1", "Correct horse, battery"),
    ],
)  # fmt: skip
def test_the_door_opens_for_the_feed_password_only(door: SftpAccounts, feed: Any, name: str, password: str) -> None:
    assert door.check_password(name, password, PEER) is None
    assert feed.status == "active"


def test_the_feed_password_opens_nothing_else(people: Any, feed: Any) -> None:
    assert feed.has_password
    with pytest.raises(NotSignedIn):
        people.log_in("north", FEED_PASSWORD)


def test_a_disabled_account_is_nobody_at_the_door(people: Any, door: SftpAccounts, feed: Any) -> None:
    with people.db.session() as session:
        disable_account(session, feed.id, why="test", by=COMMAND_LINE, now=NOW)
    assert door.check_password("north1", FEED_PASSWORD, PEER) is None
    assert list(door.public_keys("north1")) == []
    assert door.account_of("north1") is None


def test_a_role_that_sends_no_files_is_nobody_at_the_door(people: Any, door: SftpAccounts) -> None:
    account = people.add("prescriber")
    with people.db.session() as session:
        give_sftp_name(session, account.id, "anna", by=COMMAND_LINE, now=NOW)
        set_feed_password(
            session, account.id, people.passwords.new(FEED_PASSWORD, FEED_PASSWORD), by=COMMAND_LINE, now=NOW
        )
    assert door.check_password("anna", FEED_PASSWORD, PEER) is None
    assert door.account_of("anna") is None


@pytest.mark.parametrize("name", ["north1", "nobody"])
def test_four_failures_lock_a_name_at_the_door(people: Any, door: SftpAccounts, feed: Any, name: str) -> None:
    for _ in range(4):
        assert door.check_password(name, "wrong", PEER) is None
    assert door.check_password(name, FEED_PASSWORD, PEER) is None  # L-09
    locked = [event for event in people.trail() if event.act == "sftp:login:locked"]
    assert [event.actor for event in locked] == [feed.id if name == "north1" else "unknown"]
    later = SftpAccounts(people.db, people.passwords, lambda: datetime(2026, 3, 2, 14, 10, tzinfo=UTC), Path())
    assert later.check_password(name, FEED_PASSWORD, PEER) == (feed.id if name == "north1" else None)


def test_the_door_and_the_web_lock_apart(people: Any, door: SftpAccounts, feed: Any) -> None:
    for _ in range(5):
        door.check_password("north1", "wrong", PEER)
    assert people.log_in("north").person.account_id == feed.id


def test_a_success_at_the_door_forgets_failures(door: SftpAccounts, feed: Any) -> None:
    for _ in range(3):
        for _ in range(3):
            assert door.check_password("north1", "wrong", PEER) is None
        assert door.check_password("north1", FEED_PASSWORD, PEER) == feed.id


def test_what_happens_at_the_door_is_in_the_trail(people: Any, door: SftpAccounts, feed: Any) -> None:
    door.note(
        "sftp:upload:taken", feed.id, PEER, {"session": "7", "file": "Zzcanary.dat", "size": "12", "colour": "red"}
    )
    door.note("sftp:login:refused", None, PEER, {"name": "Zzcanary", "why": "password"})
    taken, refused = people.trail()[-2:]
    assert (taken.actor, taken.role, taken.object_id, taken.peer) == (feed.id, "dispenser", feed.id, PEER)
    assert {key: taken.detail[key] for key in ("session", "size", "other")} == {
        "session": "7", "size": "12", "other": ["colour"],
    }  # fmt: skip
    assert (refused.actor, refused.object_id) == ("unknown", "unknown")
    assert "Zzcanary" not in f"{taken}{refused}"


def test_an_event_that_the_vocabulary_does_not_know_is_refused(door: SftpAccounts) -> None:
    with pytest.raises(ValueError, match="is not a valid AuditAct"):
        door.note("sftp:tea:made", None, PEER, {})


def test_the_door_needs_the_audit_key(people: Any) -> None:
    with pytest.raises(AuditUnavailable, match="needs the audit key"):
        SftpAccounts(replace(people.db, audit_key=None), people.passwords, lambda: NOW, Path())


def test_the_rules_of_the_door_are_settings(people: Any, feed: Any) -> None:
    strict = {**throttle.RULES, throttle.FEED: throttle.ThrottleRule(1, throttle.L_09.lock)}
    door = SftpAccounts(people.db, people.passwords, lambda: NOW, Path(), strict)
    assert door.check_password("north1", "wrong", PEER) is None
    assert door.check_password("north1", FEED_PASSWORD, PEER) is None
    assert feed.sftp_name is None


# THE DOOR'S SIDE -------------------------------------------------------------------------------
def test_every_event_of_the_door_is_in_the_vocabulary(people: Any, door: SftpAccounts, feed: Any) -> None:
    for event in DoorEvent:
        door.note(event.value, feed.id, PEER, {"session": "7"})
    assert set(people.acts()) >= {event.value for event in DoorEvent}


def test_the_doors_protocol_is_fulfilled(door: SftpAccounts) -> None:
    asked = {name: member for name, member in vars(Accounts).items() if inspect.isfunction(member) and name[0] != "_"}
    assert asked
    for name, member in asked.items():
        assert list(inspect.signature(member).parameters)[1:] == list(inspect.signature(getattr(door, name)).parameters)


class Meanwhile(Passwords):
    """While the password is checked, somebody does something."""

    def __init__(self, what: Callable[[], None]) -> None:
        super().__init__(cost=HashCost(passes=1, memory_kib=8, lanes=1))
        self.what = what

    def verify(self, kept: PasswordHash | None, password: str) -> bool:
        right = super().verify(kept, password)
        self.what()
        return right


def test_an_account_disabled_while_its_password_is_checked_does_not_come_in(people: Any, feed: Any) -> None:
    def disable() -> None:
        with people.db.session() as session:
            disable_account(session, feed.id, why="test", by=COMMAND_LINE, now=NOW)

    door = SftpAccounts(people.db, Meanwhile(disable), lambda: NOW, Path())
    assert door.check_password("north1", FEED_PASSWORD, PEER) is None


def test_an_account_disabled_while_its_password_is_checked_does_not_sign_in(people: Any) -> None:
    account = people.add()

    def disable() -> None:
        with people.db.session() as session:
            disable_account(session, account.id, why="test", by=COMMAND_LINE, now=NOW)

    with pytest.raises(NotSignedIn):
        replace(people, passwords=Meanwhile(disable)).log_in()
    assert people.trail()[-1].detail["why"] == "disabled"
