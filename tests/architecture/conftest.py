"""The program as text: its rooms and their modules, parsed once."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[2]

# Every top-level package, top of the house first.
ROOMS = (
    *("pdmp", "web", "compliance", "ingest", "lookup", "validation", "store", "access", "drugs", "schemas"),
    "sample_data",
)


@dataclass(frozen=True)
class Module:
    """One module of ours.

    Attributes:
        name: its dotted name.
        path: where it lies, from the root.
        text: its source.
        tree: the same, parsed.
    """

    name: str
    path: Path
    text: str
    tree: ast.Module


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def rooms() -> tuple[str, ...]:
    """The top-level packages."""
    return ROOMS


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Every module of every room."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            relative = path.relative_to(ROOT)
            name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            found.append(Module(name, relative, text, ast.parse(text)))
    return found


@pytest.fixture(scope="session")
def tracked_files() -> list[Path]:
    """Every file under version control, from the root; skips where this is no checkout."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: the files under version control are not known")
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
