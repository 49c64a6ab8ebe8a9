from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from access import audit
from access.accounts import (
    TRANSITIONS,
    Status,
    approve_account,
    change_role,
    create_account,
    disable_account,
    find_account,
    get_account,
    list_accounts,
    normalise_email,
    permitted_dispensers,
)
from access.audit import COMMAND_LINE, Actor
from access.credentials import add_credential, remove_credential
from access.database import Database
from access.dispensers import Dispenser, add_dispenser
from access.errors import AuditUnavailable, Conflict, Forbidden, Invalid, NotVisible
from access.organisations import (
    create_organisation,
    join_organisation,
    list_organisations,
    permit_dispenser,
    withdraw_dispenser,
)
from access.roles import ROLES, Category, CredentialKind, role_named
from access.tables_people import AccountTable
from access.visibility import hidden_classes
from schemas.dispenser import Cadence, DispenserKind, LicenceClass


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
BY = Actor("a-admin", "administrator", "192.0.2.1")
DEA, OTHER_DEA, NPI = "FX1234563", "BX1234563", "1234567893"


def create(db: Database, email: str = "anna@example.org", role: str = "prescriber", **more: Any) -> Any:
    with db.session() as session:
        return create_account(session, email=email, display_name="Anna", role=role, by=BY, now=NOW, **more)


# CREATING --------------------------------------------------------------------------------------
def test_a_new_account_waits_for_approval(db: Database) -> None:
    account = create(db)
    assert (account.status, account.has_password, account.email) == (Status.APPLIED, False, "anna@example.org")
    with db.reading() as session:
        assert find_account(session, " ANNA@example.org") == account == get_account(session, account.id)
        assert find_account(session, "bert@example.org") is None
        [event] = audit.search(session)
    assert (event.act, event.actor, event.object_id) == ("administrator:account:created", "a-admin", account.id)
    assert event.detail == {"role": "prescriber", "status": "applied"}


def test_a_new_installation_has_no_account(db: Database) -> None:
    with db.reading() as session:
        assert list_accounts(session) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anna@Example.org", "anna@example.org"),
        ("  anna@example.org\n", "anna@example.org"),
        ("ａｎｎａ@example.org", "anna@example.org"),  # noqa: RUF001  full width, as some keyboards send it
        ("ANNA+pmp@mail.example.co", "anna+pmp@mail.example.co"),
    ],
)
def test_an_address_has_one_spelling(typed: str, kept: str) -> None:
    assert normalise_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", "anna", "anna@", "@example.org", "anna@example", "an na@example.org", "a@b@example.org", "a\0@example.org",
        "\ud800@example.org", "a\x9b31m@example.org", "a\u202eb@example.org",
        "a@exa\udfffmple.org", "x" * 65 + "@example.org", "a@" + "x" * 260 + ".org",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="not an e-mail address"):  # P-068
        normalise_email(typed)


def test_one_address_has_one_account(db: Database) -> None:
    create(db)
    with pytest.raises(Conflict, match="forgotten-password"):  # P-069
        create(db, "ANNA@example.org")


def test_an_unknown_role_is_refused_everywhere(db: Database) -> None:
    with pytest.raises(Invalid, match="no role 'root'"):
        create(db, role="root")
    with pytest.raises(Forbidden, match="not in the role catalogue"):
        role_named("root")
    with pytest.raises(Forbidden, match="not in the role catalogue"):
        hidden_classes("root")


@pytest.mark.parametrize("name", ["", " \n", "x" * 201, "\u200b"])
def test_a_name_is_needed(db: Database, name: str) -> None:
    with pytest.raises(Invalid, match="A name needs"), db.session() as session:
        create_account(session, email="a@example.org", display_name=name, role="prescriber", by=BY, now=NOW)


def test_a_name_is_one_line_without_control_characters(db: Database) -> None:
    with db.session() as session:
        account = create_account(
            session, email="a@example.org", display_name=" Anna\x1b[31m\n\u202eLee ", role="prescriber", by=BY, now=NOW
        )
    assert account.display_name == "Anna [31m Lee"


def test_an_unknown_organisation_is_refused(db: Database) -> None:
    with pytest.raises(Conflict, match="organisation unknown"):
        create(db, organisation_id="o-nowhere")


def test_a_change_and_its_event_are_one(db: Database) -> None:
    with db.session() as session:
        session.execute(text("ALTER TABLE audit_events RENAME TO elsewhere"))
    with pytest.raises(AuditUnavailable):
        create(db)
    with db.reading() as session:
        assert session.scalars(select(AccountTable)).all() == []


