"""The one place that writes to a person's terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console


# What is read later, in a file or a pager, gets a width that its tables fit in; a terminal has its own.
WIDTH = 120


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, soft_wrap=True, width=WIDTH)


out = _console(stderr=False)
err = _console(stderr=True)


def say(text: str = "") -> None:
    """Print a line of text, in rich's markup."""
    out.print(text)


def complain(text: str) -> None:
    """Print a line to standard error, as it is."""
    err.print(text, markup=False)


def emit(value: Any) -> None:  # noqa: ANN401  anything JSON can hold
    """Print `value` as JSON for a script: nothing else goes to standard output."""
    out.file.write(json.dumps(value, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n")
    out.file.flush()
