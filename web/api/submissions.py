"""What became of the files that were sent: for the organisation that sent them, and for administrators.

Counts and findings only: no value from a file is in them, so they may stand in addresses' answers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse

from access.errors import NotVisible
from access.permission_table import Action, Scope
from access.permissions import (
    check_may_read_submissions,
    may_read_submission,
    record_refusal,
    record_submission_read,
)
from access.sessions import Person
from ingest.acknowledge import as_json, as_text
from ingest.ledger import WrongState
from lookup.submissions import Whose, page
from schemas.submission import Submission
from validation.explain import sentences
from web.dependencies import Needs, Peer, ServicesOf
from web.errors import NotDecided
from web.openapi import problems
from web.services import Services


router = APIRouter(tags=["submissions"])

MOST_ON_A_PAGE: Final = 100
# A file of 200,000 records may have a million findings; the text report has them all.
MOST_FINDINGS: Final = 1_000
# For the trail.
NOT_THEIRS: Final = "There is no such submission, or it is not theirs."


class Totals(BaseModel):
    """What became of the records."""

    records: Annotated[int, Field(description="Dispensations in the file.")]
    accepted: Annotated[int, Field(description="Kept, with or without warnings.")]
    with_warnings: Annotated[int, Field(description="Of the accepted, those with a warning.")]
    rejected: Annotated[int, Field(description="To be corrected and sent again.")]
    exempt: Annotated[int, Field(description="Not asked for by law; not stored.")]
    not_reportable: Annotated[int, Field(description="Not a drug that is reported; not stored.")]
    held: Annotated[int, Field(description="Waiting for an administrator.")]
    duplicates: Annotated[int, Field(description="Of the accepted, those that were here already.")]


class SubmissionLine(BaseModel):
    """One file in a list."""

    submission_id: Annotated[str, Field(description="Of the submission.")]
    file: Annotated[str, Field(description="The sender's own file name.")]
    received_at: Annotated[datetime, Field(description="When it came, UTC.")]
    channel: Annotated[str, Field(description="How it came: sftp, command …")]
    state: Annotated[str, Field(description="received, stored, answered or failed.")]
    outcome: Annotated[str | None, Field(description="accepted, accepted_with_errors or refused; null until decided.")]
    kind: Annotated[str | None, Field(description="dispensing, zero, void, mixed or unreadable; null until decided.")]
    test: Annotated[bool, Field(description="A test file: ruled and answered, never stored.")]
    totals: Annotated[Totals | None, Field(description="What became of its records; null until decided.")]


class SubmissionPage(BaseModel):
    """A page of the list, newest first."""

    submissions: Annotated[list[SubmissionLine], Field(description="Newest first.")]
    next_before: Annotated[
        str | None, Field(description="Pass it as `before` for the next page; null on the last one.")
    ]


class PharmacyTotals(BaseModel):
    """One pharmacy's part of a file."""

    dea: Annotated[str | None, Field(description="DEA number.")]
    ncpdp: Annotated[str | None, Field(description="NCPDP provider id.")]
    npi: Annotated[str | None, Field(description="National Provider Identifier.")]
    totals: Annotated[Totals, Field(description="What became of its records.")]


