"""The one place that writes to a person's terminal.

NOTHING THAT SOMEBODY ELSE NAMED COMMANDS THE TERMINAL. Names of people, pharmacies, files and folders are
printed as they are: what looks like markup in them is text, and control characters are shown, not obeyed.
Only `headline` reads markup, in sentences of our own.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final

from rich.console import Console
from rich.text import Text


# What is read later, in a file or a pager, gets a width that its tables fit in; a terminal has its own.
WIDTH = 120

# Control, formatting and half characters, but for those that lay out a page.
UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
KEPT: Final = frozenset("\n\t")


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, highlight=False, soft_wrap=True)
    if console.is_terminal:
        return console
    return Console(stderr=stderr, markup=False, highlight=False, soft_wrap=True, width=WIDTH)


out = _console(stderr=False)
err = _console(stderr=True)


def say(text: str = "") -> None:
    """Print a line of text, as it is."""
    out.print(printable(text))


def headline(markup: str, after: str = "") -> None:
    """Print a line that begins in rich's markup, our own, and goes on in plain text."""
    out.print(Text.from_markup(markup).append(printable(after)))


def printable(text: str) -> str:
    """The text with control and formatting characters (escape sequences, right-to-left marks) made visible."""
    return "".join(
        ascii(character)[1:-1] if character not in KEPT and unicodedata.category(character) in UNSEEN else character
        for character in text
    )


def complain(text: str) -> None:
    """Print a line to standard error, as it is."""
    err.print(printable(text))


def emit(value: Any) -> None:  # noqa: ANN401  anything JSON can hold
    """Print `value` as JSON for a script: nothing else goes to standard output."""
    out.file.write(json.dumps(value, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n")
    out.file.flush()
