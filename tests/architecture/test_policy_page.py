"""docs/reference/policy.md: every requirement once, with a place that exists or an honest "not yet"."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest


PAGE = "docs/reference/policy.md"
NUMBERS = [f"P-{number:03}" for number in range(1, 199)] + [f"L-{number:02}" for number in range(1, 16)]

ROW = re.compile(r"^\| ([PL]-\d+) \| (.+?) \| ([EROSC ]+) \| (.+) \|$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


def rows(text: str) -> list[tuple[str, str]]:
    """Number and place of each row."""
    return [(number, place) for number, _wording, _marks, place in ROW.findall(text)]


def fault(root: Path, place: str) -> str | None:
    """What is wrong with a row's place; None where all is well.

    A place is "not yet", "organisational", or text with links whose labels are ``path``,
    ``path::symbol`` or ``path#heading``, and which point at that file.
    """
    links = LINK.findall(place)
    if not links and place.startswith(("not yet", "organisational: ")):
        return None
    if not links:
        return "neither a link nor 'not yet'"
    return next(filter(None, (dead(root, label.strip("`"), target) for label, target in links)), None)


def dead(root: Path, label: str, target: str) -> str | None:
    """What is wrong with one link."""
    path, _, symbol = label.partition("::")
    path, _, heading = path.partition("#")
    file = root / path
    what = None
    if not file.exists():
        what = f"{path} does not exist"
    elif (root / PAGE).parent.joinpath(target.partition("#")[0]).resolve() != file.resolve():
        what = f"the link of {label} points elsewhere"
    elif symbol and symbol not in symbols(file):
        what = f"{path} has no {symbol}"
    elif heading and heading not in headings(file):
        what = f"{path} has no heading {heading}"
    return what


def symbols(file: Path) -> set[str]:
    """What a file defines: names of a Python module, first cells of a CSV table."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".csv":
        return {line.partition(",")[0] for line in text.splitlines()}
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for name in names(node.body)}
        found |= names([node])
    return found


def names(body: list[ast.stmt]) -> set[str]:
    """What statements define, one level deep."""
    found = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def headings(file: Path) -> set[str]:
    """The anchors of a Markdown page's headings."""
    lines = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_every_requirement_stands_once(root: Path) -> None:
    assert [number for number, _place in rows((root / PAGE).read_text(encoding="utf-8"))] == NUMBERS


def test_every_place_exists(root: Path) -> None:
    found = {number: fault(root, place) for number, place in rows((root / PAGE).read_text(encoding="utf-8"))}
    assert {number: what for number, what in found.items() if what} == {}


def test_the_count_at_the_top_is_true(root: Path) -> None:
    text = (root / PAGE).read_text(encoding="utf-8")
    places = [place for _number, place in rows(text)]
    waiting = sum(place.startswith("not yet") for place in places)
    people = sum(place.startswith("organisational") for place in places)
    assert f"{len(places) - waiting - people} have a place, {people} are organisational, {waiting} not yet" in text


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("enforced", "neither a link"),
        ("[schemas/gone.py](../../schemas/gone.py)", "does not exist"),
        ("[schemas/finding.py::Gone](../../schemas/finding.py)", "has no Gone"),
        ("[schemas/finding.py](../../schemas/reading.py)", "points elsewhere"),
        ("[docs/reference/policy.md#gone](policy.md#gone)", "has no heading"),
    ],
)
def test_a_dead_place_is_seen(root: Path, place: str, what: str) -> None:
    assert what in (fault(root, place) or "")


def test_a_live_place_passes(root: Path) -> None:
    place = "enforced by [`schemas/finding.py::Severity.ERROR`](../../schemas/finding.py), [`LICENSE`](../../LICENSE)"
    assert fault(root, place) is None
