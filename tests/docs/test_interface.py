"""Commands, options, settings and exit codes that a document names exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pdmp.commands import app
from pdmp.settings import Settings


ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    path
    for path in (
        ROOT / "README.md",
        ROOT / "SECURITY.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
    if path.name not in {"commands.md", "settings.md"}  # generated from the same source
]

# A command line in a block, or `pdmp …` within a sentence.
CALL = re.compile(r"(?:^(?:\$ |sudo |[A-Z_]+=\S+ |.*ExecStart=\S*/)?|`)(pdmp [^`\n|<>;&]*)", re.MULTILINE)


def unknown(line: str) -> str | None:
    """What of a command line does not exist; None where all does."""
    command: Any = typer.main.get_command(app)
    known = {"--help", "-h"}
    words = line.split()[1:]
    while words:
        word = words.pop(0)
        known |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        if word.startswith("-"):
            if word.partition("=")[0] not in known:
                return f"{word} in `{line}`"
            if word == "--home" and words:
                words.pop(0)
        elif hasattr(command, "commands"):
            if not re.fullmatch(r"[a-z-]+", word):
                continue  # COMMAND, …
            if word not in command.commands:
                return f"{word} in `{line}`"
            command = command.commands[word]
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist(document: Path) -> None:
    calls = [call.strip() for call in CALL.findall(document.read_text(encoding="utf-8"))]
    assert [fault for fault in map(unknown, calls) if fault] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_settings_exist(document: Path) -> None:
    known = {f"PDMP_{name.upper()}" for name in Settings.model_fields} | {"PDMP_CI"}
    assert set(re.findall(r"\bPDMP_[A-Z_]+\b", document.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("line", ["pdmp inspect FILE", "pdmp check --jsn", "pdmp account invent"])
def test_an_unknown_command_is_seen(line: str) -> None:
    assert unknown(line) is not None


def test_a_known_command_passes() -> None:
    assert unknown("pdmp --home DIR check FILE --json") is None
