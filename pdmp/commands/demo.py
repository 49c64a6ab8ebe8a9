"""`pdmp demo`: a synthetic state, its month over the real doors, and one report."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer


def demo(
    *,
    into: Annotated[
        Path, typer.Option("--into", help="The demo's own home; an earlier demo there is replaced.")
    ] = Path("demo-home"),
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="YYYY-MM-DD", help="Last of its 30 days. Default: yesterday.", show_default=False
        ),
    ] = None,
) -> None:
    """Play a synthetic state: a month of files over SFTP, rulings, exemptions, and a report over HTTP.

    It runs the same processes as [bold]pdmp serve[/bold] on a home of its own, and leaves none behind. Everything in
    it is invented, and the same day always gives the same demo, but for its random passwords.
    """
    from pdmp.demonstration.story import tell  # noqa: PLC0415  server part

    tell(into.expanduser().absolute(), _last_day(until))


def _last_day(text: str | None) -> date:
    if text is None:
        return date.today() - timedelta(days=1)  # noqa: DTZ011  any day will do
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write the day as YYYY-MM-DD.", param_hint="--until") from None
