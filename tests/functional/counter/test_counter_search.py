"""POST /v1/patients/search over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from access.audit import search as search_audit
from access.audit_acts import AuditAct


if TYPE_CHECKING:
    from counter_state import World


@pytest.mark.parametrize(
    ("asked", "grade", "matches"),
    [
        ({}, "exact", ["same"]),
        ({"last_name": "  sAmPlE ", "first_name": "ÁDA"}, "exact", ["same"]),
        ({"last_name": "Double", "first_name": "Grace"}, "several", ["same", "same"]),
        ({"last_name": "Smith", "first_name": "Jonathan"}, "possible", ["spelling"]),
        ({"last_name": "Smyth", "first_name": "Jon"}, "possible", ["spelling"]),
        ({"last_name": "Ada", "first_name": "Sample"}, "possible", ["names_exchanged"]),
        ({"date_of_birth": "1980-02-28"}, "possible", ["birth_date"]),
        ({"first_name": "Wilhelmina"}, "possible", ["first_name"]),
        ({"last_name": "Oneill Bohm", "first_name": "Zoe"}, "exact", ["same"]),
        ({"date_of_birth": "1931-07-05"}, "none", []),
        ({"last_name": "Nobody", "first_name": "Whatever"}, "none", []),
    ],
)
def test_grades(world: World, asked: dict[str, str], grade: str, matches: list[str]) -> None:
    answer = world.search(world.as_("maren"), **asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["grade"] == grade
    assert [candidate["match"] for candidate in answer.json()["candidates"]] == matches


def test_a_candidate_can_be_recognised_and_not_looked_up(world: World) -> None:
    (candidate,) = world.search(world.as_("maren")).json()["candidates"]
    reference = candidate.pop("reference")
    assert candidate == {
        "match": "same",
        "species": "human",
        "last_name": "SAMPLE",
        "first_name": "ADA",
        "middle_name": None,
        "name_suffix": None,
        "date_of_birth": "1980-02-29",
        "gender": "F",
        "animal_name": None,
        "address": "1• E•• S•••••",
        "city": "HARTFORD",
        "state": "CT",
        "last_fill": "2024-03",
    }
    assert "person_key" not in reference


def test_who_may_only_be_seen_in_hidden_classes_is_not_shown(world: World) -> None:
    """L-04: that somebody is on record would tell that naloxone was dispensed."""
    assert world.search(world.as_("maren"), last_name="Hidden", first_name="Nell").json()["grade"] == "none"


def test_animals_stand_apart_and_count_in_no_grade(world: World) -> None:
    answer = world.search(world.as_("maren"), last_name="Owner", first_name="Olga").json()
    assert answer["grade"] == "exact"
    assert [one["species"] for one in answer["candidates"]] == ["human"]
    assert [(one["species"], one["animal_name"]) for one in answer["animals"]] == [("animal", "Rex")]


@pytest.mark.parametrize("person", ["maren", "phil"])
def test_every_search_is_in_the_trail_also_an_empty_one(world: World, person: str) -> None:
    reason = "treatment" if person == "maren" else "dispensing"
    for asked, grade, count in (({}, "exact", 1), ({"date_of_birth": "1931-07-05"}, "none", 0)):
        found = world.search(world.as_(person), reason=reason, **asked).json()
        with world.services.database.reading() as session:
            answered, permitted = search_audit(session, limit=2)
        assert (permitted.act, answered.act) == (AuditAct.SEARCH_PERMITTED, AuditAct.SEARCH_ANSWERED)
        assert permitted.detail["permit"] == answered.object_id == found["search_id"]
        assert (answered.detail["grade"], answered.detail["count"]) == (grade, count)
        assert permitted.peer == "127.0.0.1"


def test_a_reason_of_another_role_is_refused(world: World) -> None:
    answer = world.search(world.as_("maren"), reason="dispensing")
    assert answer.status_code == 403
    assert "referral, treatment" in answer.json()["detail"]


@pytest.mark.parametrize("attested", [[], ["P-105"], ["P-110"], ["P-105", "P-110", "P-001"]])
def test_without_the_whole_attestation_there_is_no_search(world: World, attested: list[str]) -> None:
    """P-105, P-110."""
    assert world.search(world.as_("maren"), attested=attested).status_code == 403


BAD: list[tuple[str, Any, str]] = [
    # engineering.md decision 20: a lenient reader takes 0 for 1970-01-01
    ("date_of_birth", 0, "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", 315532800, "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", None, "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", True, "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", ["1980-02-29"], "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", "", "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", "0", "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", "1980-2-29", "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", "19800229", "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", "1980-02-29T00:00:00", "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", "\uff11980-02-29", "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", "1980-02-29\n", "must be a date as YYYY-MM-DD, in quotes"),
    ("date_of_birth", "1980-02-30", "is not a day of the calendar"),
    ("date_of_birth", "0000-00-00", "is not a day of the calendar"),
    ("date_of_birth", "0001-01-01", "must not be before 1900-01-01"),
    ("date_of_birth", "1899-12-31", "must not be before 1900-01-01"),
    ("date_of_birth", "9999-12-31", "must not lie ahead"),
    ("date_of_birth", "2024-03-07", "must not lie ahead"),
    ("last_name", "", "at least 1 character"),
    ("last_name", "   ", "at least 1 character"),
    ("last_name", "x" * 101, "at most 100 characters"),
    ("last_name", "x" * 5000, "at most 100 characters"),
    ("last_name", "a\x00b", "must not hold control characters"),
    ("last_name", "a\nb", "must not hold control characters"),
    ("last_name", "a\x1b[31m", "must not hold control characters"),
    ("last_name", "?!", "must hold at least one letter"),
    ("first_name", "'--", "must hold at least one letter"),
    ("first_name", 7, "valid string"),
    ("first_name", None, "valid string"),
    ("first_name", {"$ne": None}, "valid string"),
    ("reason", "curiosity", "must be one of treatment, dispensing, referral"),
    ("reason", 0, "must be one of"),
    ("attested", "P-105", "valid list"),
    ("attested", ["P-105", 110], "valid string"),
    ("attested", ["P-105"] * 11, "at most 10"),
]


@pytest.mark.parametrize(("field", "value", "says"), BAD, ids=[f"{field}-{n}" for n, (field, _, _) in enumerate(BAD)])
def test_fields_are_strict_and_bounded(world: World, field: str, value: Any, says: str) -> None:
    answer = world.search(world.as_("maren"), **{field: value})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["pointer"].startswith(f"/{field}")
    assert says in error["detail"]


def test_the_first_and_the_last_possible_birthday_are_answered(world: World) -> None:
    for born in ("1900-01-01", "2024-03-06"):
        assert world.search(world.as_("maren"), date_of_birth=born).json()["grade"] == "none"


def test_no_field_may_be_missing_and_none_be_added(world: World) -> None:
    headers = world.as_("maren")
    assert world.search(headers, sex="F").status_code == 422
    assert world.client.post("/v1/patients/search", json={}, headers=headers).status_code == 422
    for body in (b"", b"null", b"[]", b'"x"', b"{", b"\xff", b"[" * 60_000, b'{"last_name":"\\ud800"}'):
        answer = world.client.post(
            "/v1/patients/search", content=body, headers={**headers, "content-type": "application/json"}
        )
        assert answer.status_code in {400, 422}, body[:20]
        assert answer.headers["content-type"] == "application/problem+json"


HOSTILE = [
    "' or 1=1 --",
    "'; drop table persons; --",
    '" or ""="',
    "a' union select 1 --",
    "%",
    "_____",
    "*",
    "$last",
    "?",
    "${jndi:ldap://x}",
    "\u2019 or 1=1",  # a typographic quote
    "\ufeffAda",
    "\u202eadA",
    "../../etc/passwd",
    "Ada\u200b",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["last_name", "first_name"])
def test_what_is_typed_is_data(world: World, field: str, text: str) -> None:
    """I1: no injection in any field; nobody is found but Ada, by a spelling of her own name."""
    answer = world.search(world.as_("maren"), **{field: text})
    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 200:
        assert {one["last_name"] for one in answer.json()["candidates"]} <= {"SAMPLE"}
