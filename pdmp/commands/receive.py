"""`pdmp receive FILE…`: take files in from the command line, through the same pipeline as the SFTP door's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pdmp.console import err, say
from pdmp.exit_codes import CommandError, ExitCode


def receive(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="ASAP files.", metavar="FILE…", show_default=False)],
    *,
    sender: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="E-MAIL",
            help="The account that sends them: its rights are asked, and its report folder gets the answers. "
            "Default: the operator, who may report for every dispenser of the register.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Receive files: keep the bytes, rule, store, answer, now and here.

    It writes the lake itself, so the worker must not be running. [bold]Exit code[/bold]: 0 everything accepted,
    1 something was rejected or refused.
    """
    from rich.progress import track  # noqa: PLC0415  server part

    from access.accounts import find_account  # noqa: PLC0415  server part
    from ingest.names import display_name  # noqa: PLC0415  server part
    from ingest.receive import receive as take  # noqa: PLC0415  server part
    from ingest.worker import run_round  # noqa: PLC0415  server part
    from pdmp.commands.people import administering  # noqa: PLC0415  server part
    from pdmp.doors import intake  # noqa: PLC0415  server part
    from pdmp.intake import Audited  # noqa: PLC0415  server part
    from pdmp.wiring import COMMAND_LINE, now  # noqa: PLC0415  server part
    from schemas.submission import SubmissionState  # noqa: PLC0415  read when needed

    for file in files:
        if not file.is_file():
            raise CommandError(f"{file} is not a file that can be read; check the name.", ExitCode.NO_INPUT)
    with administering(context) as installation, installation.lake() as lake:
        account = COMMAND_LINE
        if sender is not None:
            with installation.database.reading() as session:
                found = find_account(session, sender)
            if found is None:
                raise CommandError(f"there is no account {sender}; `pdmp account list` shows them.", ExitCode.USAGE)
            account = found.id
        ledger, settings = installation.ledger, installation.settings
        received = [
            take(
                file,
                sender=account,
                shown_as=display_name(file.name) or "file",
                channel="command",
                vault=installation.vault,
                register=Audited(installation, ledger),
                now=now(),
            )
            for file in track(files, "Receiving", console=err, disable=not err.is_terminal, transient=True)
        ]
        stations = installation.stations(lake)
        with err.status("Reading, ruling, storing"):
            # A file that cannot be ruled is set aside after so many attempts, so that this ends.
            while any(ledger.counts().get(state) for state in (SubmissionState.RECEIVED, SubmissionState.STORED)):
                run_round(
                    intake(installation), stations, now, batch=settings.worker_batch, attempts=settings.worker_attempts
                )
        clean = True
        for submission in received:
            if (found_again := ledger.get(submission.id)) is None or found_again.state != SubmissionState.ANSWERED:
                say(f"{submission.name}: kept, but this program could not rule it; see `pdmp submission list`.")
                clean = False
                continue
            result = ledger.result(submission.id)
            totals = result.totals
            clean = clean and result.outcome == "accepted"
            say(
                f"{submission.name}: {result.outcome} · {totals.records} records, {totals.accepted} accepted, "
                f"{totals.rejected} rejected, {totals.exempt} exempt, {totals.held} held, "
                f"{totals.duplicates} duplicates · {installation.reports(account)}"
            )
    raise typer.Exit(ExitCode.OK if clean else ExitCode.SOMETHING_REJECTED)
