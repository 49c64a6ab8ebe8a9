"""`pdmp submission …`: what came, what became of it, and what waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pdmp.commands.people import administering
from pdmp.console import out, say
from pdmp.exit_codes import CommandError, ExitCode


if TYPE_CHECKING:
    from access.audit_acts import AuditAct
    from pdmp.wiring import Installation


app = typer.Typer(help="Submissions: files as they came, and what became of them.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The submission's id.", show_default=False)]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    state: Annotated[
        str | None, typer.Option(help="Only this state: received, stored, answered or failed.", show_default=False)
    ] = None,
    held: Annotated[bool, typer.Option("--held", help="Only those with records held for you.")] = False,
    limit: Annotated[int, typer.Option(help="How many, the newest first.")] = 50,
) -> None:
    """List submissions, the newest first."""
    from rich.table import Column, Table  # noqa: PLC0415  read when needed: --help stays quick

    with administering(context) as installation:
        # The id whole, whatever else must give way: it is what the other commands ask for.
        columns = ("file", "state", "outcome", "records", "accepted", "rejected", "exempt", "held")
        table = Table(Column("submission", no_wrap=True), *columns, box=None)
        for row in installation.ledger.newest(limit, state=state, held=held):
            totals = row.totals
            table.add_row(
                row.submission.id,
                row.submission.name,
                row.submission.state,
                row.outcome or "",
                *(
                    str(number)
                    for number in (totals.records, totals.accepted, totals.rejected, totals.exempt, totals.held)
                ),
            )
        out.print(table)


@app.command("show")
def show(context: typer.Context, submission: Id) -> None:
    """Print a submission's status report, as its sender gets it."""
    from access.audit_acts import AuditAct  # noqa: PLC0415  server part
    from ingest.acknowledge import Letterhead, as_json, as_text  # noqa: PLC0415  server part
    from ingest.ledger import WrongState  # noqa: PLC0415  server part
    from pdmp.wiring import program  # noqa: PLC0415  server part
    from validation.explain import sentences  # noqa: PLC0415  server part

    with administering(context) as installation:
        found = installation.ledger.get(submission)
        if found is None:
            raise CommandError(f"there is no submission {submission}.", ExitCode.SOMETHING_REJECTED)
        try:
            result = installation.ledger.result(submission)
        except WrongState as error:
            raise CommandError(str(error), ExitCode.SOMETHING_REJECTED) from None
        _note(installation, AuditAct.SUBMISSION_READ, submission)
        head = Letterhead(installation.settings.state, installation.settings.contact, program())
        say(as_text(as_json(found, result, sentences(result.findings), head)))


@app.command("retry")
def retry(context: typer.Context, submission: Id) -> None:
    """Put a failed submission back to the start, once the cause is mended."""
    from access.audit_acts import AuditAct  # noqa: PLC0415  server part
    from ingest.ledger import WrongState  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation:
        # Before it happens: what cannot be written in the trail is not done.
        _note(installation, AuditAct.SUBMISSION_RETRIED, submission)
        try:
            installation.ledger.retry(submission, now())
        except WrongState as error:
            raise CommandError(str(error), ExitCode.SOMETHING_REJECTED) from None
    say(f"{submission} will be tried again.")


@app.command("release")
def release(context: typer.Context, submission: Id) -> None:
    """Rule a submission again whose records were held, once its dispenser is entered and permitted.

    What was stored already is recognised and not stored twice; the sender gets a new status report.
    """
    from access.audit_acts import AuditAct  # noqa: PLC0415  server part
    from ingest.ledger import WrongState  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation:
        # Before it happens: what cannot be written in the trail is not done.
        _note(installation, AuditAct.SUBMISSION_RELEASED, submission)
        try:
            installation.ledger.release(submission, now())
        except WrongState as error:
            raise CommandError(str(error), ExitCode.SOMETHING_REJECTED) from None
    say(f"{submission} will be ruled again.")


def _note(installation: Installation, act: AuditAct, submission: str) -> None:
    """Write in the audit trail what the operator does with a submission."""
    from access.audit import COMMAND_LINE, AuditEvent, append  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with installation.database.session() as session:
        append(session, AuditEvent(act, COMMAND_LINE, now(), submission))
