"""From exception to answer: the one table, and the one shape (RFC 9457, application/problem+json).

A problem says what went wrong, what to do next, and whether trying again can help. It quotes nothing
that was sent: a field is named, its value is not. What is not in the table is our fault: 500, with the
request's id to quote and no details.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from access import errors as access
from lookup import errors as lookup
from store import errors as store


MEDIA_TYPE: Final = "application/problem+json"

# Seconds after which a request that failed for a passing reason may be tried again.
RETRY_AFTER: Final = 5


class FieldProblem(BaseModel):
    """One field of the request that does not hold up."""

    pointer: Annotated[str, Field(description="JSON pointer to the field.", examples=["/date_of_birth"])]
    detail: Annotated[str, Field(description="What it must be.", examples=["must be a date as YYYY-MM-DD"])]


class Problem(BaseModel):
    """A problem (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: Annotated[str, Field(description="What kind of problem, for a program.")]
    title: Annotated[str, Field(description="The same in a few words.")]
    status: Annotated[int, Field(description="The HTTP status.")]
    detail: Annotated[str, Field(description="What happened, and what to do next.")]
    request_id: Annotated[str, Field(description="Quote it when you ask about this; also in X-Request-Id.")]
    retry: Annotated[bool, Field(description="Whether the same request may succeed later.")]
    errors: Annotated[list[FieldProblem] | None, Field(description="The fields that do not hold up.")] = None


class FieldRefused(Exception):
    """A field holds up by itself, but not today: only the running program can tell."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class NotDecided(Exception):
    """A submission has been received and not been ruled yet; worth a retry."""


@dataclass(frozen=True)
class Kind:
    """What one family of exceptions becomes.

    Attributes:
        status: of the answer.
        name: last part of the problem's type; never renamed.
        title: in a few words.
        retry: whether the same request may succeed later.
        detail: the sentence; null takes the exception's own, which is then one we wrote ourselves.
    """

    status: int
    name: str
    title: str
    retry: bool = False
    detail: str | None = None


# The more special exception stands before the more general one.
TABLE: Mapping[type[Exception], Kind] = {
    access.NotSignedIn: Kind(401, "not-signed-in", "Not signed in"),
    access.Locked: Kind(429, "too-many-attempts", "Too many attempts", retry=True),
    access.PasswordExpired: Kind(403, "password-expired", "Password expired"),
    access.WeakPassword: Kind(422, "weak-password", "Password too weak"),
    # Absence and refusal look alike where somebody could learn from the difference.
    access.NotVisible: Kind(
        404, "not-found", "Not found", detail="There is no such thing here, or it is not yours to see."
    ),
    access.Forbidden: Kind(403, "forbidden", "Not allowed"),
    access.Conflict: Kind(409, "conflict", "Conflict"),
    access.Invalid: Kind(422, "invalid", "Not valid"),
    access.AuditUnavailable: Kind(
        503,
        "audit-unavailable",
        "Audit trail unavailable",
        retry=True,
        detail="The audit trail cannot be written, so nothing may be read. Try again shortly.",
    ),
    lookup.PermitRefused: Kind(403, "forbidden", "Not allowed"),
    lookup.ReferenceRefused: Kind(404, "reference-not-valid", "Reference not valid"),
    lookup.ReferencesDiffer: Kind(422, "references-differ", "References of different searches"),
    lookup.PeriodRefused: Kind(422, "period", "Period not valid"),
    lookup.LookupRefused: Kind(422, "not-answerable", "Not answerable"),
    NotDecided: Kind(
        409, "not-decided", "Not decided yet", retry=True, detail="This file has not been ruled yet. Ask again shortly."
    ),
    # Their own words name folders of this machine.
    store.LakeBusyError: Kind(
        503, "not-ready", "Not ready", retry=True, detail="The store is busy. Try again shortly."
    ),
    store.StoreError: Kind(
        503, "store-unavailable", "Store unavailable", detail="The store cannot be read; an administrator must look."
    ),
    OperationalError: Kind(
        503, "not-ready", "Not ready", retry=True, detail="The database cannot be reached. Try again shortly."
    ),
}

# What the framework refuses by itself.
BY_STATUS: Mapping[int, Kind] = {
    400: Kind(400, "bad-request", "Bad request", detail="The request cannot be read; send a JSON object."),
    404: Kind(404, "not-found", "Not found", detail="There is no such thing here, or it is not yours to see."),
    405: Kind(405, "method-not-allowed", "Method not allowed", detail="This address does not answer this method."),
    413: Kind(413, "too-large", "Too large", detail="The request's body is larger than this address takes."),
    422: Kind(422, "fields", "Fields do not hold up", detail="Correct the fields named and send the request again."),
    500: Kind(
        500,
        "internal",
        "Our fault",
        detail="Something went wrong on our side; it was noted. Quote the request id when you ask about it.",
    ),
}


def kind_of(error: Exception) -> Kind | None:
    """The table's entry for an exception; None for one that is nobody's but ours."""
    return next((kind for family, kind in TABLE.items() if isinstance(error, family)), None)


def problem(
    kind: Kind,
    request_id: str,
    *,
    detail: str | None = None,
    fields: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for one kind of problem."""
    body = Problem(
        type=f"urn:open-pdmp:problem:{kind.name}",
        title=kind.title,
        status=kind.status,
        detail=kind.detail or detail or HTTPStatus(kind.status).phrase,
        request_id=request_id,
        retry=kind.retry,
        errors=[FieldProblem(pointer=pointer, detail=text) for pointer, text in fields] or None,
    )
    content = json.dumps(body.model_dump(exclude_none=True), ensure_ascii=False)
    return Response(content.encode(), status_code=kind.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI, clock: Callable[[], datetime]) -> None:
    """Make the application answer every exception in the one shape; `clock` says for how long to wait."""

    async def from_table(request: Request, error: Exception) -> Response:
        kind = kind_of(error)
        if kind is None:  # pragma: no cover  only families of the table are registered
            raise error
        return problem(kind, _id(request), detail=str(error), headers=_headers(error, kind, clock()))

    async def from_framework(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        kind = BY_STATUS.get(status) or Kind(status, f"http-{status}", HTTPStatus(status).phrase)
        return problem(kind, _id(request), headers=headers)

    async def from_fields(request: Request, error: Exception) -> Response:
        faults = error.errors() if isinstance(error, RequestValidationError) else ()
        return problem(BY_STATUS[422], _id(request), fields=[_field(fault) for fault in faults])

    async def from_field(request: Request, error: Exception) -> Response:
        fields = []
        if isinstance(error, FieldRefused):
            fields = [(error.pointer, str(error))]
        if isinstance(error, lookup.CriteriaRefused):
            fields = [(f"/{error.field}", str(error))]
        return problem(BY_STATUS[422], _id(request), fields=fields)

    for family in TABLE:
        app.add_exception_handler(family, from_table)
    app.add_exception_handler(HTTPException, from_framework)
    app.add_exception_handler(RequestValidationError, from_fields)
    app.add_exception_handler(FieldRefused, from_field)
    app.add_exception_handler(lookup.CriteriaRefused, from_field)


def _id(request: Request) -> str:
    return str(request.scope.get("request_id", ""))


def _headers(error: Exception, kind: Kind, now: datetime) -> dict[str, str]:
    if kind.status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="pdmp"'}
    if isinstance(error, access.Locked):
        return {"Retry-After": str(max(1, math.ceil((error.until - now).total_seconds())))}
    if kind.retry:
        return {"Retry-After": str(RETRY_AFTER)}
    return {}


# The longest name of a field that is sent back; our own are shorter, and an unknown one is the sender's.
LONGEST_POINTER: Final = 100


def _field(fault: Mapping[str, Any]) -> tuple[str, str]:
    """Where and what, from one of pydantic's errors; its ``input`` and ``ctx`` are left behind."""
    where = [str(part) for part in fault["loc"] if part not in {"body", "query", "path", "header"}]
    if fault["type"] == "json_invalid":
        return "", "the body is not JSON"
    return ("/" + "/".join(where))[:LONGEST_POINTER] if where else "", str(fault["msg"])
