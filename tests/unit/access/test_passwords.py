from __future__ import annotations

import threading
import time
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.errors import WeakPassword
from access.passwords import HashCost, PasswordRules, Passwords


CHEAP = HashCost(passes=1, memory_kib=8, lanes=1)
GOOD = "Correct horse, battery"


@pytest.mark.parametrize(
    ("password", "policy", "fault"),
    [
        ("Abc!efg", "P-134", "at least 8 characters"),
        ("correct horse, battery", "P-135", "an upper-case letter"),
        ("CORRECT HORSE, BATTERY", "P-136", "a lower-case letter"),
        ("Correct horse battery 1", "P-137", "a symbol"),
        ("C" * 128 + "o" * 128 + "!", "", "longer than 256 characters"),
        ("Correct horse,\x00battery", "", "control characters"),
        ("Password1!", "", "a common word"),
        ("P@ssw0rd!!", "", "a common word"),
        ("!2026-Pharmacy-2026!", "", "a common word"),
        ("12345-Hartford", "", "a common word"),
    ],
)
def test_a_password_that_breaks_one_rule_is_told_that_rule(
    passwords: Passwords, password: str, policy: str, fault: str
) -> None:
    with pytest.raises(WeakPassword, match=fault) as caught:
        passwords.new(password, password)
    assert len(caught.value.faults) == 1, policy


@pytest.mark.parametrize("password", ["Abc!efgh", "Äbc€efgh", GOOD, "C" * 127 + "o" * 128 + "!", "Ⅷ abc § Ünder"])
def test_a_password_that_keeps_every_rule_is_taken_and_known_again(passwords: Passwords, password: str) -> None:
    kept = passwords.new(password, password)
    assert passwords.verify(kept, password)
    assert not passwords.verify(kept, password + "x")
    assert password not in kept


def test_every_broken_rule_is_told_at_once(passwords: Passwords) -> None:
    assert len(passwords.faults("12345")) == 4


def test_both_entries_must_agree(passwords: Passwords) -> None:
    with pytest.raises(WeakPassword, match="type the same password twice"):  # P-138
        passwords.new(GOOD, GOOD + " ")


def test_the_new_password_differs_from_the_present_one(passwords: Passwords) -> None:
    kept = passwords.new(GOOD, GOOD)
    with pytest.raises(WeakPassword, match="the present one"):  # P-149
        passwords.new(GOOD, GOOD, previous=kept)
    assert passwords.new(GOOD + "!", GOOD + "!", previous=kept)


@pytest.mark.parametrize("password", ["Okonkwo-2026", "0konkwo!AAa", "Okonkw0!!"])
def test_a_word_about_its_owner_is_no_password(passwords: Passwords, password: str) -> None:
    about = ("b.okonkwo@clinic.example.org", "Bea Okonkwo")
    found = passwords.faults(password, about)
    assert found == [] if password == "0konkwo!AAa" else "a word about you" in found[0]


def test_the_whole_password_counts(passwords: Passwords) -> None:
    """No 72-byte limit, as bcrypt has."""
    long = "Aa!" + "x" * 200
    kept = passwords.new(long, long)
    assert not passwords.verify(kept, long[:-1] + "y")


def test_one_character_typed_in_two_ways_is_one_character(passwords: Passwords) -> None:
    composed, decomposed = "Café, noir", unicodedata.normalize("NFD", "Café, noir")
    assert composed != decomposed
    assert passwords.verify(passwords.new(composed, composed), decomposed)


def test_normalising_cannot_make_a_password_endless(passwords: Passwords) -> None:
    """One Arabic ligature becomes eighteen characters under NFKC."""
    assert passwords.faults("ﷺ" * 200) == ["The password is longer than 256 characters."]
    assert not passwords.verify(None, "x" * 10_000_000)


def test_no_account_costs_what_a_wrong_password_costs() -> None:
    passwords = Passwords(cost=HashCost(passes=2, memory_kib=8 * 1024, lanes=1))
    kept = passwords.new(GOOD, GOOD)

    def seconds(subject: object) -> float:
        times = []
        for _ in range(7):
            began = time.perf_counter()
            assert not passwords.verify(subject, "Wrong horse, battery")  # type: ignore[arg-type]
            times.append(time.perf_counter() - began)
        return sorted(times)[3]

    known, unknown = seconds(kept), seconds(None)
    assert unknown > 0.5 * known


def test_a_damaged_hash_is_no_open_door(passwords: Passwords) -> None:
    for damaged in ("", "x", "$argon2id$v=19$m=8,t=1,p=1$AAAA$", "$2b$12$abcdefghijklmnopqrstuv"):
        assert not passwords.verify(damaged, GOOD)  # type: ignore[arg-type]


def test_the_decoy_lets_nobody_in(passwords: Passwords) -> None:
    assert not passwords.verify(None, "a password that nobody has")
    assert not passwords.verify(None, "")


def test_a_hash_of_another_cost_is_made_anew(passwords: Passwords) -> None:
    kept = passwords.new(GOOD, GOOD)
    assert passwords.rehash(kept, GOOD) is None
    dearer = Passwords(cost=HashCost(passes=2, memory_kib=16, lanes=1))
    assert dearer.verify(kept, GOOD)
    fresh = dearer.rehash(kept, GOOD)
    assert fresh is not None
    assert dearer.verify(fresh, GOOD)
    assert dearer.rehash(fresh, GOOD) is None


def test_the_default_is_argon2id_at_rfc_9106_low_memory() -> None:
    kept = Passwords().new(GOOD, GOOD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_only_so_many_hashes_are_computed_at_once() -> None:
    passwords = Passwords(cost=CHEAP, hashes_at_once=2)
    running, most, lock = 0, 0, threading.Lock()
    genuine = passwords._hasher.verify

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            try:
                return genuine(kept, password)
            finally:
                with lock:
                    running -= 1

    kept = passwords.new(GOOD, GOOD)
    assert passwords.verify(kept, GOOD)
    passwords._hasher = Counting()  # type: ignore[assignment]
    threads = [threading.Thread(target=passwords.verify, args=(kept, GOOD)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_a_password_expires_after_ninety_days(passwords: Passwords) -> None:
    set_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert passwords.expires_at(set_at) == datetime(2026, 4, 1, tzinfo=UTC)  # P-145
    halfyearly = Passwords(PasswordRules(lifetime=timedelta(days=182)), cost=CHEAP)  # L-08
    assert halfyearly.expires_at(set_at) == datetime(2026, 7, 2, tzinfo=UTC)


@given(st.text(max_size=300))
def test_any_text_is_judged_and_none_breaks_it(text: str) -> None:
    passwords = Passwords(cost=CHEAP)
    if not passwords.faults(text):
        assert passwords.verify(passwords.new(text, text), text)
