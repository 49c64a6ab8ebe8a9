from __future__ import annotations

import multiprocessing
import os
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from access.errors import SecretsUnsafe
from access.secrets import FILE, Secrets


NAMES = ("person_key", "vault_key", "audit_key", "signing_key")


def test_secrets_are_made_once_and_read_from_then_on(tmp_path: Path) -> None:
    home = tmp_path / "a new home"
    first = Secrets.open(home)
    assert Secrets.open(home) == first
    values = [getattr(first, name) for name in NAMES]
    assert len(set(values)) == 4
    assert {len(value) for value in values} == {32}


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    one, two = Secrets.open(tmp_path / "one"), Secrets.open(tmp_path / "two")
    assert not {getattr(one, name) for name in NAMES} & {getattr(two, name) for name in NAMES}


def test_the_file_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Secrets.open(tmp_path / "home")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "home" / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "home").iterdir()] == [FILE]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o610])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    Secrets.open(tmp_path)
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(SecretsUnsafe, match=rf"mode {mode:04o}\)\. Run: chmod 600 '"):
        Secrets.open(tmp_path)


def test_secrets_are_not_made_beside_data_that_they_would_not_fit(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnsafe, match="Put back the copy that was kept"):
        Secrets.open(tmp_path, make=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"person_key = ", b'person_key = "00"', b"person_key = 7", b"\xff\xfe"])
def test_a_damaged_file_is_named_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SecretsUnsafe, match="Put back the copy") as caught:
        Secrets.open(tmp_path)
    assert FILE in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_secret_of_another_length_is_refused(tmp_path: Path) -> None:
    Secrets.open(tmp_path)
    path = tmp_path / FILE
    lines = [line[:-3] + '"' if line.startswith("vault_key") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))
    with pytest.raises(SecretsUnsafe, match="vault_key must be 32 bytes"):
        Secrets.open(tmp_path)


def test_secrets_given_from_elsewhere_go_first(tmp_path: Path) -> None:
    given = {name: bytes([number] * 32) for number, name in enumerate(NAMES)}
    assert Secrets.open(tmp_path / "none", given=given).vault_key == bytes([1] * 32)
    assert not (tmp_path / "none").exists()
    mixed = Secrets.open(tmp_path / "home", given={"audit_key": bytes(32)})
    assert mixed.audit_key == bytes(32)
    assert mixed.person_key == Secrets.open(tmp_path / "home").person_key


def test_a_secret_of_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnsafe, match="no secrets named adit_key"):
        Secrets.open(tmp_path, given={"adit_key": bytes(32)})


def test_no_secret_is_shown(tmp_path: Path) -> None:
    secrets = Secrets.open(tmp_path)
    assert repr(secrets) == str(secrets) == "Secrets(…)"


def _open(home: Path, barrier: Barrier, answers: multiprocessing.Queue[bytes]) -> None:
    barrier.wait(timeout=30)
    answers.put(Secrets.open(home).person_key)


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(3), context.Queue()
    processes = [context.Process(target=_open, args=(tmp_path / "home", barrier, answers)) for _ in range(3)]
    for process in processes:
        process.start()
    keys = {answers.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(timeout=60)
    assert len(keys) == 1