class Finding(BaseModel):
    """What is wrong, where, and what to do; never the value."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, Field(description="The rule's code; stable for ever.")]
    severity: Annotated[str, Field(description="error rejects the record, warning does not, info asks for nothing.")]
    tier: Annotated[str, Field(description="Who says so: law, standard, state_guide or habit.")]
    transaction: Annotated[int | None, Field(description="Which TH…TT, from 1.")]
    pharmacy: Annotated[str | None, Field(description="The dispenser's identifier.")]
    segment: Annotated[str | None, Field(description="The segment, such as DSP.")]
    element: Annotated[str | None, Field(description="The element, such as DSP05.")]
    record: Annotated[int | None, Field(description="Which DSP, from 1.")]
    position: Annotated[int | None, Field(description="Which segment of the file, from 1.")]
    message: Annotated[str, Field(description="What is wrong.")]
    remedy: Annotated[str | None, Field(description="What to do.")] = None


class SubmissionDetail(SubmissionLine):
    """One file, with its pharmacies and findings."""

    versions: Annotated[list[str], Field(description="ASAP versions in the file.")]
    same_bytes_as: Annotated[str | None, Field(description="The earlier submission with the very same bytes.")]
    pharmacies: Annotated[list[PharmacyTotals], Field(description="A part per PHA, in the order of the file.")]
    findings: Annotated[
        list[Finding], Field(description=f"The first {MOST_FINDINGS}, in file order; the text report has all.")
    ]
    findings_total: Annotated[int, Field(description="How many there are.")]
    rule_set: Annotated[str | None, Field(description="Version of the rules that ruled; null until decided.")]
    drug_edition: Annotated[str | None, Field(description="Edition of the drug table used; null until decided.")]


class PageQuery(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    before: Annotated[
        str | None,
        Field(min_length=1, max_length=100, description="Submissions older than this one; `next_before` of a page."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE, description="How many at most.")] = 50


Reader = Annotated[Person, Depends(Needs(Action.READ_SUBMISSIONS))]


@router.get(
    "/v1/submissions",
    summary="List submissions",
    response_model=SubmissionPage,
    response_description="A page.",
    responses=problems("not-signed-in", "forbidden", "fields", "audit-unavailable", "not-ready"),
)
def list_submissions(person: Reader, query: Annotated[PageQuery, Query()], services: ServicesOf) -> SubmissionPage:
    """A dispenser sees its own organisation's files, an administrator all. What arrives meanwhile moves no page."""
    whose = Whose(person.account_id, person.organisation_id, check_may_read_submissions(person) is Scope.ANY)
    with services.database.reading() as session:
        found = page(session, whose, before=query.before, limit=query.limit)
    return SubmissionPage.model_validate(found, from_attributes=True)


@router.get(
    "/v1/submissions/{submission_id}",
    summary="Read what became of a submission",
    response_model=SubmissionDetail,
    response_description="The submission.",
    responses=problems("not-signed-in", "forbidden", "not-found", "audit-unavailable", "not-ready"),
)
def read_submission(submission_id: str, person: Reader, services: ServicesOf, peer: Peer) -> SubmissionDetail:
    """Counts per pharmacy, and each finding with what to do.

    A submission that is not there and one that is not yours get the same answer.
    """
    submission = _visible(submission_id, person, services, peer)
    line = {
        "submission_id": submission.id,
        "file": submission.name,
        "received_at": submission.received_at,
        "channel": submission.channel,
        "state": submission.state.value,
    }
    try:
        report = _report(submission, services)
    except NotDecided:
        report = {
            **dict.fromkeys(("outcome", "kind", "totals", "same_bytes_as", "rule_set", "drug_edition")),
            "test": False,
            "versions": [],
            "pharmacies": [],
            "findings": [],
        }
    findings = report.pop("findings")
    return SubmissionDetail.model_validate(
        {**report, **line, "findings": findings[:MOST_FINDINGS], "findings_total": len(findings)}
    )


@router.get(
    "/v1/submissions/{submission_id}/report",
    summary="Read the file status report",
    response_class=PlainTextResponse,
    response_description="The report.",
    responses=problems("not-signed-in", "forbidden", "not-found", "not-decided", "audit-unavailable", "not-ready"),
)
def read_status_report(submission_id: str, person: Reader, services: ServicesOf, peer: Peer) -> PlainTextResponse:
    """The same as text, as it also lies in the sender's /reports folder."""
    return PlainTextResponse(as_text(_report(_visible(submission_id, person, services, peer), services)))


def _visible(submission_id: str, person: Person, services: Services, peer: str) -> Submission:
    """The submission, if it is theirs to see; that it was read, or asked for in vain, is in the trail first."""
    submission, now = services.ledger.get(submission_id), services.clock()
    with services.database.reading() as session:
        theirs = submission is not None and may_read_submission(session, person, submission.sender)
    if submission is None or not theirs:
        # The same words and the same work, whether it is missing or another's.
        record_refusal(services.database, person, Action.READ_SUBMISSIONS, NOT_THEIRS, now, peer)
        raise NotVisible(NOT_THEIRS)
    record_submission_read(services.database, person, submission.id, now, peer)
    return submission


def _report(submission: Submission, services: Services) -> dict[str, Any]:
    try:
        result = services.ledger.result(submission.id)
    except WrongState:
        raise NotDecided from None
    return as_json(submission, result, sentences(result.findings), services.letterhead)
