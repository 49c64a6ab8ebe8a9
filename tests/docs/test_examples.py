"""The documents' examples run: every fenced `sh` and `python` block, and the doctests of the nouns.

The `sh` blocks of one document run in order in one empty folder and keep their variables. Lines that
call `make` are left to `test_links.py`: this is what `make test` runs. What is to be read and not
run (a unit file, a session with an answer) stands in a block of another language.
"""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

import drugs
import schemas


if TYPE_CHECKING:
    from types import ModuleType


ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

# Keeps what a block exported for the next block of the same document.
SCRIPT = """\
set -eu
[ ! -f .exported ] || . ./.exported
set -a
{source}
set +a
export -p > .exported
"""


def run_shell(example: Example) -> None:
    """Run a block as a reader would type it, with this environment's `pdmp` on the path."""
    lines = [line for line in str(example.parsed).splitlines() if not line.startswith("make ")]
    if not any(lines):
        return
    folder: Path = example.namespace["folder"]
    surroundings = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PDMP_HOME": str(folder / "home"),
        "CHECKOUT": str(ROOT),
    }
    outcome = subprocess.run(
        ["sh", "-c", SCRIPT.format(source="\n".join(lines))],
        cwd=folder,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert outcome.returncode == 0, f"{Path(example.path).name}:{example.line}\n{outcome.stdout}{outcome.stderr}"


PARSERS = [CodeBlockParser(language="sh", evaluator=run_shell), PythonCodeBlockParser()]
READER = Sybil(parsers=PARSERS, pattern="*.md", path=str(ROOT))


def examples(document: Path) -> list[Example]:
    return list(READER.parse(document).examples())


@pytest.mark.parametrize(
    "document", [document for document in DOCUMENTS if examples(document)], ids=lambda path: path.name
)
def test_the_examples_of_a_document_run(document: Path, tmp_path: Path) -> None:
    parsed = READER.parse(document)
    parsed.namespace["folder"] = tmp_path
    for example in parsed.examples():
        example.evaluate()


def test_a_wrong_example_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('```sh\nGREETING=hello\n```\n\n```sh\ntest "$GREETING" = goodbye\n```\n', encoding="utf-8")
    parsed = READER.parse(page)
    parsed.namespace["folder"] = tmp_path
    first, second = parsed.examples()
    first.evaluate()
    with pytest.raises(AssertionError, match=r"page\.md:5"):
        second.evaluate()


def modules_of(package: ModuleType) -> list[str]:
    found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    return [package.__name__, *(module.name for module in found)]


@pytest.mark.parametrize("name", [*modules_of(schemas), *modules_of(drugs)])
def test_the_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
