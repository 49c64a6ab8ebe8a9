"""`pdmp upkeep`: put the lake in order by hand; the worker does it by itself in quiet moments."""

from __future__ import annotations

from typing import Annotated

import typer

from pdmp.console import err, say


def upkeep(
    context: typer.Context,
    *,
    full: Annotated[bool, typer.Option("--full", help="Tidy whatever there is, however little.")] = False,
) -> None:
    """Move new rows into sorted files, merge small files, remove what nothing needs.

    It needs the lake for itself: stop the worker first. History is not changed, nor what it was at any moment.
    """
    from pdmp.commands.people import administering  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part
    from store.upkeep import upkeep as tidy  # noqa: PLC0415  server part

    with administering(context) as installation, installation.lake() as lake, err.status("Upkeep") as status:
        done = tidy(lake, status.update, now=now(), full=full)
    say(
        f"{done.flushed} rows flushed, {done.shelved} shelved, {done.repeats} repeated sightings dropped, "
        f"{done.merged} files merged, {done.removed} removed."
    )
