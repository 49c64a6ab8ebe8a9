"""The published interface: what every address takes, answers and refuses, with examples.

Field descriptions of answers come from the `Attributes` sections of the types that are answered, so
that they are written once. Errors have one shape (`web.errors.Problem`) everywhere.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from access.permission_table import BY_ACTION
from access.roles import ROLES
from schemas import criteria, report
from web.errors import BY_STATUS, MEDIA_TYPE, TABLE, Kind, Problem


REF: Final = "#/components/schemas/{model}"
TITLE: Final = "Open PDMP"
SUMMARY: Final = "Dispensers report controlled substances; prescribers and pharmacists look before they act."
DESCRIPTION: Final = """\
Sign in with `POST /v1/login` and send the token with every request. Patient values stand only in bodies, never in
an address. Every answer carries `X-Request-Id`; quote it when you ask about an answer. Errors are
`application/problem+json` (RFC 9457), and say whether trying again can help.
"""

Responses = dict[int | str, dict[str, Any]]


def answers(kind: type) -> Responses:
    """The documented answer of an endpoint that serialises a frozen value itself."""
    schema = {"$ref": REF.format(model=kind.__name__)}
    return {200: {"description": _first_line(kind), "content": {"application/json": {"schema": schema}}}}


KINDS: Final = {kind.name: kind for kind in (*BY_STATUS.values(), *TABLE.values())}


def problems(*names: str) -> Responses:
    """The documented errors of an endpoint, by the names of their kinds (`web.errors`)."""
    by_status: dict[int, list[Kind]] = {}
    for name in names:
        by_status.setdefault(KINDS[name].status, []).append(KINDS[name])
    return {status: _problem(kinds) for status, kinds in sorted(by_status.items())}


def _problem(kinds: Sequence[Kind]) -> dict[str, Any]:
    content = {"schema": {"$ref": REF.format(model="Problem")}, "example": _example(kinds[0])}
    return {"description": "; ".join(kind.title for kind in kinds), "content": {MEDIA_TYPE: content}}


def _example(kind: Kind) -> dict[str, Any]:
    example = {
        "type": f"urn:open-pdmp:problem:{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail or HTTPStatus(kind.status).description or kind.title,
        "request_id": "5f3c9a1b2c3d4e5f60718293a4b5c6d7",
        "retry": kind.retry,
    }
    if kind is BY_STATUS[422]:
        example["errors"] = [{"pointer": "/date_of_birth", "detail": "must be a date as YYYY-MM-DD, in quotes"}]
    return example


def describe(app: FastAPI, kinds: tuple[type, ...], examples: Mapping[str, object]) -> None:
    """Make the application publish its description.

    Args:
        app: with all its routes.
        kinds: the frozen types that endpoints serialise themselves.
        examples: name of a type -> an example of it, for every body that is sent or answered.
    """
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_description(app, kinds, examples))
        return made

    # The framework's documented way to put another description in the place of its own.
    app.openapi = openapi  # type: ignore[method-assign]


def _description(app: FastAPI, kinds: tuple[type, ...], examples: Mapping[str, object]) -> dict[str, Any]:
    document = get_openapi(
        title=TITLE, version=app.version, summary=SUMMARY, description=DESCRIPTION, routes=app.routes
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for kind in kinds:
        made = TypeAdapter(kind).json_schema(ref_template=REF, mode="serialization")
        schemas.update(made.pop("$defs", {}))
        schemas[kind.__name__] = made
    _, problem = models_json_schema([(Problem, "serialization")], ref_template=REF)
    schemas.update(problem["$defs"])
    for name, described in _described().items():
        if name in schemas:
            schemas[name]["description"] = _first_line(described)
            for field, text in attributes(described).items():
                schemas[name].get("properties", {}).get(field, {})["description"] = text
    for operation in _operations(document):
        # The framework documents a 422 of its own wherever something could be refused; ours are documented already.
        if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {MEDIA_TYPE: ...}):
            del operation["responses"]["422"]
        _give_examples(operation, examples)
    _drop_unused(document)
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()


def _give_examples(operation: Mapping[str, Any], examples: Mapping[str, object]) -> None:
    """Put the example of its type beside each body; done last, since the framework drops nulls from examples."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in (body.get("content", {}) for body in bodies):
        for media in content.values():
            name = media["schema"].get("$ref", media["schema"].get("title", "")).rpartition("/")[2]
            if name in examples:
                media["example"] = examples[name]


def _drop_unused(document: dict[str, Any]) -> None:
    """Leave out what nothing refers to, such as the framework's own shape of errors."""
    schemas = document["components"]["schemas"]
    while True:
        text = json.dumps(document)
        unused = [name for name in schemas if f'"{REF.format(model=name)}"' not in text]
        if not unused:
            return
        for name in unused:
            del schemas[name]


def _described() -> dict[str, type]:
    """The frozen types whose docstrings describe their fields."""
    modules = (criteria, report)
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and is_dataclass(value)
    }


def attributes(kind: type) -> dict[str, str]:
    """Field name -> sentence, from the `Attributes` section of a docstring."""
    section = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")[2]
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \S)", "\n" + section):
        name, mark, text = " ".join(entry.split()).partition(": ")
        if mark:
            found[name] = text
    return found


def _first_line(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or kind.__name__).partition("\n")[0]


# THE PAGE --------------------------------------------------------------------------------------
def openapi_markdown(app: FastAPI) -> str:
    """The interface as a page of the reference: a section per address."""
    document = app.openapi()
    callers = {
        (method, context.path): who_may_call(context.original_route)
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in context.original_route.methods or ()
    }
    lines = [DESCRIPTION]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines += _section(path, method.upper(), operation, callers[method.upper(), path])
    return "\n".join(lines).rstrip() + "\n"


def who_may_call(route: APIRoute) -> str:
    """Which roles a route is for, in words."""
    from web.dependencies import Needs  # noqa: PLC0415  the counter's dependencies document themselves with this module

    needs = [part.call for part in _dependants(route.dependant) if isinstance(part.call, Needs)]
    if not needs:
        return "everybody"
    actions = [need.action for need in needs if need.action is not None]
    if not actions:
        return "everybody signed in"
    grants = [BY_ACTION[action].grants for action in actions]
    return ", ".join(role.title for role in ROLES.values() if all(role.name in grant for grant in grants))


def _dependants(dependant: Any) -> list[Any]:  # noqa: ANN401  the framework's own tree
    return [dependant, *(part for child in dependant.dependencies for part in _dependants(child))]


def _section(path: str, method: str, operation: Mapping[str, Any], callers: str) -> list[str]:
    summary = operation["summary"] + ("" if operation["summary"].endswith("?") else ".")
    lines = [f"## `{method} {path}`", "", f"{summary} For: {callers}.", "", operation["description"], ""]
    lines += [
        f"- `{parameter['name']}` ({parameter['in']}): {parameter.get('description', '')}"
        for parameter in operation.get("parameters", [])
    ]
    if operation.get("parameters"):
        lines.append("")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if body:
        lines += ["Request:", "", *_json(body)]
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            content = response.get("content", {}).get("application/json")
            lines += [f"Answer {status}: {response['description']}", "", *(_json(content) if content else [])]
    errors = [
        f"| {status} | {response['description']} |"
        for status, response in operation["responses"].items()
        if not status.startswith("2")
    ]
    return lines + (["| Status | When |", "|---|---|", *errors, ""] if errors else [])


def _json(media: Mapping[str, Any]) -> list[str]:
    if "example" not in media:
        return []
    return ["```json", json.dumps(media["example"], indent=2, ensure_ascii=False), "```", ""]
