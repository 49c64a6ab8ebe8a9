"""Who am I here, and what may I do?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from access.attestations import attestations
from access.permission_table import PERMISSIONS, REASONS
from access.sessions import Person
from web.dependencies import Needs
from web.openapi import problems


router = APIRouter(tags=["session"])


class Sentence(BaseModel):
    """A sentence to attest to."""

    number: Annotated[str, Field(description="Send it in `attested`.", examples=["P-105"])]
    text: Annotated[str, Field(description="Read it before you do.")]


class Me(BaseModel):
    """The account signed in."""

    account_id: Annotated[str, Field(description="Of the account; stands in the audit trail and on reports.")]
    name: Annotated[str, Field(description="Your name.")]
    email: Annotated[str, Field(description="The registered address.")]
    role: Annotated[str, Field(description="The role you act in.")]
    organisation_id: Annotated[str | None, Field(description="For whom you report, where you do.")]
    may: Annotated[list[str], Field(description="What your role may do, as `object:act`.")]
    reasons: Annotated[list[str], Field(description="The reasons for which your role may look at a patient.")]
    attestations: Annotated[list[Sentence], Field(description="What you attest to each time (P-105, P-110).")]


@router.get(
    "/v1/me",
    summary="Who am I?",
    response_model=Me,
    response_description="The account.",
    responses=problems("not-signed-in", "not-ready"),
)
def me(person: Annotated[Person, Depends(Needs(None))]) -> Me:
    """The account signed in, what its role may do, and the sentences to attest to before looking at a patient."""
    return Me(
        account_id=person.account_id,
        name=person.name,
        email=person.email,
        role=person.role,
        organisation_id=person.organisation_id,
        may=[permission.action.value for permission in PERMISSIONS if person.role in permission.grants],
        reasons=sorted(REASONS.get(person.role, ())),
        attestations=[Sentence(number=one.number, text=one.text) for one in attestations(person.role)],
    )
