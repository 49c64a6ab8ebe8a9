from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import access
from access import attestations, permissions
from access.accounts import change_role, disable_account
from access.audit import COMMAND_LINE
from access.database import Database
from access.errors import AuditUnavailable, Forbidden, NotVisible
from access.organisations import create_organisation, join_organisation
from access.permission_table import BY_ACTION, PERMISSIONS, REASONS, Action, Scope, permission_table_markdown
from access.permissions import (
    check_may,
    check_may_read_submission,
    criteria_digest,
    grant_report,
    grant_search,
    may,
    may_read_submission,
    record_report_outcome,
    record_search_outcome,
)
from access.permit import Act, Permit, Reason
from access.roles import ROLES
from access.verification import verify


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
PEER = "192.0.2.7"
ATTESTED = ("P-105", "P-110")

# THE TABLE, word for word: a change here is a change of who may do what.
EXPECTED = {
    "patient:search": {"prescriber": "own patients", "pharmacist": "own patients"},
    "patient:report": {"prescriber": "own patients", "pharmacist": "own patients"},
    "submission:send": {"dispenser": "own organisation's"},
    "submission:read": {"dispenser": "own organisation's", "administrator": "any"},
    "submission:retry": {"administrator": "any"},
    "dispenser:read": {"dispenser": "own organisation's", "administrator": "any"},
    "dispenser:manage": {"administrator": "any"},
    "account:manage": {"administrator": "any"},
    "organisation:manage": {"administrator": "any"},
    "password:change": {"administrator": "own", "prescriber": "own", "pharmacist": "own", "dispenser": "own"},
    "audit:read": {"administrator": "any"},
    "audit:verify": {"administrator": "any"},
}


def search(db: Database, person: Any, reason: Reason = Reason.TREATMENT, attested: Any = ATTESTED) -> Permit:
    return grant_search(db, person, reason, attested, criteria_digest(db, {"last_name": "Zzcanary"}), NOW, PEER)


# ROLE x ACTION (Z1) ----------------------------------------------------------------------------
@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_role_may_exactly_what_the_table_says(role: str, action: Action) -> None:
    expected = EXPECTED[action.value].get(role)
    assert may(role, action) is (expected is not None)
    if expected is None:
        with pytest.raises(Forbidden, match="may not do this"):
            check_may(role, action)
    else:
        assert check_may(role, action) == expected


def test_the_table_has_each_action_once_and_only_known_roles() -> None:
    assert [permission.action for permission in PERMISSIONS] == list(Action)
    assert set(EXPECTED) == {action.value for action in Action}
    assert all(set(permission.grants) <= set(ROLES) for permission in PERMISSIONS)
    assert set(REASONS) == set(BY_ACTION[Action.SEARCH_PATIENTS].grants)


@pytest.mark.parametrize("action", list(Action))
def test_an_unknown_role_may_nothing(action: Action) -> None:
    assert not may("root", action)
    with pytest.raises(Forbidden, match="not in the role catalogue"):
        check_may("root", action)


def test_every_action_has_its_pair(people: Any) -> None:
    person = people.person("administrator")
    for action in Action:
        subject, act = action.value.split(":")
        names = {
            "patient:search": "search_patients", "patient:report": "read_report", "submission:send": "send_files",
            "submission:read": "read_submissions", "submission:retry": "retry_submissions",
            "password:change": "change_own_password", "audit:read": "read_audit", "audit:verify": "verify_audit",
        }  # fmt: skip
        name = names.get(action.value, f"{act}_{subject}s")
        assert getattr(permissions, f"may_{name}")(person) is may("administrator", action)
        if may("administrator", action):
            assert getattr(permissions, f"check_may_{name}")(person) is check_may("administrator", action)
        else:
            with pytest.raises(Forbidden):
                getattr(permissions, f"check_may_{name}")(person)


def test_the_table_is_printed_whole() -> None:
    page = permission_table_markdown()
    assert all(f"`{action.value}`" in page for action in Action)
    assert all(role.title in page for role in ROLES.values())
    assert "| `patient:search` | no | own patients | own patients | no |" in page
    assert {line.count("|") for line in page.splitlines()} == {8}


