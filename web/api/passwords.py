"""Changing one's own password (P-148), and replacing a temporary one before the first log-in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status
from pydantic import Field, StringConstraints

from access.password_change import change_password, replace_temporary_password
from access.permission_table import Action
from access.sessions import Person
from web.dependencies import Needs, Peer, ServicesOf
from web.fields import Secret, StrictModel
from web.openapi import problems


router = APIRouter(tags=["session"])


class PasswordChange(StrictModel):
    """The present password, and the new one twice."""

    current: Annotated[Secret, Field(description="The present password.")]
    new: Annotated[Secret, Field(description="The new one: at least 8 characters, upper, lower and a symbol (P-134…).")]
    again: Annotated[Secret, Field(description="The new one once more (P-138).")]


class TemporaryPassword(StrictModel):
    """The temporary password, and the one that takes its place twice."""

    email: Annotated[str, StringConstraints(min_length=1, max_length=320), Field(description="The registered address.")]
    temporary: Annotated[Secret, Field(description="The password that an administrator gave you.")]
    new: Annotated[Secret, Field(description="Your own: at least 8 characters, upper, lower and a symbol (P-134…).")]
    again: Annotated[Secret, Field(description="Your own once more (P-138).")]


@router.post(
    "/v1/me/password",
    summary="Change your password",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    response_description="Changed; your other sessions have ended.",
    responses=problems(
        "not-signed-in",
        "forbidden",
        "too-large",
        "fields",
        "weak-password",
        "too-many-attempts",
        "audit-unavailable",
        "not-ready",
    ),
)
def change_own_password(
    body: PasswordChange,
    person: Annotated[Person, Depends(Needs(Action.CHANGE_OWN_PASSWORD))],
    services: ServicesOf,
    peer: Peer,
) -> Response:
    """The new password differs from the present one (P-149) and keeps every rule; this session goes on."""
    change_password(
        services.database,
        person,
        body.current,
        body.new,
        body.again,
        peer=peer,
        now=services.clock(),
        passwords=services.passwords,
        rules=services.session_rules,
    )
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/v1/password",
    summary="Replace a temporary password",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    response_description="Replaced; sign in with your own.",
    responses=problems(
        "not-signed-in",
        "too-large",
        "fields",
        "weak-password",
        "too-many-attempts",
        "audit-unavailable",
        "not-ready",
    ),
)
def replace_temporary(body: TemporaryPassword, services: ServicesOf, peer: Peer) -> Response:
    """An administrator's password opens no session; put one that only you know in its place.

    Whatever is wrong, the answer is the one of `POST /v1/login`, and failures count together with log-ins (L-09).
    """
    replace_temporary_password(
        services.database,
        body.email,
        body.temporary,
        body.new,
        body.again,
        peer=peer,
        now=services.clock(),
        passwords=services.passwords,
        rules=services.session_rules,
    )
    return Response(status_code=status.HTTP_204_NO_CONTENT)
