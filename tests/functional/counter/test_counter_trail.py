"""What is asked for in vain leaves a trace as well (P-131), and so does reading what became of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from access import audit
from access.audit_acts import AuditAct


if TYPE_CHECKING:
    from counter_state import World


def newest(world: World) -> audit.RecordedEvent:
    with world.services.database.reading() as session:
        return audit.search(session, limit=1)[0]


def account(world: World, name: str) -> str:
    return str(world.client.get("/v1/me", headers=world.as_(name)).json()["account_id"])


@pytest.mark.parametrize("name", ["ann", "elm"])
@pytest.mark.parametrize(
    ("path", "act"), [("/v1/patients/search", "patient:search"), ("/v1/reports", "patient:report")]
)
def test_a_role_that_may_not_look_leaves_a_trace_when_it_tries(world: World, name: str, path: str, act: str) -> None:
    who = account(world, name)
    assert world.client.post(path, json={}, headers=world.as_(name)).status_code == 403
    event = newest(world)
    assert (event.act, event.actor, event.object_id) == (AuditAct.PERMIT_REFUSED, who, act)
    assert event.peer == "127.0.0.1"


def test_trying_references_leaves_a_trace(world: World) -> None:
    stolen, who = world.ada(world.as_("maren")), account(world, "phil")
    for reference in ("AAAA", stolen):
        answer = world.report(world.as_("phil"), [reference], reason="dispensing")
        assert answer.status_code == 404
        event = newest(world)
        assert (event.act, event.actor, event.object_id) == (AuditAct.PERMIT_REFUSED, who, "patient:report")
        assert reference not in str(event)


@pytest.mark.parametrize("part", ["", "/report"])
def test_reading_what_became_of_a_file_leaves_a_trace(world: World, part: str) -> None:
    who = account(world, "ann")
    assert world.client.get(f"/v1/submissions/s-elm-1{part}", headers=world.as_("ann")).status_code == 200
    event = newest(world)
    assert (event.act, event.actor, event.object_id) == (AuditAct.SUBMISSION_READ, who, "s-elm-1")


@pytest.mark.parametrize("submission", ["s-oak-1", "s-nobody"])
def test_asking_for_anothers_file_leaves_the_same_trace_as_asking_for_none(world: World, submission: str) -> None:
    who = account(world, "elm")
    assert world.client.get(f"/v1/submissions/{submission}", headers=world.as_("elm")).status_code == 404
    event = newest(world)
    assert (event.act, event.actor, event.object_id) == (AuditAct.PERMIT_REFUSED, who, "submission:read")
    assert submission not in str(event)
