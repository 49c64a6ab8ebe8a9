"""The published interface: complete, with examples that fit their own types."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from access.permit import Reason
from schemas import criteria, report
from web.api.login import LoginAnswer, LoginRequest
from web.api.me import Me
from web.api.passwords import PasswordChange, TemporaryPassword
from web.api.patients import SearchRequest
from web.api.reports import ReportRequest
from web.api.submissions import SubmissionDetail, SubmissionPage
from web.app import bare_app
from web.errors import BY_STATUS, TABLE, Problem
from web.examples import EXAMPLES
from web.openapi import attributes, openapi_markdown, problems


DOCUMENT = bare_app("0").openapi()
OPERATIONS = [
    (method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
ids = [f"{method} {path}" for method, path, _ in OPERATIONS]


def valid(value: object, schema: dict[str, Any], place: str = "") -> list[str]:  # noqa: PLR0911  one answer per kind of schema
    """What of a value does not fit a schema: a small validator of what our schemas use, and it refuses the rest."""
    if "$ref" in schema:
        return valid(value, DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], place)
    if "anyOf" in schema:
        faults = [valid(value, option, place) for option in schema["anyOf"]]
        return [] if any(not fault for fault in faults) else [f"{place}: fits none of its types"]
    if "const" in schema or "enum" in schema:
        return [] if value in schema.get("enum", [schema.get("const")]) else [f"{place}: {value!r} is not in the list"]
    kind = schema["type"]
    types = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
    if kind == "object" and isinstance(value, dict):
        known = schema.get("properties", {})
        faults = [f"{place}/{name}: missing" for name in schema.get("required", ()) if name not in value]
        faults += [f"{place}/{name}: not in the schema" for name in value if name not in known]
        return faults + [
            fault
            for name, part in value.items()
            if name in known
            for fault in valid(part, known[name], f"{place}/{name}")
        ]
    if kind == "array" and isinstance(value, list):
        items = schema.get("items", {})
        return [fault for number, part in enumerate(value) for fault in valid(part, items, f"{place}/{number}")]
    if kind not in types or not isinstance(value, types[kind]) or (kind != "boolean" and isinstance(value, bool)):
        return [f"{place}: not of type {kind}"]
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        return [f"{place}: does not match its pattern"]
    return []


def test_the_validator_finds_faults() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    assert valid({"a": 1}, schema) == []
    for wrong in ({}, {"a": "1"}, {"a": True}, {"a": 1, "b": 2}, []):
        assert valid(wrong, schema) != []


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=ids)
def test_every_operation_is_described_with_examples_that_fit(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    assert bool(bodies) == (method == "post" and path != "/v1/logout")
    for body in bodies + [one for status, one in operation["responses"].items() if status[0] == "2"]:
        for media_type, media in body.get("content", {}).items():
            if media_type == "application/json":
                assert valid(media["example"], media["schema"], path) == []


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=ids)
def test_every_operation_documents_its_errors_in_the_one_shape(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    errors = {status: one for status, one in operation["responses"].items() if status[0] in "45"}
    for status, response in errors.items():
        assert list(response["content"]) == ["application/problem+json"], (method, path)
        media = response["content"]["application/problem+json"]
        assert valid({"errors": None, **media["example"]}, media["schema"]) == []
        assert media["example"]["status"] == int(status)
        Problem.model_validate(media["example"])
    if operation.get("security"):
        assert "401" in errors


def test_examples_are_values_of_the_models() -> None:
    models = (
        PasswordChange,
        TemporaryPassword,
        LoginRequest,
        LoginAnswer,
        Me,
        SearchRequest,
        ReportRequest,
        SubmissionPage,
        SubmissionDetail,
    )
    for model in models:
        assert model.model_validate(EXAMPLES[model.__name__], strict=False)


def test_protected_operations_ask_for_the_bearer_token() -> None:
    protected = {path for _, path, operation in OPERATIONS if operation.get("security") == [{"HTTPBearer": []}]}
    assert protected == {path for _, path, _ in OPERATIONS} - {"/v1/login", "/v1/password", "/healthz", "/readyz"}
    assert DOCUMENT["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"


def test_no_patient_value_has_a_place_in_an_address() -> None:
    """A4: nothing but ids of submissions and pages."""
    named = {(one["in"], one["name"]) for _, _, operation in OPERATIONS for one in operation.get("parameters", [])}
    assert named == {("path", "submission_id"), ("query", "before"), ("query", "limit")}


def test_nothing_published_is_left_without_a_description() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema.get("description"), name
        for field, described in schema.get("properties", {}).items():
            assert described.get("description") or name in {"Grade", "Match"} or "const" in described, f"{name}.{field}"


def test_the_docstrings_of_answers_name_every_field() -> None:
    for module in (criteria, report):
        for kind in vars(module).values():
            if isinstance(kind, type) and is_dataclass(kind):
                assert list(attributes(kind)) == [field.name for field in fields(kind)], kind.__name__


def test_reasons_are_those_that_access_knows() -> None:
    assert DOCUMENT["components"]["schemas"]["SearchRequest"]["properties"]["reason"]["enum"] == [*Reason]


def test_the_page_of_the_reference_has_every_address() -> None:
    page = openapi_markdown(bare_app("0"))
    for method, path, _ in OPERATIONS:
        assert f"## `{method.upper()} {path}`" in page
    assert "For: Prescriber, Pharmacist." in page
    assert page.count("```json") == page.count("\n```\n")


def test_an_unknown_problem_stops_the_program_at_once() -> None:
    with pytest.raises(KeyError):
        problems("never-heard-of")


def test_every_kind_of_problem_has_a_name_of_its_own_or_the_same_status() -> None:
    kinds: dict[str, set[int]] = {}
    for kind in (*TABLE.values(), *BY_STATUS.values()):
        kinds.setdefault(kind.name, set()).add(kind.status)
    assert {name: statuses for name, statuses in kinds.items() if len(statuses) > 1} == {}
