"""Permit before data: no way into lookup without a permit that access made, for this act, once."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

import lookup.report
import lookup.search
from access.errors import AuditUnavailable, Forbidden
from access.permissions import grant_report, grant_search
from access.permit import Act, Permit, Reason
from access.sessions import Person, authenticate
from lookup.errors import PermitRefused
from lookup.references import Chosen
from lookup.report import default_period, make_report
from lookup.search import search
from schemas.criteria import PatientCriteria
from schemas.report import PatientReport, SearchResult
from store import history as store_history


if TYPE_CHECKING:
    from counter_state import World


ADA = PatientCriteria("Sample", "Ada", date(1980, 2, 29))
ATTESTED = ("P-105", "P-110")


@pytest.fixture
def maren(world: World) -> Person:
    return authenticate(world.services.database, world.token("maren"), world.clock.now)


def to_search(world: World, person: Person) -> Permit:
    return grant_search(world.services.database, person, Reason.TREATMENT, ATTESTED, "digest", world.clock.now, "")


def to_report(world: World, person: Person) -> Permit:
    return grant_report(world.services.database, person, Reason.TREATMENT, ATTESTED, "s-1", world.clock.now, "")


def do_search(world: World, permit: Permit) -> SearchResult:
    return search(permit, ADA, world.services.desk, world.clock.now)


def chosen(world: World, person: Person) -> list[Chosen]:
    found = do_search(world, to_search(world, person))
    return [
        world.services.desk.seal.open(one.reference, person.account_id, world.clock.now) for one in found.candidates
    ]


def do_report(world: World, permit: Permit, patient: list[Chosen]) -> PatientReport:
    period = default_period(world.services.today())
    return make_report(permit, patient, period, world.services.desk, world.clock.now)


def test_a_permit_answers_once(world: World, maren: Person) -> None:
    permit = to_search(world, maren)
    assert do_search(world, permit).candidates
    with pytest.raises(Forbidden, match="has been used"):
        do_search(world, permit)
    patient, permit = chosen(world, maren), to_report(world, maren)
    assert do_report(world, permit, patient).dispensations
    with pytest.raises(Forbidden, match="has been used"):
        do_report(world, permit, patient)


def test_a_permit_is_for_its_act(world: World, maren: Person) -> None:
    with pytest.raises(PermitRefused, match="a permit for patient:search"):
        do_search(world, to_report(world, maren))
    with pytest.raises(PermitRefused, match="a permit for patient:report"):
        do_report(world, to_search(world, maren), chosen(world, maren))


@pytest.mark.parametrize("thing", [None, "p-1", object(), {"act": "patient:search"}])
def test_what_is_no_permit_is_refused(world: World, thing: object) -> None:
    with pytest.raises(PermitRefused, match="is none"):
        do_search(world, cast("Permit", thing))


def test_a_permit_that_access_did_not_make_is_refused(world: World, maren: Person) -> None:
    genuine = to_search(world, maren)
    forgeries: list[dict[str, Any]] = [
        {"id": "p-forged"},
        {"audit_event_id": genuine.audit_event_id - 1},
        {"audit_event_id": 10**9},
        {"account_id": "a-somebody"},
    ]
    for forgery in forgeries:
        with pytest.raises(Forbidden, match="not granted"):
            do_search(world, replace(genuine, **forgery))
    with pytest.raises(Forbidden, match="not granted"):
        do_report(world, replace(genuine, act=Act.READ_REPORT), chosen(world, maren))


def test_where_the_trail_cannot_be_written_nothing_is_answered(world: World, maren: Person) -> None:
    """T2: fail closed."""
    permit = to_search(world, maren)
    silent = replace(world.services.desk, database=replace(world.services.database, audit_key=None))
    with pytest.raises(AuditUnavailable):
        search(permit, ADA, silent, world.clock.now)


def test_only_functions_that_take_a_permit_read_patients_from_the_store() -> None:
    """Whatever else in lookup, web or pdmp reads the store's histories would be a way around the permit."""
    root = Path(inspect.getfile(lookup.search)).parents[1]
    readers = {
        str(path.relative_to(root))
        for room in ("lookup", "web", "pdmp", "compliance")
        for path in (root / room).rglob("*.py")
        if any(name in path.read_text(encoding="utf-8") for name in ("find_persons", "import history", "history("))
    }
    assert readers <= {"lookup/search.py", "lookup/report.py"}
    assert callable(store_history.history)
    for module, function in ((lookup.search, search), (lookup.report, make_report)):
        public = {
            name: value
            for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
        }
        assert function.__name__ in public
        reading = [value for value in public.values() if "Desk" in str(inspect.signature(value))]
        assert [next(iter(inspect.signature(value).parameters)) for value in reading if value is function] == ["permit"]