# ITS LIFE --------------------------------------------------------------------------------------
def test_an_account_is_approved_disabled_and_approved_again(db: Database) -> None:
    account = create(db)
    with db.session() as session:
        approve_account(session, account.id, by=BY, now=NOW)
        assert get_account(session, account.id).status is Status.ACTIVE
        disable_account(session, account.id, why="licence lapsed", by=BY, now=NOW)
        assert get_account(session, account.id).status is Status.DISABLED
        approve_account(session, account.id, by=BY, now=NOW)
    with db.reading() as session:
        events = audit.search(session)[::-1]
    assert [event.act.split(":")[2] for event in events] == ["created", "approved", "disabled", "approved"]
    assert events[2].detail == {"why": "licence lapsed"}


def test_nobody_approves_themselves(db: Database) -> None:
    account = create(db, role="administrator")
    with pytest.raises(Conflict, match="Nobody approves their own"), db.session() as session:
        approve_account(session, account.id, by=Actor(account.id, "administrator"), now=NOW)


def test_a_step_the_status_does_not_allow_is_refused(db: Database) -> None:
    account = create(db, status=Status.ACTIVE)
    with pytest.raises(Conflict, match="is active; it cannot become active"), db.session() as session:
        approve_account(session, account.id, by=BY, now=NOW)
    assert set(TRANSITIONS) == set(Status)


def test_a_change_to_no_account_is_refused(db: Database) -> None:
    for change in (
        lambda session: approve_account(session, "a-0", by=BY, now=NOW),
        lambda session: disable_account(session, "a-0", why="x", by=BY, now=NOW),
        lambda session: change_role(session, "a-0", "pharmacist", by=BY, now=NOW),
        lambda session: get_account(session, "a-0"),
    ):
        with pytest.raises(NotVisible, match="no such account"), db.session() as session:
            change(session)


def test_a_role_is_changed_to_one_that_exists(db: Database) -> None:
    account = create(db)
    with db.session() as session:
        change_role(session, account.id, "pharmacist", by=BY, now=NOW)
        assert get_account(session, account.id).role == "pharmacist"
        [event] = audit.search(session, limit=1)
        assert event.detail == {"before": "prescriber", "after": "pharmacist"}
    with pytest.raises(Invalid), db.session() as session:
        change_role(session, account.id, "root", by=BY, now=NOW)


def test_accounts_are_listed_by_role_and_status(db: Database) -> None:
    create(db, "c@example.org", "pharmacist", status=Status.ACTIVE)
    create(db, "a@example.org")
    create(db, "b@example.org", status=Status.ACTIVE)
    with db.reading() as session:
        assert [account.email[0] for account in list_accounts(session)] == ["a", "b", "c"]
        assert [account.email[0] for account in list_accounts(session, role="prescriber")] == ["a", "b"]
        assert [account.email[0] for account in list_accounts(session, status=Status.ACTIVE)] == ["b", "c"]


# NUMBERS ---------------------------------------------------------------------------------------
def test_a_prescriber_may_hold_several_dea_numbers(db: Database) -> None:
    account = create(db)
    with db.session() as session:
        for number in (DEA, " bx 1234563"):
            add_credential(session, account.id, CredentialKind.DEA, number, by=BY, now=NOW)
        add_credential(session, account.id, CredentialKind.NPI, "1234-567-893", by=BY, now=NOW)
        found = get_account(session, account.id).credentials
        assert found == {CredentialKind.DEA: (OTHER_DEA, DEA), CredentialKind.NPI: (NPI,)}
        remove_credential(session, account.id, CredentialKind.DEA, DEA, by=BY, now=NOW)
        assert get_account(session, account.id).credentials[CredentialKind.DEA] == (OTHER_DEA,)
        acts = [event.act for event in audit.search(session)]
    assert acts[:2] == ["administrator:credential:removed", "administrator:credential:added"]


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (CredentialKind.DEA, "FX1234564"),
        (CredentialKind.DEA, ""),
        (CredentialKind.NPI, "1234567890"),
        (CredentialKind.NPI, DEA),
    ],
)
def test_a_number_with_a_wrong_check_digit_is_refused(db: Database, kind: CredentialKind, number: str) -> None:
    account = create(db)
    with pytest.raises(Invalid, match="check digit is wrong"), db.session() as session:
        add_credential(session, account.id, kind, number, by=BY, now=NOW)


def test_a_number_the_role_does_not_hold_is_refused(db: Database) -> None:
    account = create(db, role="administrator")
    with pytest.raises(Invalid, match="administrator holds no DEA"), db.session() as session:
        add_credential(session, account.id, CredentialKind.DEA, DEA, by=BY, now=NOW)


