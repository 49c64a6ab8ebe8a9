"""Who may do what in the demo: its senders, a prescriber, a pharmacist, an administrator."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from access.accounts import Status, create_account
from access.audit import SYSTEM
from access.credentials import add_credential
from access.dispensers import Dispenser, add_dispenser
from access.feeds import give_sftp_name, set_feed_password
from access.organisations import create_organisation, permit_dispenser
from access.passwords import Passwords
from access.roles import CredentialKind
from pdmp.demo_accounts import DEMO_DOMAIN
from pdmp.wiring import Installation, now
from sample_data.world import World
from schemas.dispenser import Cadence, DispenserKind, LicenceClass


@dataclass(frozen=True)
class LogIn:
    """One way in.

    Attributes:
        what: who this is, in words.
        name: e-mail address, or the name at the SFTP door.
        password: random, new for each demo.
        account_id: the account.
    """

    what: str
    name: str
    password: str
    account_id: str


@dataclass(frozen=True)
class Cast:
    """Everybody in the demo."""

    administrator: LogIn
    prescriber: LogIn
    pharmacist: LogIn
    senders: Mapping[str, LogIn]


def settle(installation: Installation, world: World) -> Cast:
    """Enter the world's dispensers, senders and people."""
    passwords = Passwords()
    _enter_register(installation, world)
    senders = {
        sender: _sender(installation, passwords, sender, dispensers) for sender, dispensers in world.senders().items()
    }
    family_doctor = world.demo_prescriber
    return Cast(
        administrator=_person(installation, passwords, "administrator", "Avery Administrator"),
        prescriber=_person(
            installation,
            passwords,
            "prescriber",
            f"{family_doctor.first} {family_doctor.last}",
            ((CredentialKind.DEA, family_doctor.dea), (CredentialKind.NPI, family_doctor.npi)),
        ),
        pharmacist=_person(installation, passwords, "pharmacist", "Pat Pharmacist"),
        senders=senders,
    )


def _enter_register(installation: Installation, world: World) -> None:
    with installation.database.session() as session:
        for one in world.dispensers:
            dispenser = Dispenser(
                dispenser_id=one.dispenser_id,
                name=one.name,
                kind=DispenserKind(one.kind),
                cadence=Cadence(one.cadence),
                licence_class=LicenceClass(one.licence_class),
                dea=one.dea or None,
                ncpdp=one.ncpdp or None,
                npi=one.npi or None,
            )
            add_dispenser(session, dispenser, by=SYSTEM, now=now())


def _sender(installation: Installation, passwords: Passwords, name: str, dispensers: tuple[str, ...]) -> LogIn:
    word = _random_password()
    secret = passwords.new(word, word)
    with installation.database.session() as session:
        organisation = create_organisation(session, name.capitalize(), by=SYSTEM, now=now())
        for dispenser in dispensers:
            permit_dispenser(session, organisation.id, dispenser, by=SYSTEM, now=now())
        account = create_account(
            session,
            email=f"{name}{DEMO_DOMAIN}",
            display_name=name.capitalize(),
            role="dispenser",
            by=SYSTEM,
            now=now(),
            password=secret,
            status=Status.ACTIVE,
            organisation_id=organisation.id,
        )
        give_sftp_name(session, account.id, name, by=SYSTEM, now=now())
        set_feed_password(session, account.id, secret, by=SYSTEM, now=now())
    return LogIn("dispenser", name, word, account.id)


def _person(
    installation: Installation,
    passwords: Passwords,
    role: str,
    name: str,
    credentials: tuple[tuple[CredentialKind, str], ...] = (),
) -> LogIn:
    word, email = _random_password(), f"{role}{DEMO_DOMAIN}"
    secret = passwords.new(word, word, about=(email, name))
    with installation.database.session() as session:
        account = create_account(
            session,
            email=email,
            display_name=name,
            role=role,
            by=SYSTEM,
            now=now(),
            password=secret,
            status=Status.ACTIVE,
        )
        for kind, number in credentials:
            add_credential(session, account.id, kind, number, by=SYSTEM, now=now())
    return LogIn(role, email, word, account.id)


def _random_password() -> str:
    """Random, easy to copy, and within the rules (P-134 to P-137)."""
    return f"{secrets.token_hex(4)}-{secrets.token_hex(4).upper()}-Aa"