# OBJECTS (Z3) ----------------------------------------------------------------------------------
def test_a_dispenser_sees_its_own_organisations_submissions_only(db: Database, people: Any) -> None:
    accounts = {name: people.add("dispenser", name=name) for name in ("north", "south", "rival", "alone")}
    with db.session() as session:
        chain = create_organisation(session, "A chain", by=COMMAND_LINE, now=NOW)
        other = create_organisation(session, "Another", by=COMMAND_LINE, now=NOW)
        for name, organisation in (("north", chain), ("south", chain), ("rival", other)):
            join_organisation(session, accounts[name].id, organisation.id, by=COMMAND_LINE, now=NOW)
    people.add("administrator", name="admin")
    people.add("prescriber", name="doctor")
    person = {name: people.log_in(name).person for name in (*accounts, "admin", "doctor")}
    with db.reading() as session:
        seen = {
            (who, whose): may_read_submission(session, person[who], accounts[whose].id)
            for who in person
            for whose in accounts
        }
        assert {pair for pair, visible in seen.items() if visible} == {
            ("north", "north"), ("north", "south"), ("south", "north"), ("south", "south"), ("rival", "rival"),
            ("alone", "alone"), ("admin", "north"), ("admin", "south"), ("admin", "rival"), ("admin", "alone"),
        }  # fmt: skip
        answers = set()
        for sender in (accounts["rival"].id, "a-nobody"):
            with pytest.raises(NotVisible) as caught:
                check_may_read_submission(session, person["north"], sender)
            answers.add(str(caught.value))
        assert len(answers) == 1  # absence and refusal read the same (Z5)
        with pytest.raises(Forbidden, match="may not do this"):
            check_may_read_submission(session, person["doctor"], accounts["north"].id)


# PERMITS ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("prescriber", Reason.TREATMENT), ("prescriber", Reason.REFERRAL),
        ("pharmacist", Reason.DISPENSING), ("pharmacist", Reason.REFERRAL),
    ],
)  # fmt: skip
def test_a_permit_is_granted_after_its_event(people: Any, role: str, reason: Reason) -> None:
    person = people.person(role)
    permit = search(people.db, person, reason)
    event = people.trail()[-1]
    assert permit.audit_event_id == event.id
    assert (permit.act, permit.account_id, permit.on_behalf_of) == (
        Act.SEARCH_PATIENTS,
        person.account_id,
        person.account_id,
    )
    assert (permit.role, permit.reason, permit.attested, permit.granted_at) == (role, reason, ATTESTED, NOW)
    assert permit.hidden_classes == {"naloxone"}
    assert (event.act, event.actor, event.peer, event.object_id) == (
        "person:search:permitted",
        person.account_id,
        PEER,
        permit.id,
    )
    assert event.detail == {
        "permit": permit.id,
        "reason": reason.value,
        "attested": ["P-105", "P-110"],
        "attestation_version": attestations.VERSION,
        "criteria_digest": criteria_digest(people.db, {"last_name": "Zzcanary"}),
    }


def test_a_report_permit_names_its_patient_by_an_opaque_id(people: Any) -> None:
    person = people.person()
    permit = grant_report(people.db, person, Reason.TREATMENT, ATTESTED, "k-8f3a", NOW, PEER)
    event = people.trail()[-1]
    assert (event.act, event.object_kind, event.object_id) == ("person:report:permitted", "patient", "k-8f3a")
    assert (permit.act, permit.audit_event_id) == (Act.READ_REPORT, event.id)


@pytest.mark.parametrize(
    ("role", "reason", "attested", "sentence"),
    [
        ("administrator", Reason.TREATMENT, ATTESTED, "Administrator may not do this"),
        ("dispenser", Reason.DISPENSING, ATTESTED, "Dispenser may not do this"),
        ("prescriber", Reason.DISPENSING, ATTESTED, "dispensing is not one for this role"),
        ("pharmacist", Reason.TREATMENT, ATTESTED, "treatment is not one for this role"),
        ("prescriber", Reason.TREATMENT, (), "missing: P-105, P-110"),
        ("prescriber", Reason.TREATMENT, ("P-105",), "missing: P-110"),
        ("prescriber", Reason.TREATMENT, ("P-110",), "missing: P-105"),
        ("prescriber", Reason.TREATMENT, (*ATTESTED, "P-999"), "no others"),
    ],
)
def test_without_role_reason_and_attestation_there_is_no_permit(
    people: Any, role: str, reason: Reason, attested: Any, sentence: str
) -> None:
    person = people.person(role)
    for grant in (
        lambda: search(people.db, person, reason, attested),
        lambda: grant_report(people.db, person, reason, attested, "k-1", NOW, PEER),
    ):
        before = len(people.trail())
        with pytest.raises(Forbidden, match=sentence):
            grant()
        [refused] = people.trail()[before:]
        assert (refused.act, refused.actor, refused.peer) == ("person:permit:refused", person.account_id, PEER)
        assert sentence in refused.detail["why"]


def test_an_account_disabled_meanwhile_gets_no_permit(people: Any) -> None:
    person = people.person()
    with people.db.session() as session:
        disable_account(session, person.account_id, why="test", by=COMMAND_LINE, now=NOW)
    with pytest.raises(Forbidden, match="may no longer do this"):
        search(people.db, person)


def test_a_role_changed_meanwhile_gets_no_permit(people: Any) -> None:
    person = people.person()
    with people.db.session() as session:
        change_role(session, person.account_id, "pharmacist", by=COMMAND_LINE, now=NOW)
    with pytest.raises(Forbidden, match="may no longer do this"):
        search(people.db, person)


def test_a_person_made_up_gets_no_permit(people: Any) -> None:
    person = people.person()
    for forged in (replace(person, account_id="a-nobody"), replace(person, role="root")):
        with pytest.raises(Forbidden, match="may no longer do this"):
            search(people.db, forged)


