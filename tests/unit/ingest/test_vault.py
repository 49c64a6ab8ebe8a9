import hashlib
import io
import os
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.errors import DamagedBytesError, NotInVaultError, WrongVaultKeyError
from ingest.vault import PIECE_BYTES, Vault


KEY = bytes(range(32))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", KEY)


def place_of(vault: Vault, digest: str) -> Path:
    return vault.root / digest[:2] / digest


@pytest.mark.parametrize("size", [0, 1, 1000, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES])
def test_gives_back_what_it_kept_under_its_sha256(vault: Vault, size: int) -> None:
    data = os.urandom(size)
    digest = vault.keep(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert vault.holds(digest)
    assert vault.read(digest) == data


def test_keeps_bytes_a_file_and_a_stream_alike(vault: Vault, tmp_path: Path) -> None:
    data = os.urandom(3000)
    (tmp_path / "file").write_bytes(data)
    assert vault.keep(data) == vault.keep(tmp_path / "file") == vault.keep(io.BytesIO(data))
    assert [path.name for path in vault.root.rglob("*") if len(path.name) == 64] == [hashlib.sha256(data).hexdigest()]


def test_nothing_of_a_file_is_on_disk_in_the_clear_nor_open_to_others(vault: Vault) -> None:
    vault.keep(b"ZZCANARY" * 1000)
    files = [path for path in vault.root.rglob("*") if path.is_file()]
    assert files
    assert all(b"ZZCANARY" not in path.read_bytes() for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in vault.root.rglob("*"))
    assert list((vault.root / "drafts").iterdir()) == []


def test_two_files_alike_in_part_share_no_ciphertext(vault: Vault) -> None:
    first, second = (place_of(vault, vault.keep(b"A" * 500 + end)).read_bytes() for end in (b"1", b"2"))
    assert first[40:60] != second[40:60]


def test_another_key_is_refused_at_the_door(vault: Vault) -> None:
    with pytest.raises(WrongVaultKeyError, match="made with another key"):
        Vault(vault.root, bytes(32))
    with pytest.raises(WrongVaultKeyError, match="32 bytes; 3 were given"):
        Vault(vault.root, b"abc")


def test_opens_again_with_its_key(vault: Vault) -> None:
    digest = vault.keep(b"data")
    assert Vault(vault.root, KEY).read(digest) == b"data"


@pytest.mark.parametrize("at", [0, 10, 45, -1, "cut in a piece", "cut between pieces", "piece left out"])
def test_any_damage_is_found(vault: Vault, at: int | str) -> None:
    digest = vault.keep(os.urandom(2 * PIECE_BYTES + 5))
    place = place_of(vault, digest)
    sealed = bytearray(place.read_bytes())
    piece = PIECE_BYTES + 16
    if at == "cut in a piece":
        del sealed[-3:]
    elif at == "cut between pieces":
        del sealed[40 + piece :]
    elif at == "piece left out":
        del sealed[40 : 40 + piece]
    else:
        assert isinstance(at, int)
        sealed[at] ^= 1
    place.write_bytes(sealed)
    with pytest.raises(DamagedBytesError, match=digest):
        vault.read(digest)


def test_a_file_under_anothers_digest_is_found(vault: Vault) -> None:
    one, other = vault.keep(b"one"), vault.keep(b"other")
    place_of(vault, one).write_bytes(place_of(vault, other).read_bytes())
    with pytest.raises(DamagedBytesError, match="ask its sender to send it again"):
        vault.read(one)


def test_kept_again_a_damaged_file_is_whole_again(vault: Vault) -> None:
    digest = vault.keep(b"data")
    place_of(vault, digest).write_bytes(b"rubbish")
    assert vault.keep(b"data") == digest
    assert vault.read(digest) == b"data"


@pytest.mark.parametrize("digest", ["0" * 64, "", "../key-check", "A" * 64, "0" * 63 + "/"])
def test_what_is_not_there_is_said_so(vault: Vault, digest: str) -> None:
    with pytest.raises(NotInVaultError):
        vault.read(digest)


def test_discards_what_is_too_old_but_what_must_be_spared(vault: Vault) -> None:
    old, spared, young = (vault.keep(name) for name in (b"old", b"spared", b"young"))
    for digest in (old, spared):
        long_ago = (NOW - timedelta(days=400)).timestamp()
        os.utime(place_of(vault, digest), (long_ago, long_ago))
    os.utime(place_of(vault, young), (NOW.timestamp(), NOW.timestamp()))
    assert vault.discard_older_than(NOW - timedelta(days=365), spare={spared}) == [old]
    assert [vault.holds(digest) for digest in (old, spared, young)] == [False, True, True]


def test_sweeps_what_killed_processes_left_half_written(vault: Vault) -> None:
    for name, age in (("gone", 2), ("living", 0)):
        draft = vault.root / "drafts" / name
        draft.write_bytes(b"half")
        then = (NOW - timedelta(days=age)).timestamp()
        os.utime(draft, (then, then))
    vault.sweep_drafts(NOW - timedelta(days=1))
    assert [draft.name for draft in (vault.root / "drafts").iterdir()] == ["living"]


def test_a_failure_leaves_no_draft(vault: Vault) -> None:
    class Failing:
        def read(self, _size: int, /) -> bytes:
            raise OSError("the source is gone")

    with pytest.raises(OSError, match="the source is gone"):
        vault.keep(Failing())
    assert list((vault.root / "drafts").iterdir()) == []


def test_keeping_holds_a_few_pieces_in_memory_however_long_the_file(vault: Vault, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(24 * PIECE_BYTES)
    tracemalloc.start()
    vault.keep(large)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * PIECE_BYTES
