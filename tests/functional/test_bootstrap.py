"""The two commands' ground: a Python is found or asked for, and `.venv` is made, mended or left alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


ROOT = Path(__file__).resolve().parents[2]
BASE = Path(getattr(sys, "_base_executable", sys.executable)).resolve()

# What a shell needs beside Python.
TOOLS = ("sh", "dirname", "cat", "env", "make", "sed", "printf", "echo")


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{textwrap.dedent(text)}", encoding="utf-8")
    path.chmod(0o755)


def python_of_version(path: Path, major: int, minor: int) -> None:
    """A Python that runs, and says that it is of another version."""
    program(
        path,
        f"""\
        [ "$1" = -I ] && [ "$2" = -c ] || exec {BASE} "$@"
        exec {BASE} -I -c 'import sys; code = sys.argv.pop(1); sys.version_info = ({major}, {minor}, 0, "final", 0)
        exec(code)' "$3"
        """,
    )


def python_without_venv(path: Path) -> None:
    """A Python of Debian's: right version, but venv and ensurepip are another package."""
    program(
        path,
        f"""\
        case "$3" in
            "import ensurepip, venv") echo "No module named ensurepip" >&2; exit 1 ;;
            *_base_executable*) echo "$0" ;;
            *) exec {BASE} "$@" ;;
        esac
        """,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a folder with a space, whose only requirement lies in a folder beside it."""
    checkout = tmp_path / "my checkout"
    (checkout / "scripts").mkdir(parents=True)
    for name in ("bootstrap.sh", "environment.py"):
        shutil.copy(ROOT / "scripts" / name, checkout / "scripts")
    shutil.copy(ROOT / "Makefile", checkout)
    (checkout / "requirements.txt").write_text("# nothing yet\n", encoding="utf-8")
    (checkout / "pyproject.toml").write_text("# one\n", encoding="utf-8")
    return checkout


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder with the shell's tools and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return folder


def bootstrap(checkout: Path, path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the bootstrap as cron would: no HOME, no terminal, no locale, and only `path` to find programs."""
    return subprocess.run(
        ["sh", "scripts/bootstrap.sh"],
        cwd=checkout,
        env={"PATH": str(path), **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_explains_every_command(checkout: Path, path: Path) -> None:
    outcome = subprocess.run(
        ["make"], cwd=checkout, env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    named = {line.split()[0] for line in outcome.stdout.splitlines() if line.startswith("  ")}
    assert named == {
        *("help", ".venv", "demo", "test", "test-long", "check", "serve", "docs", "accept", "bench", "clean"),
    }
    assert not (checkout / ".venv").exists()


class TestFindingAPython:
    def test_none_at_all(self, checkout: Path, path: Path) -> None:
        outcome = bootstrap(checkout, path)
        assert outcome.returncode == 1
        assert "No Python from 3.11 to 3.14 was found" in outcome.stderr
        for way in ("apt install python3", "dnf install", "brew install", "make PYTHON="):
            assert way in outcome.stderr

    def test_too_old_too_new_or_broken_is_none(self, checkout: Path, path: Path) -> None:
        python_of_version(path / "python3", 3, 9)
        python_of_version(path / "python3.14", 3, 15)
        program(path / "python", "exit 127")
        assert "No Python from 3.11 to 3.14" in bootstrap(checkout, path).stderr

    def test_an_older_python3_is_passed_over_for_a_newer_one(self, checkout: Path, path: Path) -> None:
        python_of_version(path / "python3", 3, 9)
        (path / "python3.12").symlink_to(BASE)
        program(checkout / "scripts" / "environment.py", "")
        (checkout / "scripts" / "environment.py").write_text("import sys; print('handed to', sys.executable)")
        outcome = bootstrap(checkout, path)
        assert "handed to" in outcome.stdout, outcome.stderr

    def test_without_venv_the_package_is_named(self, checkout: Path, path: Path) -> None:
        python_without_venv(path / "python3")
        outcome = bootstrap(checkout, path)
        assert outcome.returncode == 1
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        assert f"apt install python{version}-venv" in outcome.stderr

    def test_without_venv_another_python_that_has_it_is_taken(self, checkout: Path, path: Path) -> None:
        python_without_venv(path / "python3")
        (path / "python3.11").symlink_to(BASE)
        (checkout / "scripts" / "environment.py").write_text("print('handed over')")
        assert "handed over" in bootstrap(checkout, path).stdout

    def test_a_chosen_python_that_does_not_fit_is_not_replaced_by_another(self, checkout: Path, path: Path) -> None:
        (path / "python3").symlink_to(BASE)
        python_of_version(path / "old", 3, 8)
        outcome = bootstrap(checkout, path, PYTHON=str(path / "old"))
        assert outcome.returncode == 1
        assert f"PYTHON={path / 'old'} is not a Python that can be used" in outcome.stderr

    def test_make_takes_the_chosen_python_from_its_command_line(self, checkout: Path, path: Path) -> None:
        outcome = subprocess.run(
            ["make", f"PYTHON={path / 'absent'}", ".venv"],
            cwd=checkout,
            env={"PATH": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert outcome.returncode != 0
        assert "absent is not a Python that can be used" in outcome.stderr


def load_environment() -> Any:
    namespace: dict[str, Any] = {"__name__": "environment", "__file__": str(ROOT / "scripts" / "environment.py")}
    exec(compile((ROOT / "scripts" / "environment.py").read_text("utf-8"), "environment.py", "exec"), namespace)  # noqa: S102
    return namespace


class TestTheEnvironment:
    """With a stand-in for pip's work, so that each case takes no minute."""

    @pytest.fixture
    def made(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        environment = load_environment()
        calls: list[str] = []

        def pip(_root: Path, *arguments: str, **_more: object) -> None:
            calls.append("checkout" if "--editable" in arguments else "requirements")

        def create(folder: Path, **_more: object) -> None:
            (Path(folder) / "bin").mkdir(parents=True)
            (Path(folder) / "bin" / "python").symlink_to(sys.executable)

        monkeypatch.setitem(environment, "_pip", pip)
        monkeypatch.setattr("venv.create", create)
        environment["calls"] = calls
        environment["make"](checkout)
        return environment

    def test_a_current_one_is_left_alone(self, checkout: Path, made: Any) -> None:
        assert made["calls"] == ["requirements", "checkout"]
        made["make"](checkout)
        assert made["calls"] == ["requirements", "checkout"]

    def test_other_requirements_make_it_again(self, checkout: Path, made: Any) -> None:
        (checkout / "requirements.txt").write_text("# other\n", encoding="utf-8")
        (checkout / ".venv" / "left-over").touch()
        made["make"](checkout)
        assert made["calls"][2:] == ["requirements", "checkout"]
        assert not (checkout / ".venv" / "left-over").exists()

    def test_another_project_file_installs_only_the_checkout(self, checkout: Path, made: Any) -> None:
        (checkout / "pyproject.toml").write_text("# two\n", encoding="utf-8")
        made["make"](checkout)
        assert made["calls"][2:] == ["checkout"]

    def test_a_moved_checkout_makes_it_again(self, checkout: Path, made: Any) -> None:
        moved = checkout.with_name("moved")
        checkout.rename(moved)
        made["make"](moved)
        assert made["calls"][2:] == ["requirements", "checkout"]

    def test_a_broken_interpreter_makes_it_again(self, checkout: Path, made: Any) -> None:
        (checkout / ".venv" / "bin" / "python").unlink()
        (checkout / ".venv" / "bin" / "python").symlink_to("gone")
        made["make"](checkout)
        assert made["calls"][2:] == ["requirements", "checkout"]

    @pytest.mark.parametrize("content", ["", "{", '{"python": "3.9"}'])
    def test_a_torn_stamp_makes_it_again(self, checkout: Path, made: Any, content: str) -> None:
        (checkout / ".venv" / "stamp.json").write_text(content, encoding="utf-8")
        made["make"](checkout)
        assert made["calls"][2:] == ["requirements", "checkout"]

    def test_a_failure_leaves_no_stamp(self, checkout: Path, made: Any) -> None:
        def pip(*_arguments: object, **_more: object) -> None:
            raise made["SetUpError"]("no")

        made["_pip"] = pip
        (checkout / "pyproject.toml").write_text("# two\n", encoding="utf-8")
        with pytest.raises(made["SetUpError"]):
            made["make"](checkout)
        assert not (checkout / ".venv" / "stamp.json").exists()

    def test_a_full_disk_is_said_before_the_download(
        self,
        checkout: Path,
        made: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=5))
        (checkout / "requirements.txt").write_text("# other\n", encoding="utf-8")
        with pytest.raises(made["SetUpError"], match=r"Only 0\.0 GB are free"):
            made["make"](checkout)

    @pytest.mark.parametrize(
        ("said", "step"),
        [
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "Do not go around this"),
            ("ERROR: [Errno 28] No space left on device", "Make room"),
            ("NewConnectionError: Connection refused\nERROR: No matching distribution found", "HTTPS_PROXY"),
            ("something nobody has seen", "run make again"),
        ],
    )
    def test_a_failure_of_pip_says_what_to_do(self, made: Any, said: str, step: str) -> None:
        assert step in made["_next_step"](said.splitlines())


HOLD = """
import fcntl, sys
lock = open(".venv.lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_two_makes_at_once_wait_for_each_other(checkout: Path, path: Path) -> None:
    (path / "python3").symlink_to(BASE)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    waiting = subprocess.Popen(
        ["sh", "scripts/bootstrap.sh"],
        cwd=checkout,
        env={"PATH": str(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert waiting.stdout is not None
    assert "waiting for it" in waiting.stdout.readline()
    time.sleep(0.2)
    assert waiting.poll() is None
    # The kernel lets go of the lock when its holder dies, however it dies.
    holder.kill()
    assert "Making .venv" in waiting.stdout.readline()
    waiting.kill()
    waiting.communicate()
    holder.communicate()


@pytest.mark.long
class TestForReal:
    """The whole environment from nothing; takes minutes and may download."""

    def test_a_fresh_copy_installs_runs_and_then_needs_no_network(self, tmp_path: Path) -> None:
        clone = tmp_path / "a fresh clone"
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, files.split("\0")):
            if (ROOT / name).is_file():
                (clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, clone / name)
        surroundings = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "SSL"))}
        surroundings |= {"PATH": f"{BASE.parent}:/usr/bin:/bin", "LC_ALL": "C"}
        outcome = subprocess.run(
            ["make", ".venv"], cwd=clone, env=surroundings, capture_output=True, text=True, check=False
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        # Where nothing answers, what needed the network would fail.
        offline = {
            "PATH": surroundings["PATH"],
            "PIP_INDEX_URL": "http://127.0.0.1:9/",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }
        again = subprocess.run(
            ["make", ".venv"], cwd=clone, env=offline, capture_output=True, text=True, check=False, timeout=20
        )
        assert (again.returncode, again.stdout) == (0, "")
        (clone / "pyproject.toml").write_text((clone / "pyproject.toml").read_text("utf-8") + "\n# changed\n", "utf-8")
        changed = subprocess.run(["make", ".venv"], cwd=clone, env=offline, capture_output=True, text=True, check=False)
        assert changed.returncode == 0, changed.stdout + changed.stderr
        shown = subprocess.run(
            [clone / ".venv" / "bin" / "pdmp", "--version"], env={}, capture_output=True, text=True, check=False
        )
        assert shown.returncode == 0, shown.stderr

    def test_a_wheel_holds_the_tables_and_migrations(self, tmp_path: Path) -> None:
        source = tmp_path / "source"
        shutil.copytree(
            ROOT,
            source,
            ignore=shutil.ignore_patterns(
                ".venv", ".git", "*.egg-info", "build", ".*_cache", "demo-home", "bench-home"
            ),
        )
        outcome = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", "out", "."],
            cwd=source,
            capture_output=True,
            text=True,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stderr
        (wheel,) = (source / "out").glob("open_pdmp-*.whl")
        inside = set(zipfile.ZipFile(wheel).namelist())
        rooms = [path.parent.name for path in ROOT.glob("*/__init__.py")]
        kept = {".py", ".csv", ".toml", ".mako", ".ini", ".typed"}
        wanted = {
            path.relative_to(ROOT).as_posix()
            for room in rooms
            for path in (ROOT / room).rglob("*")
            if path.suffix in kept and "__pycache__" not in path.parts
        }
        assert wanted - inside == set()
        assert {name.partition("/")[0] for name in inside} - set(rooms) <= {wheel.name.split("-py3")[0] + ".dist-info"}


def test_the_stamp_names_everything_an_environment_depends_on() -> None:
    environment = load_environment()
    assert set(environment["stamp"](ROOT)) == {"requirements", "pyproject", "python", "root"}
    assert json.dumps(environment["stamp"](ROOT))
