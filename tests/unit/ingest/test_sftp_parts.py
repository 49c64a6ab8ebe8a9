"""The parts of the SFTP door that know nothing of SFTP."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.durable import create_durably, write_durably
from ingest.errors import UnsafeHostKeyError
from ingest.sftp_draft import MOST_GAPS, Coverage, Draft, ScatteredError
from ingest.sftp_keys import host_keys, same_key
from ingest.sftp_paths import Kind, canonical, locate
from ingest.sftp_throttle import Backoff


# DRAFTS ------------------------------------------------------------------------------------------------
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=20),
    st.integers(0, 80),
)
def test_coverage_knows_what_was_written(pieces: list[tuple[int, int]], cut: int) -> None:
    coverage, written = Coverage(), set[int]()
    for start, length in pieces:
        coverage.add(start, start + length)
        written |= set(range(start, start + length))
    for size in range(85):
        reaches = max(written, default=-1) + 1
        assert coverage.is_whole(size) == (size == 0 or (written == set(range(size)) and reaches == size))
    coverage.cut(cut)
    assert coverage.is_whole(cut) == (set(range(cut)) <= written)


def test_an_upload_may_not_be_scattered_without_end() -> None:
    coverage = Coverage()
    for number in range(MOST_GAPS):
        coverage.add(10 * number, 10 * number + 1)
    with pytest.raises(ScatteredError):
        coverage.add(10 * MOST_GAPS, 10 * MOST_GAPS + 1)


def test_a_draft_gives_back_what_came_in_any_order_and_hides_it_on_disk(tmp_path: Path) -> None:
    data = os.urandom(1000) + b"ZZCANARY" * 50
    draft = Draft(tmp_path / "d", b"{}")
    pieces = [(at, data[at : at + 77]) for at in range(0, len(data), 77)]
    random.Random(5).shuffle(pieces)  # noqa: S311  a shuffle, no secret
    for at, piece in pieces:
        draft.write(at, piece)
    assert draft.is_whole()
    assert draft.size == len(data)
    assert draft.part(13, 100) == data[13:113]
    reader = draft.reader()
    assert reader.read(333) + reader.read(10_000) + reader.read(1) == data
    assert b"ZZCANARY" not in (tmp_path / "d").read_bytes()
    assert (tmp_path / "d").stat().st_mode & 0o077 == 0
    draft.discard()
    draft.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_resized_draft_has_the_hole_it_was_given(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "d", b"{}")
    draft.write(0, b"0123456789")
    draft.resize(4)
    assert (draft.is_whole(), draft.size, draft.part(0, 99)) == (True, 4, b"0123")
    draft.resize(8)
    assert not draft.is_whole()
    draft.write(4, b"abcd")
    assert (draft.is_whole(), draft.part(0, 99)) == (True, b"0123abcd")
    draft.discard()


# FILES -------------------------------------------------------------------------------------------------
def test_files_are_put_in_place_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert create_durably(path, b"first")
    assert not create_durably(path, b"second")
    assert path.read_bytes() == b"first"
    write_durably(path, b"third")
    assert path.read_bytes() == b"third"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


# PATHS -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "kind", "folder", "name"),
    [
        ("", Kind.FOLDER, "/", ""),
        (".", Kind.FOLDER, "/", ""),
        ("/incoming/", Kind.FOLDER, "/incoming", ""),
        ("ct", Kind.FOLDER, "/CT", ""),
        ("/incoming/CT", Kind.FOLDER, "/incoming/CT", ""),
        ("/reports", Kind.REPORTS, "/reports", ""),
        ("day.dat", Kind.UPLOAD, "/", "day.dat"),
        ("/Incoming/day.dat", Kind.UPLOAD, "/incoming", "day.dat"),
        ("/CT/a b.dat", Kind.UPLOAD, "/CT", "a_b.dat"),
        ("reports/x.txt", Kind.REPORT, "/reports", "x.txt"),
        ("/reports/" + "x" * 200, Kind.REPORT, "/reports", "x" * 200),
        ("/NY", Kind.UPLOAD, "/", "NY"),
        ("/NY/day.dat", Kind.NOTHING, "", ""),
        ("/etc/passwd", Kind.NOTHING, "", ""),
        ("../../etc/passwd", Kind.NOTHING, "", ""),
        ("/incoming/../../../etc/passwd", Kind.NOTHING, "", ""),
        ("//etc/passwd", Kind.NOTHING, "", ""),
        ("/incoming/a\x00b", Kind.NOTHING, "", ""),
        ("/incoming/..\\..\\x", Kind.NOTHING, "", ""),
        ("/incoming/CT/x/y", Kind.NOTHING, "", ""),
        ("/reports/../incoming/x", Kind.UPLOAD, "/incoming", "x"),
    ],
)
def test_paths_lead_into_the_tree_or_nowhere(path: str, kind: Kind, folder: str, name: str) -> None:
    spot = locate(path, ["CT"])
    assert (spot.kind, spot.folder, spot.name) == (kind, folder, name)


@given(st.text())
def test_no_path_climbs_above_the_root(path: str) -> None:
    place = canonical(path)
    assert place.startswith("/")
    assert not place.startswith("//")
    assert ".." not in place.split("/")
    assert locate(path, ["CT"]).folder in {"", "/", "/incoming", "/CT", "/incoming/CT", "/reports"}


# GUESSES -----------------------------------------------------------------------------------------------
class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tries(backoff: Backoff, count: int, name: str = "a", peer: str = "192.0.2.1") -> list[bool]:
    return [backoff.admit(name, peer) for _ in range(count)]


def test_after_three_tries_a_name_waits_ever_longer_whether_it_exists_or_not() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    assert tries(backoff, 5) == [True, True, True, False, False]
    waits = []
    for _ in range(8):
        before = clock.now
        while not backoff.admit("a", "192.0.2.1"):
            clock.now += 0.5
        waits.append(clock.now - before)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_other_addresses_wait_for_the_name_and_other_names_do_not() -> None:
    backoff = Backoff(Clock())
    tries(backoff, 3)
    assert not backoff.admit("a", "192.0.2.2")
    assert backoff.admit("b", "192.0.2.1")


def test_an_address_that_tries_many_names_waits() -> None:
    backoff = Backoff(Clock())
    assert [backoff.admit(f"n{number}", "192.0.2.1") for number in range(21)] == [True] * 20 + [False]
    assert backoff.admit("n0", "192.0.2.2")


def test_an_attacker_cannot_lock_a_name_out_of_its_own_address() -> None:
    backoff = Backoff(Clock())
    assert backoff.admit("a", "192.0.2.1")
    backoff.succeeded("a", "192.0.2.1")
    tries(backoff, 50, peer="203.0.113.9")
    assert not backoff.admit("a", "203.0.113.9")
    assert backoff.admit("a", "192.0.2.1")


def test_a_right_password_ends_the_waiting_and_time_forgets() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    tries(backoff, 2)
    backoff.succeeded("a", "192.0.2.1")
    assert tries(backoff, 3) == [True] * 3
    assert not backoff.admit("a", "192.0.2.1")
    clock.now += 901
    assert tries(backoff, 3) == [True] * 3


def test_what_it_remembers_is_bounded() -> None:
    backoff = Backoff(Clock(), remembered=10)
    for number in range(1000):
        backoff.admit(f"n{number}", f"192.0.2.{number}")
        backoff.succeeded(f"n{number}", f"192.0.2.{number}")
    assert len(backoff._counts) <= 10
    assert len(backoff._known) <= 10


# HOST KEYS ---------------------------------------------------------------------------------------------
def test_host_keys_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    keys = host_keys(tmp_path / "keys")
    assert {(key.get_name(), key.get_bits()) for key in keys.keys} == {
        ("ssh-ed25519", 256),
        ("ecdsa-sha2-nistp256", 256),
        ("ssh-rsa", 3072),
    }
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "keys").iterdir())
    prints = keys.fingerprints()
    assert len(prints) == 3
    assert all(one.startswith("SHA256:") for one in prints.values())
    assert host_keys(tmp_path / "keys").fingerprints() == prints


def test_a_host_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    host_keys(tmp_path / "keys")
    (tmp_path / "keys" / "ssh_host_ed25519_key").chmod(0o644)
    with pytest.raises(UnsafeHostKeyError, match="mode 644: others may have read it"):
        host_keys(tmp_path / "keys")


def test_a_damaged_host_key_is_named(tmp_path: Path) -> None:
    host_keys(tmp_path / "keys")
    (tmp_path / "keys" / "ssh_host_rsa_key").write_bytes(b"rubbish")
    with pytest.raises(UnsafeHostKeyError, match="ssh_host_rsa_key cannot be read"):
        host_keys(tmp_path / "keys")


def test_only_a_plain_line_with_the_very_key_lets_in(tmp_path: Path) -> None:
    ed25519, ecdsa, _ = host_keys(tmp_path / "keys").keys
    line = f"ssh-ed25519 {ed25519.get_base64()}"
    assert same_key(ed25519, ["", "# a note", line + " with a comment"])
    assert not same_key(ed25519, [])
    assert not same_key(ecdsa, [line])
    assert not same_key(ed25519, ["# " + line, f'from="192.0.2.1" {line}', f"cert-authority {line}"])
