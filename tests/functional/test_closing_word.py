"""What is not run is said, and where changes are judged it is not skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import os
import socket
import pytest

@pytest.mark.needs_strace
def test_traced(): pass

@pytest.mark.needs_sftp
@pytest.mark.needs_strace
def test_both(): pass

@pytest.mark.long
def test_long(): pass

@pytest.mark.bench
def test_bench(): pass

def test_surroundings():
    assert "HOME" not in os.environ
    assert "PDMP_HOME" not in os.environ

def test_network():
    with socket.socket() as it, pytest.raises(OSError, match="loopback only"):
        it.connect(("192.0.2.1", 9))
    with pytest.raises(OSError, match="loopback only"):
        socket.getaddrinfo("name.invalid", 80)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A small suite under our own conftest and settings, in a folder with a space."""
    suite = tmp_path / "a suite"
    suite.mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", suite)
    shutil.copy(ROOT / "pyproject.toml", suite)
    (suite / "test_sample.py").write_text(TESTS, encoding="utf-8")
    return suite


def run(suite: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the suite where no system package is on the path."""
    (suite / "empty").mkdir(exist_ok=True)
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PDMP", "COV"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not long and not bench", *options, "."],
        cwd=suite,
        env={**outer, "PATH": str(suite / "empty"), "HOME": str(suite), "PDMP_HOME": str(suite), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_the_end_names_what_was_not_run_and_what_enables_it(suite: Path, options: tuple[str, ...]) -> None:
    outcome = run(suite, *options)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    end = outcome.stdout.partition("not run")[2]
    assert "1 tests: long, run by `make test-long`" in end
    assert "1 tests: bench, run by `make bench`" in end
    assert "needs strace (apt install strace)" in end
    assert "2 passed, 2 skipped" in outcome.stdout


def test_a_missing_package_fails_where_changes_are_judged(suite: Path) -> None:
    outcome = run(suite, PDMP_CI="1")
    assert outcome.returncode == 1
    assert "nothing is skipped for want of a package" in outcome.stdout
    assert "2 passed" in outcome.stdout
