"""The supervisor with children that are small programs: kept running, ended together, never left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pdmp import supervisor
from pdmp.processes import Address, announce, announced, withdraw


CHILD = """
import json, os, sys, time
run, name = sys.argv[1], sys.argv[2]
path = os.path.join(run, name + ".json")
draft = path + ".tmp"
with open(draft, "w") as file:
    json.dump({"name": name, "pid": os.getpid(), "host": "127.0.0.1", "port": 1, "scheme": "x"}, file)
os.replace(draft, path)
if name == "brief" and not os.path.exists(os.path.join(run, "once")):
    open(os.path.join(run, "once"), "w").close()
    sys.exit(3)
sys.stdin.buffer.read()
"""


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Lets `supervise` start the small programs; their folder of announcements."""
    real = supervisor.Child

    def child(name: str, command: tuple[str, ...]) -> supervisor.Child:
        assert command[: len(supervisor.PROGRAM)] == supervisor.PROGRAM
        return real(name, (sys.executable, "-c", CHILD, str(tmp_path), name), pause=0.05)

    monkeypatch.setattr(supervisor, "Child", child)
    return tmp_path


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_dies_is_started_again_and_all_end_together(children: Path) -> None:
    stop, told, notices = threading.Event(), [], []

    def ready(addresses: object) -> None:
        told.append(addresses)
        stop.set()

    code = supervisor.supervise(("steady", "brief"), children, children, stop, ready=ready, notice=notices.append)
    assert code == 0
    assert len(told) == 1
    assert any("brief ended with code 3" in notice for notice in notices) or (children / "once").exists()
    for name in ("steady", "brief"):
        assert not is_alive(json.loads((children / f"{name}.json").read_text())["pid"])


def test_a_wrong_setting_ends_the_start_instead_of_being_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = supervisor.Child

    def child(name: str, _command: object) -> supervisor.Child:
        return real(name, (sys.executable, "-c", "raise SystemExit(78)"), pause=0.05)

    monkeypatch.setattr(supervisor, "Child", child)
    code = supervisor.supervise(("web",), tmp_path, tmp_path, threading.Event(), ready=print, notice=lambda _text: None)
    assert code == 78


def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, threading, pathlib\n"
        "from pdmp import supervisor\n"
        f"CHILD = {CHILD!r}\n"
        "real = supervisor.Child\n"
        "supervisor.Child = lambda name, command: real(name, (sys.executable, '-c', CHILD, sys.argv[1], name))\n"
        "run = pathlib.Path(sys.argv[1])\n"
        "supervisor.supervise(('one',), run, run, threading.Event(), ready=print, notice=print)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while announced(tmp_path, "one") is None and time.monotonic() < deadline:
        time.sleep(0.02)
    address = announced(tmp_path, "one")
    assert address is not None
    parent.kill()
    parent.wait()
    while is_alive(address.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(address.pid)


def test_only_the_own_announcement_is_withdrawn(tmp_path: Path) -> None:
    announce(tmp_path, Address("web", 1, "h", 2, "http"))
    withdraw(tmp_path, "web")
    assert announced(tmp_path, "web") is not None
    announce(tmp_path, Address("web", os.getpid(), "h", 2, "http"))
    withdraw(tmp_path, "web")
    assert announced(tmp_path, "web") is None


def test_nothing_in_the_folder_we_are_started_in_takes_our_modules_places(tmp_path: Path) -> None:
    for name in ("pdmp", "web", "typer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not ours')\n", encoding="utf-8")
    done = subprocess.run([*supervisor.PROGRAM, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("open-pdmp ")
