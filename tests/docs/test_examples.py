"""The documents' examples run: every fenced `sh` and `python` block, and the doctests of the nouns.

The `sh` blocks of one document run in order in one empty folder and keep their variables. Lines that
call `make` are left to `test_links.py`: this is what `make test` runs. What is to be read and not
run (a unit file, a session with an answer) stands in a block of another language.
"""

from __future__ import annotations

import doctest
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

import drugs
import schemas


if TYPE_CHECKING:
    from collections.abc import Iterator
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
        **{name: value for name, value in example.namespace.items() if name == "PDMP"},
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


PASSWORD = "A-synthetic-passw0rd!"


@contextmanager
def counter(folder: Path) -> Iterator[str]:
    """A counter with one sample file and one prescriber behind it; its address."""
    pdmp = [sys.executable, "-m", "pdmp", "--home", str(folder / "served")]
    person = ("maren.welby@example.org", "--name", "Maren Welby", "--role", "prescriber", "--password-stdin")
    for arguments in (
        ("dispenser", "import", str(ROOT / "sample_data" / "register.csv")),
        ("account", "add", *person),
        ("receive", str(ROOT / "sample_data" / "asap" / "one_dispensation_42b.dat")),
    ):
        outcome = subprocess.run(
            [*pdmp, *arguments], input=PASSWORD + "\n", capture_output=True, text=True, check=False, timeout=120
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    served = subprocess.Popen([*pdmp, "web", "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        yield _address(folder / "served" / "run" / "web.json", served)
    finally:
        served.terminate()
        served.communicate(timeout=30)


def _address(announcement: Path, process: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + 60
    while not announcement.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError("the counter did not come up:\n" + (process.stderr.read() if process.stderr else ""))
        time.sleep(0.05)
    where = json.loads(announcement.read_text(encoding="utf-8"))
    return f"{where['scheme']}://{where['host']}:{where['port']}"


@pytest.mark.needs_curl
def test_asking_for_a_report_works_as_told(tmp_path: Path) -> None:
    parsed = READER.parse(ROOT / "docs" / "how-to" / "ask-for-a-report.md")
    with counter(tmp_path) as address:
        parsed.namespace.update(folder=tmp_path, PDMP=address)
        for example in parsed.examples():
            example.evaluate()
            if (tmp_path / "report.json").exists():
                report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["summary"]["dispensations"] == 1
    assert report["criteria"]["scope"].startswith("Connecticut only")


def runnable() -> list[Any]:
    """The documents with examples, but the one above, each with what its examples need."""
    found = []
    for document in DOCUMENTS:
        if document.name != "ask-for-a-report.md" and examples(document):
            needs_keys = "ssh-keygen" in "".join(str(example.parsed) for example in examples(document))
            found.append(pytest.param(document, id=document.name, marks=pytest.mark.needs_sftp if needs_keys else ()))
    return found


@pytest.mark.parametrize("document", runnable())
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