def test_a_number_is_held_once_and_taken_away_once(db: Database) -> None:
    account = create(db)
    with db.session() as session:
        add_credential(session, account.id, CredentialKind.NPI, NPI, by=BY, now=NOW)
    with pytest.raises(Conflict, match="already holds"), db.session() as session:
        add_credential(session, account.id, CredentialKind.NPI, NPI, by=BY, now=NOW)
    with pytest.raises(NotVisible, match="holds no such DEA"), db.session() as session:
        remove_credential(session, account.id, CredentialKind.DEA, DEA, by=BY, now=NOW)


# WHO MAY REPORT FOR WHOM -----------------------------------------------------------------------
def dispenser(db: Database, name: str = "North Pharmacy", **numbers: Any) -> str:
    with db.session() as session:
        return add_dispenser(
            session,
            Dispenser(name, DispenserKind.PHARMACY, Cadence.DAILY, LicenceClass.PHARMACY, **(numbers or {"dea": DEA})),
            by=BY,
            now=NOW,
        )


def test_an_account_reports_for_what_its_organisation_may(db: Database) -> None:
    account = create(db, role="dispenser", status=Status.ACTIVE)
    north, south = dispenser(db), dispenser(db, "South Pharmacy", ncpdp="0712345")
    with db.session() as session:
        assert permitted_dispensers(session, account.id) == frozenset()
        chain = create_organisation(session, " A  chain ", by=BY, now=NOW)
        permit_dispenser(session, chain.id, north, by=BY, now=NOW)
        permit_dispenser(session, chain.id, south, by=BY, now=NOW)
        permit_dispenser(session, chain.id, south, by=BY, now=NOW)
        assert permitted_dispensers(session, account.id) == frozenset()
        join_organisation(session, account.id, chain.id, by=BY, now=NOW)
        assert permitted_dispensers(session, account.id) == {north, south}
        withdraw_dispenser(session, chain.id, north, by=BY, now=NOW)
        assert permitted_dispensers(session, account.id) == {south}
        [listed] = list_organisations(session)
        assert (listed.name, listed.dispensers) == ("A chain", {south})
        acts = [event.act.partition(":")[2] for event in audit.search(session)][::-1]
    assert acts[3:] == [
        "organisation:created",
        "dispenser:permitted",
        "dispenser:permitted",
        "organisation:joined",
        "dispenser:withdrawn",
    ]


def test_an_account_that_is_not_active_reports_for_nobody(db: Database) -> None:
    account = create(db, role="dispenser", status=Status.ACTIVE)
    north = dispenser(db)
    with db.session() as session:
        chain = create_organisation(session, "A chain", by=BY, now=NOW)
        permit_dispenser(session, chain.id, north, by=BY, now=NOW)
        join_organisation(session, account.id, chain.id, by=BY, now=NOW)
        disable_account(session, account.id, why="test", by=BY, now=NOW)
        assert permitted_dispensers(session, account.id) == frozenset()
        assert permitted_dispensers(session, "a-nobody") == frozenset()


def test_names_and_ids_that_do_not_fit_are_refused(db: Database) -> None:
    account, north = create(db), dispenser(db)
    with db.session() as session:
        chain = create_organisation(session, "A chain", by=BY, now=NOW)
    for error, change in (
        (Conflict, lambda s: create_organisation(s, "A chain", by=BY, now=NOW)),
        (NotVisible, lambda s: join_organisation(s, account.id, "o-0", by=BY, now=NOW)),
        (NotVisible, lambda s: join_organisation(s, "a-0", chain.id, by=BY, now=NOW)),
        (NotVisible, lambda s: permit_dispenser(s, chain.id, "d-0", by=BY, now=NOW)),
        (NotVisible, lambda s: permit_dispenser(s, "o-0", north, by=BY, now=NOW)),
        (NotVisible, lambda s: withdraw_dispenser(s, chain.id, north, by=BY, now=NOW)),
    ):
        with pytest.raises(error), db.session() as session:
            change(session)


# ROLES AND VISIBILITY --------------------------------------------------------------------------
def test_the_catalogue_names_each_role_once_with_its_source() -> None:
    assert {name: role.category for name, role in ROLES.items()} == {
        "administrator": Category.SYSTEM_ADMIN,
        "prescriber": Category.HEALTHCARE_PROFESSIONAL,
        "pharmacist": Category.HEALTHCARE_PROFESSIONAL,
        "dispenser": Category.REPORTER,
    }
    assert all(role.policy and role.title for role in ROLES.values())


@pytest.mark.parametrize("role", sorted(ROLES))
def test_naloxone_is_seen_by_administrators_only(role: str) -> None:
    expected = frozenset() if role == "administrator" else frozenset({"naloxone"})  # L-04
    assert hidden_classes(role) == expected


def test_the_command_line_is_an_actor_of_its_own() -> None:
    assert COMMAND_LINE.account_id not in ROLES
