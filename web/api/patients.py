"""Searching for a patient. A POST: patient values never stand in an address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from access.permission_table import Action
from access.permissions import criteria_digest, grant_search
from access.sessions import Person
from lookup.search import search
from schemas.criteria import PatientCriteria
from schemas.report import SearchResult
from web.answers import answer
from web.dependencies import Needs, Peer, ServicesOf
from web.errors import FieldRefused
from web.fields import Attested, IsoDate, Name, StrictModel, Why
from web.openapi import answers, problems


router = APIRouter(tags=["patients"])


class SearchRequest(StrictModel):
    """The three fields of the request form (L-07), the reason, and the attestation."""

    last_name: Annotated[Name, Field(description="The patient's last name.")]
    first_name: Annotated[Name, Field(description="The patient's first name.")]
    date_of_birth: Annotated[IsoDate, Field(description="The patient's date of birth.")]
    reason: Annotated[Why, Field(description="Why you look; `GET /v1/me` names your role's reasons.")]
    attested: Attested


@router.post(
    "/v1/patients/search",
    summary="Search for a patient",
    response_class=Response,
    responses=answers(SearchResult)
    | problems(
        "not-signed-in", "forbidden", "too-large", "fields", "audit-unavailable", "not-ready", "store-unavailable"
    ),
)
def search_patients(
    body: SearchRequest,
    person: Annotated[Person, Depends(Needs(Action.SEARCH_PATIENTS))],
    services: ServicesOf,
    peer: Peer,
) -> Response:
    """Finds whom the names and the date of birth may mean: **exact**, **several**, **possible** or **none**.

    Choose the candidates that are your patient and hand their references to `POST /v1/reports`. A search is in the
    audit trail whatever it finds.
    """
    if body.date_of_birth > services.today():
        raise FieldRefused("/date_of_birth", "must not lie ahead")
    criteria = PatientCriteria(body.last_name, body.first_name, body.date_of_birth)
    asked = {
        "last_name": criteria.last_name,
        "first_name": criteria.first_name,
        "date_of_birth": criteria.date_of_birth.isoformat(),
    }
    now = services.clock()
    digest = criteria_digest(services.database, asked)
    permit = grant_search(services.database, person, body.reason, body.attested, digest, now, peer)
    return answer(search(permit, criteria, services.desk, now, peer))
