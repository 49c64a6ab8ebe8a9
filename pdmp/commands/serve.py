"""`pdmp serve`, and its three processes one by one: `pdmp sftp`, `pdmp worker`, `pdmp web`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pdmp.console import complain, say


if TYPE_CHECKING:
    from pdmp.processes import Address
    from pdmp.settings import Settings


Port = Annotated[int | None, typer.Option("--port", help="Port; 0 takes any free one.", show_default=False)]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.", show_default=False)]


def serve(context: typer.Context) -> None:
    """Run the SFTP door, the worker and the API until stopped (Ctrl-C or SIGTERM).

    Each is a process of its own and is started again when it ends. Addresses and ports are settings
    (PDMP_SFTP_PORT, PDMP_WEB_PORT, or settings.toml in the home folder); without them both doors listen
    on this machine only.
    """
    from pdmp.processes import stopped_by_signals  # noqa: PLC0415  server part
    from pdmp.supervisor import supervise  # noqa: PLC0415  server part
    from pdmp.wiring import opened, settings_of  # noqa: PLC0415  server part

    settings = settings_of(context.obj)
    with opened(settings) as installation, installation.lake():
        pass  # Makes secrets, tables and the lake once, before three processes would race for it.

    def ready(addresses: Mapping[str, Address]) -> None:
        say(f"Open PDMP for {settings.state} is running. Home: {settings.home}")
        _say_addresses(addresses)
        say("Stop with Ctrl-C.")

    with stopped_by_signals() as stop:
        code = supervise(("worker", "sftp", "web"), settings.home, settings.run, stop, ready=ready, notice=complain)
    raise typer.Exit(code)


def _say_addresses(addresses: Mapping[str, Address]) -> None:
    sftp, web = addresses["sftp"], addresses["web"]
    say(f"  dispensers   sftp -P {sftp.port} NAME@{sftp.host}")
    say(f"  API          {web.scheme}://{web.host}:{web.port}/v1/openapi.json")


def sftp(context: typer.Context, *, host: Host = None, port: Port = None) -> None:
    """Run the SFTP door alone: uploads come in, status reports go out."""
    from pdmp.serving import run_sftp  # noqa: PLC0415  server part

    run_sftp(_settings(context.obj, sftp_host=host, sftp_port=port))


def worker(context: typer.Context) -> None:
    """Run the worker alone: it reads, rules, stores and answers what arrived.

    One worker writes the lake at a time; a second one says so and ends.
    """
    from pdmp.serving import run_worker  # noqa: PLC0415  server part

    run_worker(_settings(context.obj))


def web(context: typer.Context, *, host: Host = None, port: Port = None) -> None:
    """Run the API alone.

    It refuses an address other than this machine's own without a certificate or a trusted proxy (P-129).
    """
    from pdmp.serving import run_web  # noqa: PLC0415  server part

    run_web(_settings(context.obj, web_host=host, web_port=port))


def _settings(home: Path | None, **changes: str | int | None) -> Settings:
    from pydantic import ValidationError  # noqa: PLC0415  server part

    from pdmp.wiring import misfit, settings_of  # noqa: PLC0415  server part

    settings = settings_of(home)
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        return type(settings).model_validate({**settings.model_dump(), **given}) if given else settings
    except ValidationError as error:
        raise misfit(error) from None
