"""The command line: `pdmp …`. Each command lives in a file of its name and calls one function.

Only what `pdmp check` needs is imported here. The commands of the server import their parts when they
run, so that the base install, which has no server parts, still shows and explains them all.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

# Typer carries Click inside and exports none of its exceptions by a public name.
from typer._click.exceptions import ClickException

from pdmp.commands import account, audit, check, demo, dispenser, receive, serve, submission, upkeep
from pdmp.console import complain, say
from pdmp.exit_codes import ExitCode, exit_code_of


app = typer.Typer(
    name="pdmp",
    help="Open PDMP: dispensers report controlled substances, prescribers look before they prescribe.",
    epilog=(
        "Start with [bold]pdmp demo[/bold] (a synthetic state in a minute), or check a file of your own with "
        "[bold]pdmp check FILE[/bold]: nothing is stored and nothing leaves this machine."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        say(f"open-pdmp {version('open-pdmp')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            help="Where this installation keeps everything. Default: the variable PDMP_HOME.",
            show_default=False,
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    given = home or (Path(os.environ["PDMP_HOME"]) if os.environ.get("PDMP_HOME") else None)
    context.obj = given


app.command("demo", rich_help_panel="Try it")(demo.demo)
app.command("check", rich_help_panel="Try it")(check.check)
app.command("serve", rich_help_panel="Run it")(serve.serve)
app.command("sftp", rich_help_panel="Run it")(serve.sftp)
app.command("worker", rich_help_panel="Run it")(serve.worker)
app.command("web", rich_help_panel="Run it")(serve.web)
app.command("receive", rich_help_panel="Run it")(receive.receive)
app.command("upkeep", rich_help_panel="Run it")(upkeep.upkeep)
app.add_typer(account.app, name="account", rich_help_panel="Administer it")
app.add_typer(dispenser.app, name="dispenser", rich_help_panel="Administer it")
app.add_typer(submission.app, name="submission", rich_help_panel="Administer it")
app.add_typer(audit.app, name="audit", rich_help_panel="Administer it")


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code (`ExitCode`)."""
    try:
        code = app(list(arguments), standalone_mode=False)
    except ClickException as error:
        error.show()
        return ExitCode.USAGE
    except typer.Abort:
        complain("pdmp: stopped.")
        return ExitCode.SOMETHING_REJECTED
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in SERVER_PARTS:
            raise
        complain(f"pdmp: this command needs {error.name}, which is not installed; pip install 'open-pdmp[server]'.")
        return ExitCode.UNAVAILABLE
    except Exception as error:
        known = exit_code_of(error)
        if known is None:
            raise
        complain(f"pdmp: {error}")
        return known
    return int(code or 0)


# Top-level modules that only the [server] extra brings.
SERVER_PARTS = frozenset(
    {
        "alembic", "argon2", "cryptography", "duckdb", "fastapi", "filelock", "httpx", "paramiko", "pyarrow",
        "pydantic_settings", "sqlalchemy", "structlog", "tenacity", "uvicorn",
    }
)  # fmt: skip
