"""`pdmp audit …`: prove that nobody changed the trail, and sign where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pdmp.commands.people import administering
from pdmp.console import say
from pdmp.exit_codes import ExitCode


app = typer.Typer(
    help="The audit trail: who did what, when, from where and why; append-only and hash-chained.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--checkpoints",
        help="Folder of signed checkpoints; best a copy kept elsewhere. Default: the home folder's.",
        show_default=False,
    ),
]


@app.command("verify")
def verify(context: typer.Context, *, checkpoints: Folder = None) -> None:
    """Recompute the whole chain and compare it with the signed checkpoints.

    A changed, deleted, exchanged or inserted event breaks the chain; a cut-off end shows against a checkpoint
    that was kept elsewhere. [bold]Exit code[/bold]: 0 the trail is sound, 1 it is not.
    """
    from access.audit import COMMAND_LINE, AuditEvent, append  # noqa: PLC0415  server part
    from access.audit_acts import AuditAct  # noqa: PLC0415  server part
    from access.checkpoints import public_key_of, read_checkpoints  # noqa: PLC0415  server part
    from access.verification import verify as examine  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation:
        kept = read_checkpoints(checkpoints or installation.settings.checkpoints)
        found = examine(installation.database, kept, public_key=public_key_of(installation.secrets.signing_key))
        for problem in found.problems:
            say(f"event {problem.event_id}: {problem.sentence}")
        against = (
            f"{found.checkpoints} checkpoint(s)" if found.checkpoints else "no checkpoint: a cut-off end is not seen"
        )
        say(f"{'Sound' if found.sound else 'NOT SOUND'}: {found.events} events, {against}.")
        if found.sound:
            detail = {"events": found.events, "sound": True}
            with installation.database.session() as session:
                append(session, AuditEvent(AuditAct.AUDIT_VERIFIED, COMMAND_LINE, now(), "trail", detail=detail))
    raise typer.Exit(ExitCode.OK if found.sound else ExitCode.SOMETHING_REJECTED)


@app.command("checkpoint")
def checkpoint(context: typer.Context, *, checkpoints: Folder = None) -> None:
    """Verify what is new and sign where the trail stands; copy the file to a place of its own."""
    from access.verification import make_checkpoint  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation:
        folder = checkpoints or installation.settings.checkpoints
        path = make_checkpoint(installation.database, installation.secrets.signing_key, folder, now())
    say(f"Signed: {path}")
