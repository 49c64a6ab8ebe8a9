"""What the administrator's commands share: the installation, and how a password is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from pdmp.console import complain
from pdmp.exit_codes import CommandError, ExitCode


if TYPE_CHECKING:
    from pdmp.wiring import Installation


@contextmanager
def administering(context: typer.Context) -> Iterator[Installation]:
    """The installation that the command line names, open."""
    from pdmp.wiring import opened, settings_of  # noqa: PLC0415  server part

    with opened(settings_of(context.obj)) as installation:
        yield installation


def ask_password(prompt: str, *, from_stdin: bool) -> tuple[str, str]:
    """A new password, entered twice at the terminal, or once as the first line of standard input.

    Raises:
        CommandError: there is no terminal to ask at.
    """
    if from_stdin:
        word = sys.stdin.readline().rstrip("\n")
        return word, word
    if not sys.stdin.isatty():
        raise CommandError("there is no terminal to ask for a password at; use --password-stdin.", ExitCode.USAGE)
    complain("At least 8 characters, with an upper-case letter, a lower-case letter and a symbol.")
    first = typer.prompt(prompt, hide_input=True, err=True)
    return first, typer.prompt("The same again", hide_input=True, err=True)
