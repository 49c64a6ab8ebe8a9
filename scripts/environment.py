"""Make or mend `.venv`: the pinned packages, and this checkout beside them.

A STAMP inside `.venv` says from what it was made: the digests of requirements.txt and pyproject.toml,
the Python version, and where the checkout lay. It is written last, so an environment without it, or with
another one, is stale, torn or moved, and is made again. Where only pyproject.toml changed, only this
checkout is installed again.

Standard library only: this runs before anything is installed. `scripts/bootstrap.sh` finds the Python.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator


REQUIREMENTS = "requirements.txt"
# What the environment fills on a disk, and what pip needs beside it while it unpacks.
NEEDED_BYTES = 2_000_000_000


class SetUpError(Exception):
    """The environment cannot be made; the text says why and what to do. Trying again is safe."""


def stamp(root: Path) -> dict[str, str]:
    """What an environment made here and now would be made from."""
    return {
        "requirements": _digest(root / REQUIREMENTS),
        "pyproject": _digest(root / "pyproject.toml"),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "root": str(root),
    }


def stamped(root: Path) -> dict[str, str] | None:
    """What the present environment was made from; None where it is missing or torn."""
    try:
        found: dict[str, str] = json.loads((_environment(root) / "stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def runs(root: Path) -> bool:
    """True where the environment's own Python starts and is of the stamped version."""
    python = _environment(root) / "bin" / "python"
    ask = [str(python), "-I", "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our own path
    except (OSError, subprocess.SubprocessError):
        return False
    present = stamped(root)
    return present is not None and answer.stdout.strip() == present["python"]


def make(root: Path) -> None:
    """Bring the environment to what the checkout asks for, doing no more than that takes.

    Raises:
        SetUpError: the disk is full, a package cannot be had, the folder cannot be written.
    """
    wanted = stamp(root)
    with _alone(root):
        present = stamped(root)
        if present == wanted and runs(root):  # somebody else made it while this one waited
            return
        if present is not None and {**present, "pyproject": wanted["pyproject"]} == wanted and runs(root):
            (_environment(root) / "stamp.json").unlink()
        else:
            _build(root, wanted["python"])
        _install_checkout(root)
        (_environment(root) / "stamp.json").write_text(json.dumps(wanted, indent=1), encoding="utf-8")


def _build(root: Path, version: str) -> None:
    environment = _environment(root)
    started = time.monotonic()
    if environment.is_symlink() or environment.is_file():
        environment.unlink()
    elif environment.exists():
        _say("The environment in .venv is out of date or broken: making it again.")
        shutil.rmtree(environment)
    free = shutil.disk_usage(root).free
    if free < NEEDED_BYTES:
        raise SetUpError(
            f"Only {free / 1e9:.1f} GB are free where this checkout lies; making the environment needs "
            f"{NEEDED_BYTES / 1e9:.0f} GB.\nMake room, then run make again."
        )
    count = sum("==" in line for line in (root / REQUIREMENTS).read_text(encoding="utf-8").splitlines())
    _say(f"Making .venv with Python {version}: {count} packages, about 1 GB on disk, once. A minute or two.")
    try:
        venv.create(environment, with_pip=True, symlinks=True)
    except (subprocess.SubprocessError, ValueError) as error:
        raise SetUpError(f"Python {version} could not make a virtual environment here: {error}") from error
    _pip(root, "install", "--require-hashes", "--only-binary=:all:", "--no-compile", "-r", REQUIREMENTS, count=count)
    _say(f"Packages are in place ({time.monotonic() - started:.0f} s).")


def _install_checkout(root: Path) -> None:
    """Install this checkout in place. The build tools are pinned packages too, so nothing is downloaded."""
    _pip(
        root,
        *("install", "--no-deps", "--no-build-isolation", "--no-index"),
        *("--config-settings", "editable_mode=compat", "--editable", "."),
    )


def _pip(root: Path, *arguments: str, count: int = 0) -> None:
    """Run the environment's pip, showing how far it is and, only where it fails, what it said."""
    command = [
        str(_environment(root) / "bin" / "python"),
        "-I",
        "-m",
        "pip",
        "--no-input",
        "--disable-pip-version-check",
    ]
    # Where somebody's pip is told to install elsewhere, this one is not. Mirrors and proxies stay theirs to set.
    elsewhere = {
        *("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_NO_BINARY"),
        *("PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_EDITABLE", "PIP_QUIET"),
    }
    process = subprocess.Popen(  # noqa: S603 - our own path and arguments
        [
            *command,
            *arguments,
            "--progress-bar=off",
            *(["--root-user-action=ignore"] if "install" in arguments else []),
        ],
        cwd=root,
        env={name: value for name, value in os.environ.items() if name not in elsewhere},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines: list[str] = []
    seen = 0
    for line in process.stdout or ():
        lines.append(line.rstrip())
        if line.startswith("Collecting "):
            seen += 1
            _show_progress(seen, count)
        elif count and line.startswith("Installing collected packages"):
            _say("  all packages are here; unpacking them")
    if process.wait() != 0:
        said = "\n".join(f"  | {line}" for line in lines[-15:])
        raise SetUpError(f"pip could not install the packages. It said:\n{said}\n{_next_step(lines)}")


def _show_progress(seen: int, count: int) -> None:
    step = 25
    if sys.stdout.isatty():
        sys.stdout.write(f"\r  package {seen} of {max(seen, count)} " + ("\n" if seen == count else ""))
        sys.stdout.flush()
    elif seen % step == 0:
        _say(f"  package {seen} of {max(seen, count)}")


def _next_step(lines: list[str]) -> str:
    """What to do about what pip said."""
    said = "\n".join(lines)
    signs = {
        "DO NOT MATCH THE HASHES": "A package differs from the one that was recorded. Do not go around this: "
        "ask whoever runs your package mirror, or try another network.",
        "No space left": "The disk is full. Make room, then run make again.",
        "No matching distribution": "A package was not found for this system and Python. Where a mirror or proxy is "
        "needed, set PIP_INDEX_URL or HTTPS_PROXY; else try another Python (make PYTHON=python3.12 COMMAND). "
        "Supported: Linux with glibc 2.28 or newer and macOS 12 or newer, on x86-64 and ARM64.",
        "Connection": "The package index was not reached. Check the network, or set PIP_INDEX_URL or HTTPS_PROXY, "
        "then run make again.",
        "Permission denied": "A folder cannot be written. Check who owns this checkout, then run make again.",
    }
    for sign, step in signs.items():
        if sign in said:
            return step
    return "Mend what it names, then run make again: it starts where a clean environment starts."


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the lock of this checkout's environment. The kernel lets go of it when the holder dies."""
    with (root / ".venv.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another make is preparing the environment: waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            _say("This file system knows no locks: run no second make until the environment is made.")
        yield


def _environment(root: Path) -> Path:
    return root / ".venv"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Make the environment, or with --is-current only say by the exit code whether that is needed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--is-current", action="store_true", help="change nothing: exit 0 where the environment is current"
    )
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    if arguments.is_current:
        # Asked by the environment's own Python: that it answers shows that it runs.
        return 0 if stamped(root) == stamp(root) else 1
    try:
        make(root)
    except SetUpError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(
            f"The environment cannot be made: {error.strerror}: {error.filename}\nMend that, then run make again.\n"
        )
        return 1
    except KeyboardInterrupt:
        with suppress(OSError):
            sys.stderr.write("\nStopped. Run make again to go on: what is half made is made again.\n")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
