"""`pdmp dispenser …`: the register of who must report."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from pdmp.commands.people import administering
from pdmp.console import out, say
from pdmp.exit_codes import CommandError, ExitCode


Choice = TypeVar("Choice", bound=StrEnum)

app = typer.Typer(
    help="The register: pharmacies, practitioners and veterinarians who dispense, and who may report for them.",
    no_args_is_help=True,
)


@app.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Its name, as the licence has it.", show_default=False)],
    *,
    dea: Annotated[str | None, typer.Option(help="DEA number.", show_default=False)] = None,
    ncpdp: Annotated[str | None, typer.Option(help="NCPDP provider id.", show_default=False)] = None,
    npi: Annotated[str | None, typer.Option(help="NPI.", show_default=False)] = None,
    kind: Annotated[
        str,
        typer.Option(
            help="pharmacy, institutional_pharmacy, dispensing_practitioner, veterinarian, opioid_treatment_program."
        ),
    ] = "pharmacy",
    licence: Annotated[
        str,
        typer.Option(
            help="pharmacy, nonresident_pharmacy, hospital, health_care_facility, assisted_living, "
            "substance_use_clinic, practitioner, veterinary."
        ),
    ] = "pharmacy",
    cadence: Annotated[
        str | None, typer.Option(help="daily or weekly. Default: weekly for veterinarians.", show_default=False)
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="Who may report for it; made where it is new.", show_default=False)
    ] = None,
) -> None:
    """Enter a dispenser in the register (P-017 to P-019)."""
    from access.audit import COMMAND_LINE  # noqa: PLC0415  server part
    from access.dispensers import Dispenser, add_dispenser  # noqa: PLC0415  server part
    from access.organisations import permit_dispenser  # noqa: PLC0415  server part
    from pdmp.organisations import organisation_named  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part
    from schemas.dispenser import Cadence, DispenserKind, LicenceClass  # noqa: PLC0415  as above

    what = _one_of(DispenserKind, kind, "--kind")
    often = _one_of(Cadence, cadence, "--cadence") if cadence else None
    dispenser = Dispenser(
        name=name,
        kind=what,
        cadence=often or (Cadence.WEEKLY if what is DispenserKind.VETERINARIAN else Cadence.DAILY),
        licence_class=_one_of(LicenceClass, licence, "--licence"),
        dea=dea,
        ncpdp=ncpdp,
        npi=npi,
    )
    with administering(context) as installation, installation.database.session() as session:
        moment = now()
        dispenser_id = add_dispenser(session, dispenser, by=COMMAND_LINE, now=moment)
        if organisation:
            owner = organisation_named(session, organisation, by=COMMAND_LINE, now=moment)
            permit_dispenser(session, owner, dispenser_id, by=COMMAND_LINE, now=moment)
    say(f"Dispenser {dispenser_id} entered: {name}.")


def _one_of(choices: type[Choice], value: str, option: str) -> Choice:
    try:
        return choices(value)
    except ValueError:
        raise typer.BadParameter(f"one of {', '.join(choices)}", param_hint=option) from None


@app.command("list")
def list_(
    context: typer.Context,
    *,
    closed: Annotated[bool, typer.Option("--closed", help="Also those that are closed.")] = False,
) -> None:
    """List the register."""
    from rich.table import Table  # noqa: PLC0415  read when needed: --help stays quick

    from access.dispensers import list_dispensers  # noqa: PLC0415  server part

    with administering(context) as installation, installation.database.reading() as session:
        table = Table("dispenser", "name", "DEA", "NCPDP", "NPI", "kind", "licence", "reports", box=None)
        for one in list_dispensers(session, closed_too=closed):
            table.add_row(
                one.dispenser_id, one.name, one.dea, one.ncpdp, one.npi, one.kind, one.licence_class, one.cadence
            )
        out.print(table)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV with the register's columns.", show_default=False)],
) -> None:
    """Take a register file: new dispensers are added, known ones brought up to date; all of it or nothing.

    Columns: dispenser_id (may be empty), name, dea, ncpdp, npi, kind, cadence, licence_class.
    """
    from access.audit import COMMAND_LINE  # noqa: PLC0415  server part
    from access.register_file import import_dispensers  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    if not file.is_file():
        raise CommandError(f"{file} is not a file that can be read.", ExitCode.NO_INPUT)
    with administering(context) as installation, installation.database.session() as session:
        done = import_dispensers(session, file, by=COMMAND_LINE, now=now())
    say(f"{len(done.added)} added, {len(done.changed)} changed, {len(done.unchanged)} as they were.")


@app.command("permit")
def permit(
    context: typer.Context,
    dispenser: Annotated[str, typer.Argument(help="The dispenser's id in the register.", show_default=False)],
    organisation: Annotated[str, typer.Argument(help="The organisation's name; made where it is new.")],
) -> None:
    """Let an organisation report for a dispenser."""
    from access.audit import COMMAND_LINE  # noqa: PLC0415  server part
    from access.organisations import permit_dispenser  # noqa: PLC0415  server part
    from pdmp.organisations import organisation_named  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation, installation.database.session() as session:
        moment = now()
        owner = organisation_named(session, organisation, by=COMMAND_LINE, now=moment)
        permit_dispenser(session, owner, dispenser, by=COMMAND_LINE, now=moment)
    say(f"{organisation} may report for {dispenser}.")


@app.command("close")
def close(
    context: typer.Context,
    dispenser: Annotated[str, typer.Argument(help="The dispenser's id in the register.", show_default=False)],
) -> None:
    """Take a dispenser off the open register: it need not report any more."""
    from access.audit import COMMAND_LINE  # noqa: PLC0415  server part
    from access.dispensers import close_dispenser  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation, installation.database.session() as session:
        moment = now()
        close_dispenser(
            session, dispenser, closed_on=moment.astimezone(installation.zone).date(), by=COMMAND_LINE, now=moment
        )
    say(f"Dispenser {dispenser} is closed.")
