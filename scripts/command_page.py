"""The generated page about the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main
from reference_pages import table

from pdmp.commands import app
from pdmp.exit_codes import ExitCode


COMMANDS_HEAD = """\
`pdmp --help` and `pdmp COMMAND --help` say the same. `--home DIR` before the command, or the variable `PDMP_HOME`, says
where the installation keeps everything.
"""


def commands() -> str:
    """Every command with its arguments and options, and the exit codes."""
    parts = [COMMANDS_HEAD]
    for path, command in _walk("pdmp", typer.main.get_command(app)):
        parts.append(f"## {path}\n\n{_help(command.help)}\n")
        rows = [
            [_names(parameter), _help(getattr(parameter, "help", "") or ""), _given(parameter)]
            for parameter in command.params
            if parameter.name not in {"help", "home"} or path == "pdmp"
        ]
        if rows:
            parts.append(table(["Argument or option", "Meaning", "Default"], rows))
    codes = [[str(code.value), code.name.lower().replace("_", " ")] for code in ExitCode]
    parts.append("## Exit codes\n\nScripts may rely on them.\n\n" + table(["Code", "Meaning"], codes))
    return "\n".join(parts)


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  Typer exports no name for its commands
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _walk(f"{path} {name}", inner)


def _names(parameter: Any) -> str:  # noqa: ANN401  as above
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    return ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))


def _given(parameter: Any) -> str:  # noqa: ANN401  as above
    if parameter.required:
        return "must be given"
    value = parameter.default
    return "" if value is None or value is False or callable(value) else f"`{value}`"


def _help(text: str | None) -> str:
    return " ".join((text or "").replace("\f", " ").replace("[bold]", "**").replace("[/bold]", "**").split())