def test_where_the_event_cannot_be_written_there_is_no_permit(people: Any) -> None:
    person = people.person()
    with people.db.session() as session:
        session.execute(text("ALTER TABLE audit_events RENAME TO elsewhere"))
    with pytest.raises(AuditUnavailable, match="audit trail cannot be written"):
        search(people.db, person)
    with pytest.raises(AuditUnavailable):
        search(replace(people.db, audit_key=None), person)


def test_where_the_database_is_gone_there_is_no_permit(sqlite: Database, people: Any, tmp_path: Path) -> None:
    person = people.person()
    nowhere = Database(sqlite.engine.execution_options(), sqlite.audit_key)
    with nowhere.session() as session:
        session.execute(text("ALTER TABLE accounts RENAME TO elsewhere"))
    with pytest.raises(AuditUnavailable, match="nobody may look"):
        search(nowhere, person)
    assert tmp_path.is_dir()


# OUTCOMES --------------------------------------------------------------------------------------
def test_how_a_search_ended_is_noted_also_with_nobody_found(people: Any) -> None:
    permit = search(people.db, people.person())
    record_search_outcome(people.db, permit, "none", 0, NOW, PEER)
    event = people.trail()[-1]
    assert (event.act, event.object_id, event.detail) == (
        "person:search:answered",
        permit.id,
        {"grade": "none", "count": 0},
    )
    report = grant_report(people.db, people.log_in().person, Reason.TREATMENT, ATTESTED, "k-1", NOW, PEER)
    record_report_outcome(people.db, report, 17, NOW, PEER)
    assert people.trail()[-1].detail == {"count": 17}


def test_a_permit_is_for_one_act(people: Any) -> None:
    permit = search(people.db, people.person())
    with pytest.raises(Forbidden, match="not granted for this act"):
        record_report_outcome(people.db, permit, 1, NOW, PEER)
    record_search_outcome(people.db, permit, "exact", 1, NOW, PEER)
    with pytest.raises(Forbidden, match="has been used"):
        record_search_outcome(people.db, permit, "exact", 1, NOW, PEER)


@pytest.mark.parametrize(
    "forgery",
    [
        {"id": "p-other"},
        {"account_id": "a-other"},
        {"audit_event_id": 1},
        {"audit_event_id": 999},
        {"act": Act.READ_REPORT},
    ],
)
def test_a_permit_that_was_never_granted_is_refused(people: Any, forgery: dict[str, Any]) -> None:
    permit = search(people.db, people.person())
    before = len(people.trail())
    with pytest.raises(Forbidden, match="not granted for this act"):
        record_search_outcome(people.db, replace(permit, **forgery), "exact", 1, NOW, PEER)
    assert len(people.trail()) == before


def test_an_outcome_that_cannot_be_noted_is_not_answered(people: Any) -> None:
    permit = search(people.db, people.person())
    with people.db.session() as session:
        session.execute(text("ALTER TABLE audit_events RENAME TO elsewhere"))
    with pytest.raises(AuditUnavailable, match="nothing is answered"):
        record_search_outcome(people.db, permit, "exact", 1, NOW, PEER)


def test_the_trail_knows_the_question_again_and_not_what_it_was(people: Any) -> None:
    person = people.person()
    for _ in range(2):
        search(people.db, person)
    one, two = (event.detail["criteria_digest"] for event in people.trail()[-2:])
    assert one == two != criteria_digest(people.db, {"last_name": "Other"})
    assert "Zzcanary" not in str(people.trail())
    assert verify(people.db).sound
    with pytest.raises(AuditUnavailable):
        criteria_digest(replace(people.db, audit_key=None), {})


# THE SENTENCES ---------------------------------------------------------------------------------
def test_who_may_look_attests_to_both_sentences_and_nobody_else_to_any() -> None:
    numbers = {role: [sentence.number for sentence in attestations.attestations(role)] for role in ROLES}
    assert numbers == {
        "administrator": [], "dispenser": [], "prescriber": ["P-105", "P-110"], "pharmacist": ["P-105", "P-110"],
    }  # fmt: skip
    with pytest.raises(Forbidden):
        attestations.attestations("root")


# THE ONLY MAKER --------------------------------------------------------------------------------
ROOMS = ("access", "compliance", "drugs", "ingest", "lookup", "pdmp", "schemas", "store", "validation", "web")


def _permit_makers() -> set[str]:
    root = Path(access.__file__).parent.parent
    makers = set()
    for room in ROOMS:
        for path in (root / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                # `replace` on a permit would make another one out of it.
                if name == "Permit" or (name == "replace" and any(getattr(a, "id", "") == "permit" for a in node.args)):
                    makers.add(path.relative_to(root).as_posix())
    return makers


def test_only_permissions_makes_permits() -> None:
    assert _permit_makers() == {"access/permissions.py"}


def test_scopes_are_named_for_people() -> None:
    assert {scope.value for scope in Scope} == {"any", "own patients", "own organisation's", "own"}
