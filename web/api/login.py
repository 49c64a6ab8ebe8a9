"""Signing in and out (P-132)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response, status
from pydantic import BaseModel, Field, StringConstraints

from access.sessions import Person, log_in, log_out
from web.dependencies import Needs, Peer, ServicesOf, Token
from web.fields import Secret, StrictModel
from web.openapi import problems


router = APIRouter(tags=["session"])


class LoginRequest(StrictModel):
    """E-mail address and password."""

    email: Annotated[str, StringConstraints(min_length=1, max_length=320), Field(description="The registered address.")]
    password: Annotated[Secret, Field(description="The password.")]


class LoginAnswer(BaseModel):
    """A session."""

    token: Annotated[str, Field(description="Send it with each request: `Authorization: Bearer …`. Tell nobody.")]
    token_type: Literal["bearer"]
    role: Annotated[str, Field(description="The role you act in.")]
    name: Annotated[str, Field(description="Your name.")]
    ends_at: Annotated[datetime, Field(description="The session ends at the latest then; earlier if it is not used.")]
    password_expires_at: Annotated[datetime, Field(description="Change the password before then (P-145).")]
    password_reminder: Annotated[bool, Field(description="True in the last days before that (P-147).")]


@router.post(
    "/v1/login",
    summary="Sign in",
    response_model=LoginAnswer,
    response_description="The session.",
    responses=problems(
        "not-signed-in",
        "password-expired",
        "too-large",
        "fields",
        "too-many-attempts",
        "audit-unavailable",
        "not-ready",
    ),
)
def sign_in(body: LoginRequest, services: ServicesOf, peer: Peer) -> LoginAnswer:
    """Opens a session.

    Unknown address, wrong password and closed account get the same answer. Four failures lock the account for ten
    minutes (L-09); the answer is then 429 with Retry-After.
    """
    session = log_in(
        services.database,
        body.email,
        body.password,
        peer,
        services.clock(),
        passwords=services.passwords,
        rules=services.session_rules,
    )
    return LoginAnswer(
        token=session.token,
        token_type="bearer",  # noqa: S106  the name of a scheme
        role=session.person.role,
        name=session.person.name,
        ends_at=session.ends_at,
        password_expires_at=session.password_expires_at,
        password_reminder=session.remind,
    )


@router.post(
    "/v1/logout",
    summary="Sign out",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    response_description="Signed out.",
    responses=problems("not-signed-in", "audit-unavailable", "not-ready"),
)
def sign_out(
    _person: Annotated[Person, Depends(Needs(None))], token: Token, services: ServicesOf, peer: Peer
) -> Response:
    """Ends the session; its token opens nothing from then on."""
    log_out(services.database, token, peer, services.clock())
    return Response(status_code=status.HTTP_204_NO_CONTENT)
