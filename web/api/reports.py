"""Reading a patient's report."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from access.permission_table import Action
from access.permissions import grant_report, record_refusal
from access.sessions import Person
from lookup.errors import LookupRefused
from lookup.report import default_period, make_report, open_references
from schemas.criteria import Period
from schemas.report import PatientReport
from web.answers import answer
from web.dependencies import Needs, Peer, ServicesOf
from web.errors import FieldRefused
from web.fields import MOST_REFERENCES, Attested, IsoDate, Reference, StrictModel, Why
from web.openapi import answers, problems


router = APIRouter(tags=["patients"])


class ReportRequest(StrictModel):
    """The chosen candidates of one search, the reason, and the attestation."""

    references: Annotated[
        list[Reference],
        Field(
            min_length=1,
            max_length=MOST_REFERENCES,
            description="References of the candidates that are your patient, all from one search.",
        ),
    ]
    reason: Annotated[Why, Field(description="Why you look; `GET /v1/me` names your role's reasons.")]
    attested: Attested
    filled_from: Annotated[IsoDate | None, Field(description="First day of filling; two years ago if not given.")] = (
        None
    )
    filled_to: Annotated[IsoDate | None, Field(description="Last day of filling; today if not given.")] = None


@router.post(
    "/v1/reports",
    summary="Read a patient's report",
    response_class=Response,
    responses=answers(PatientReport)
    | problems(
        "not-signed-in",
        "forbidden",
        "reference-not-valid",
        "too-large",
        "fields",
        "references-differ",
        "audit-unavailable",
        "not-ready",
        "store-unavailable",
    ),
)
def read_report(
    body: ReportRequest,
    person: Annotated[Person, Depends(Needs(Action.READ_REPORT))],
    services: ServicesOf,
    peer: Peer,
) -> Response:
    """Everything on record about the chosen candidates in the period, with counts, disclaimers and how complete it is.

    A reference works for the account that searched, and for half an hour. One that is forged, has expired or is
    somebody else's gets the same answer, 404.
    """
    now, today = services.clock(), services.today()
    usual = default_period(today)
    period = Period(body.filled_from or usual.filled_from, body.filled_to or usual.filled_to)
    if period.filled_to < period.filled_from:
        raise FieldRefused("/filled_to", "must not lie before filled_from")
    try:
        chosen = open_references(body.references, person.account_id, services.desk, now)
    except LookupRefused as refusal:
        # Nobody tries keys on this door without a trace.
        record_refusal(services.database, person, Action.READ_REPORT, str(refusal), now, peer)
        raise
    subject = services.desk.seal.subject(chosen)
    permit = grant_report(services.database, person, body.reason, body.attested, subject, now, peer)
    return answer(make_report(permit, chosen, period, services.desk, now, peer))
