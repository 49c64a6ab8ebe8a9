"""The house's shape: every room says what it is for, modules stay readable, tests lie where they belong."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Module


FACE_LINES = 50
MODULE_LINES = 350
# Longer modules, each with its reason.
EXPLAINED = {
    "schemas/report.py": "types whose docstrings are the published interface",
}

KINDS = {
    *("architecture", "benchmarks", "browser", "docs", "functional", "generative", "scenarios", "spec", "unit"),
}
VAGUE = {"utils", "util", "common", "helpers", "helper", "misc"}


def test_every_room_says_what_it_is_for(modules: list[Module], rooms: tuple[str, ...]) -> None:
    faces = {module.path.as_posix(): module for module in modules if module.path.name == "__init__.py"}
    assert {f"{room}/__init__.py" for room in rooms} <= set(faces)
    for path, face in faces.items():
        if "migrations" in path:
            continue
        assert ast.get_docstring(face.tree), f"{path} says nothing"
    for room in rooms:
        assert len(faces[f"{room}/__init__.py"].text.splitlines()) <= FACE_LINES, f"{room}'s face is too long"


def test_every_package_with_an_init_is_a_known_room(root: Path, rooms: tuple[str, ...]) -> None:
    assert {path.parent.name for path in root.glob("*/__init__.py")} == set(rooms)


def test_contracts_packaging_and_types_know_every_room(root: Path, rooms: tuple[str, ...]) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert set(settings["importlinter"]["root_packages"]) == set(rooms)
    assert set(settings["mypy"]["packages"]) == set(rooms)
    assert {name.rstrip("*") for name in settings["setuptools"]["packages"]["find"]["include"]} == set(rooms)


def test_modules_stay_readable(modules: list[Module]) -> None:
    long = {module.path.as_posix(): len(module.text.splitlines()) for module in modules}
    long = {path: lines for path, lines in long.items() if lines > MODULE_LINES}
    assert set(long) <= set(EXPLAINED), f"longer than {MODULE_LINES} lines without a reason: {long}"


def test_names_say_something(modules: list[Module]) -> None:
    assert [module.name for module in modules if VAGUE & set(module.name.split("."))] == []


def test_tests_lie_where_their_kind_lies(root: Path, rooms: tuple[str, ...]) -> None:
    tests = root / "tests"
    kinds = {path.name for path in tests.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}
    assert kinds <= KINDS
    unit = {path.name for path in (tests / "unit").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert unit <= set(rooms), "tests/unit mirrors the rooms"


def test_test_files_have_names_of_their_own(root: Path) -> None:
    names = Counter(path.name for path in (root / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
    assert list((root / "tests").rglob("__init__.py")) == []
