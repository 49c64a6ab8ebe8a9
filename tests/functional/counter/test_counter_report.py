"""POST /v1/reports over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from access.audit import search as search_audit
from access.audit_acts import AuditAct


if TYPE_CHECKING:
    from counter_state import World


GOLDEN = Path(__file__).parent / "expected_report.json"


def test_the_report_is_as_expected_to_the_letter(world: World, *, accept: bool) -> None:
    headers = world.as_("maren")
    answer = world.report(headers, [world.ada(headers)], filled_from="2020-01-01")
    assert answer.status_code == 200, answer.text
    report = answer.json()
    # Identifiers that nobody can guess differ each time; where they come from is tested below.
    for name in ("report_id", "search_id", "account_id", "on_behalf_of"):
        assert report["stamp"][name]
        report["stamp"][name] = "…"
    if accept:
        GOLDEN.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert report == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_without_a_period_two_years_are_listed_and_the_rest_is_counted(world: World) -> None:
    headers = world.as_("maren")
    report = world.report(headers, [world.ada(headers)]).json()
    assert report["criteria"]["period"] == {"filled_from": "2022-03-06", "filled_to": "2024-03-06"}
    assert [line["rx_number"] for line in report["dispensations"]] == ["1", "2"]
    assert (report["summary"]["dispensations"], report["summary"]["outside_period"]) == (2, 1)


def test_the_ends_of_the_period_belong_to_it(world: World) -> None:
    headers = world.as_("maren")
    report = world.report(headers, [world.ada(headers)], filled_from="2024-02-01", filled_to="2024-03-04").json()
    assert report["summary"]["dispensations"] == 2
    report = world.report(headers, [world.ada(headers)], filled_from="2024-02-02", filled_to="2024-03-03").json()
    assert (report["summary"]["dispensations"], report["summary"]["outside_period"]) == (0, 3)


def test_a_period_that_ends_before_it_begins_is_refused(world: World) -> None:
    headers = world.as_("maren")
    answer = world.report(headers, [world.ada(headers)], filled_from="2024-02-02", filled_to="2024-02-01")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/filled_to", "detail": "must not lie before filled_from"}]


def test_naloxone_is_nowhere_in_the_report(world: World) -> None:
    """L-04."""
    headers = world.as_("maren")
    assert "naloxone" not in world.report(headers, [world.ada(headers)], filled_from="1990-01-01").text.lower()


def test_several_identities_are_one_report_and_each_line_says_whose(world: World) -> None:
    headers = world.as_("maren")
    found = world.search(headers, last_name="Double", first_name="Grace").json()["candidates"]
    report = world.report(headers, [one["reference"] for one in found]).json()
    assert [(one["number"], one["gender"]) for one in report["identities"]] == [
        (number, one["gender"]) for number, one in enumerate(found, 1)
    ]
    assert {line["rx_number"]: line["identity"] for line in report["dispensations"]} == {
        "5": 1 + [one["gender"] for one in found].index("F"),
        "6": 1 + [one["gender"] for one in found].index(None),
    }
    alone = world.report(headers, [found[0]["reference"]]).json()
    assert alone["summary"]["dispensations"] == 1
    assert len(alone["identities"]) == 1


def test_the_same_candidate_twice_is_one(world: World) -> None:
    headers = world.as_("maren")
    reference = world.ada(headers)
    report = world.report(headers, [reference, reference]).json()
    assert (len(report["identities"]), report["summary"]["dispensations"]) == (1, 2)


def test_an_animal_stands_in_no_count(world: World) -> None:
    headers = world.as_("maren")
    found = world.search(headers, last_name="Owner", first_name="Olga").json()
    references = [one["reference"] for one in found["candidates"] + found["animals"]]
    report = world.report(headers, references).json()
    assert report["summary"]["dispensations"] == len(report["dispensations"]) == 1
    assert [line["rx_number"] for line in report["animals"]] == ["10"]
    assert [one["species"] for one in report["identities"]] == ["human", "animal"]


def test_the_report_is_in_the_trail_before_it_is_read(world: World) -> None:
    headers = world.as_("maren")
    subjects = []
    for _ in range(2):
        stamp = world.report(headers, [world.ada(headers)]).json()["stamp"]
        with world.services.database.reading() as session:
            answered, permitted = search_audit(session, limit=2)
        assert (permitted.act, answered.act) == (AuditAct.REPORT_PERMITTED, AuditAct.REPORT_ANSWERED)
        assert permitted.detail["permit"] == answered.object_id == stamp["report_id"]
        assert answered.detail["count"] == 2
        assert permitted.actor == stamp["account_id"]
        subjects.append(permitted.object_id)
    # The same patient has the same opaque id, so that "who looked at this patient" can be answered.
    assert subjects[0] == subjects[1]
    assert subjects[0].startswith("s-")


def test_what_is_known_only_by_code_is_said_to_be_unknown(world: World) -> None:
    headers = world.as_("maren")
    found = world.search(headers, last_name="O'Neill Bohm", first_name="Zoe").json()["candidates"]
    (line,) = world.report(headers, [found[0]["reference"]]).json()["dispensations"]
    assert line["drug"]["known"] is False
    assert line["drug"]["drug_class"] == "unknown"


# REFERENCES ------------------------------------------------------------------------------------
def refused(answer: Any) -> None:
    assert answer.status_code == 404
    problem = answer.json()
    problem.pop("request_id")
    assert problem == {
        "type": "urn:open-pdmp:problem:reference-not-valid",
        "title": "Reference not valid",
        "status": 404,
        "detail": "This candidate reference is not valid or has expired; search for the patient again.",
        "retry": False,
    }


@pytest.mark.parametrize(
    "forged", ["1", "7", "A" * 400, "' or 1=1 --", "../../x", "\x00", "é", "s-elm-1", "p-0d42f7aa17b3c95e6f10"]
)
def test_a_reference_that_nobody_sealed_opens_nothing(world: World, forged: str) -> None:
    refused(world.report(world.as_("maren"), [forged]))


def test_somebody_elses_reference_opens_nothing(world: World) -> None:
    reference = world.ada(world.as_("maren"))
    refused(world.report(world.as_("marcus"), [reference]))


def test_a_reference_outlives_its_session_but_not_its_time(world: World) -> None:
    headers = world.fresh("maren")
    reference = world.ada(headers)
    world.client.post("/v1/logout", headers=headers)
    assert world.report(world.fresh("maren"), [reference]).status_code == 200
    before = world.clock.now
    try:
        world.clock.advance(minutes=30)
        refused(world.report(world.fresh("maren"), [reference]))
    finally:
        world.clock.now = before


def test_references_of_two_searches_are_not_mixed(world: World) -> None:
    headers = world.as_("maren")
    answer = world.report(headers, [world.ada(headers), world.ada(headers)])
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:open-pdmp:problem:references-differ"


def test_a_report_needs_a_reference_and_bounded_many(world: World) -> None:
    headers = world.as_("maren")
    for references in ([], ["A"] * 21, ["A" * 2049], [7], "A", None):
        assert world.report(headers, references).status_code == 422  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"reason": "dispensing"}, {"attested": ["P-105"]}, {"attested": []}])
def test_a_report_needs_a_reason_and_the_attestation(world: World, changes: dict[str, Any]) -> None:
    """P-105, P-110, P-011."""
    headers = world.as_("maren")
    assert world.report(headers, [world.ada(headers)], **changes).status_code == 403
