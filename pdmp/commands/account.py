"""`pdmp account …`: people, senders, their keys and rights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pdmp.commands.people import administering, ask_password
from pdmp.console import out, say
from pdmp.exit_codes import CommandError, ExitCode


if TYPE_CHECKING:
    from sqlalchemy.orm import Session


app = typer.Typer(
    help="Accounts: people who look, people who send files, administrators.",
    epilog="The first administrator: pdmp account add you@example.org --name 'Your Name' --role administrator",
    no_args_is_help=True,
)

Email = Annotated[str, typer.Argument(help="The e-mail address the person signs in with.", show_default=False)]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]


@app.command("add")
def add(
    context: typer.Context,
    email: Email,
    *,
    name: Annotated[str, typer.Option("--name", help="The person's name, as pages show it.", show_default=False)],
    role: Annotated[str, typer.Option(help="administrator, prescriber, pharmacist or dispenser.", show_default=False)],
    dea: Annotated[
        list[str] | None, typer.Option("--dea", help="A DEA number of theirs; may be given again.", show_default=False)
    ] = None,
    npi: Annotated[str | None, typer.Option("--npi", help="Their NPI.", show_default=False)] = None,
    organisation: Annotated[
        str | None,
        typer.Option(help="Whom a dispenser's account reports for; made where it is new.", show_default=False),
    ] = None,
    temporary: Annotated[
        bool,
        typer.Option(
            "--temporary", help="The password is yours, not theirs: they must change it before its first use."
        ),
    ] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Make an account that is active at once; you vouch for who it is (P-079, P-115)."""
    from access.accounts import Status, create_account  # noqa: PLC0415  server part
    from access.audit import COMMAND_LINE  # noqa: PLC0415  server part
    from access.credentials import add_credential  # noqa: PLC0415  server part
    from access.passwords import Passwords  # noqa: PLC0415  server part
    from access.roles import CredentialKind  # noqa: PLC0415  server part
    from pdmp.organisations import organisation_named  # noqa: PLC0415  server part
    from pdmp.rules import password_rules  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation:
        first, again = ask_password(f"Password for {email}", from_stdin=password_stdin)
        secret = Passwords(password_rules(installation.settings)).new(first, again, about=(email, name))
        moment = now()
        with installation.database.session() as session:
            belongs = organisation_named(session, organisation, by=COMMAND_LINE, now=moment) if organisation else None
            account = create_account(
                session,
                email=email,
                display_name=name,
                role=role,
                by=COMMAND_LINE,
                now=moment,
                password=secret,
                password_expired=temporary,
                status=Status.ACTIVE,
                organisation_id=belongs,
            )
            numbers = [(CredentialKind.DEA, number) for number in dea or ()]
            numbers += [(CredentialKind.NPI, npi)] if npi else []
            for kind, number in numbers:
                add_credential(session, account.id, kind, number, by=COMMAND_LINE, now=moment)
        say(f"Account {account.id} made: {account.email}, {role}.")


@app.command("list")
def list_(context: typer.Context, *, role: Annotated[str | None, typer.Option(help="Only this role.")] = None) -> None:
    """List the accounts."""
    from rich.table import Table  # noqa: PLC0415  read when needed: --help stays quick

    from access.accounts import list_accounts  # noqa: PLC0415  server part

    with administering(context) as installation, installation.database.reading() as session:
        table = Table("account", "e-mail", "name", "role", "status", "SFTP name", box=None)
        for account in list_accounts(session, role=role):
            table.add_row(
                account.id, account.email, account.display_name, account.role, account.status, account.sftp_name or ""
            )
        out.print(table)


@app.command("disable")
def disable(
    context: typer.Context,
    email: Email,
    *,
    why: Annotated[str, typer.Option(help="The ground, for the record (P-193 to P-197).", show_default=False)],
) -> None:
    """Close an account at once: sessions end, keys and passwords stop working."""
    from access.accounts import disable_account  # noqa: PLC0415  server part
    from access.audit import COMMAND_LINE  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation, installation.database.session() as session:
        account = _account_id(session, email)
        disable_account(session, account, why=why, by=COMMAND_LINE, now=now())
    say(f"{email} is closed.")


@app.command("password")
def password(
    context: typer.Context,
    email: Email,
    *,
    own: Annotated[
        bool, typer.Option("--own", help="It is the person's own choice; without it they must change it first.")
    ] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Set a new log-in password; every session of the account ends."""
    from access.audit import COMMAND_LINE  # noqa: PLC0415  server part
    from access.password_change import reset_password  # noqa: PLC0415  server part
    from access.passwords import Passwords  # noqa: PLC0415  server part
    from pdmp.rules import password_rules  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    with administering(context) as installation:
        with installation.database.reading() as session:
            account = _account_id(session, email)
        first, again = ask_password(f"New password for {email}", from_stdin=password_stdin)
        reset_password(
            installation.database,
            account,
            first,
            again,
            by=COMMAND_LINE,
            now=now(),
            passwords=Passwords(password_rules(installation.settings)),
            temporary=not own,
        )
    say(f"The password of {email} is changed.")


@app.command("feed")
def feed(
    context: typer.Context,
    email: Email,
    *,
    sftp_name: Annotated[
        str | None, typer.Option("--sftp-name", help="The name to log in with at the SFTP door.", show_default=False)
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="A public key file (….pub) that may log in.", show_default=False)
    ] = None,
    remove_key: Annotated[
        str | None, typer.Option("--remove-key", help="The SHA256:… of a key to take away.", show_default=False)
    ] = None,
    set_password: Annotated[
        bool, typer.Option("--set-password", help="Set a password for the SFTP door, apart from the log-in's.")
    ] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Let a dispenser's account in at the SFTP door: a name, and a key or a password (or both)."""
    from access import feeds  # noqa: PLC0415  server part
    from access.audit import COMMAND_LINE  # noqa: PLC0415  server part
    from access.passwords import Passwords  # noqa: PLC0415  server part
    from pdmp.wiring import now  # noqa: PLC0415  server part

    if not (sftp_name or key or remove_key or set_password):
        raise typer.BadParameter("say what to set: --sftp-name, --key, --remove-key or --set-password.")
    with administering(context) as installation:
        fresh = None
        if set_password:
            first, again = ask_password(f"SFTP password for {email}", from_stdin=password_stdin)
            fresh = Passwords().new(first, again, about=(email,))
        moment = now()
        with installation.database.session() as session:
            account = _account_id(session, email)
            if sftp_name:
                feeds.give_sftp_name(session, account, sftp_name, by=COMMAND_LINE, now=moment)
            if fresh is not None:
                feeds.set_feed_password(session, account, fresh, by=COMMAND_LINE, now=moment)
            if key:
                mark = feeds.add_ssh_key(session, account, _read_key(key), by=COMMAND_LINE, now=moment)
                say(f"Key added: {mark}")
            if remove_key:
                feeds.remove_ssh_key(session, account, remove_key, by=COMMAND_LINE, now=moment)
    say(f"The SFTP door knows {email}.")


def _read_key(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{path} cannot be read as a public key file (….pub).", ExitCode.NO_INPUT) from None


def _account_id(session: Session, email: str) -> str:
    from access.accounts import find_account  # noqa: PLC0415  server part

    account = find_account(session, email)
    if account is None:
        raise CommandError(f"there is no account {email}; `pdmp account list` shows them.", ExitCode.SOMETHING_REJECTED)
    return account.id
