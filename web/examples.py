"""The examples of the published interface. Nobody in here exists.

They are made from the very types that are answered, so none can show a field that is not there.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, cast

from lookup.statements import statements
from schemas.criteria import PatientCriteria, Period
from schemas.report import (
    Candidate,
    ClassCount,
    Dispensation,
    Drug,
    Freshness,
    Grade,
    Identity,
    Match,
    PatientReport,
    Pharmacy,
    Prescriber,
    Provenance,
    ReportCriteria,
    SearchResult,
    Stamp,
    Summary,
)
from web.answers import adapter


_REFERENCE = "AbPq3vZk0m5kq2l9…"
_ATTESTED = ["P-105", "P-110"]
_MOMENT = datetime(2024, 3, 5, 14, 30, tzinfo=UTC)
_BORN = date(1980, 2, 29)


def _shown(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", adapter(type(value)).dump_python(value, mode="json"))


SEARCH_REQUEST: dict[str, Any] = {
    "last_name": "Sample",
    "first_name": "Ada",
    "date_of_birth": "1980-02-29",
    "reason": "treatment",
    "attested": _ATTESTED,
}

REPORT_REQUEST: dict[str, Any] = {
    "references": [_REFERENCE],
    "reason": "treatment",
    "attested": _ATTESTED,
    "filled_from": "2023-03-05",
}

SEARCH_RESULT = _shown(
    SearchResult(
        search_id="p-7c1e5b90aa31f2d46e88",
        grade=Grade.EXACT,
        candidates=(
            Candidate(
                reference=_REFERENCE,
                match=Match.SAME,
                species="human",
                last_name="SAMPLE",
                first_name="ADA",
                middle_name=None,
                name_suffix=None,
                date_of_birth=_BORN,
                gender="F",
                animal_name=None,
                address="1• E•• S•••••",
                city="HARTFORD",
                state="CT",
                last_fill="2024-03",
            ),
        ),
        animals=(),
        more=False,
        expires_at=datetime(2024, 3, 5, 15, tzinfo=UTC),
    )
)

_FILL = Dispensation(
    identity=1,
    filled_on=date(2024, 3, 4),
    written_on=date(2024, 3, 1),
    sold_on=date(2024, 3, 4),
    drug=Drug(
        known=True,
        name="Hydrocodone Bitartrate and Acetaminophen",
        strength="5 mg/325 mg",
        form="tablet",
        schedule="II",
        drug_class="opioid",
        ndc="00406012301",
        product_id="00406012301",
        product_kind="NDC",
        ingredients=(),
    ),
    quantity=120.0,
    units="each",
    quantity_prescribed=None,
    days_supply=30,
    rx_number="100001",
    fill_number=0,
    refills_authorized=0,
    partial_fill=0,
    prescriber=Prescriber(name="WELBY, MAREN", dea="AP5836727", dea_suffix=None, npi="1234567893", phone=None),
    pharmacy=Pharmacy(
        name="ELM STREET PHARMACY",
        dea="FX1234563",
        ncpdp=None,
        npi=None,
        city="HARTFORD",
        state="CT",
        phone="8605550100",
    ),
    payment="private pay: cash, charge or card",
    private_pay=True,
    active=True,
    active_until=date(2024, 4, 2),
    mme_per_day=20.0,
    mme_note=None,
    source=Provenance(
        submission_id="20240305T020000Z-5e1f",
        record=17,
        version="4.2B",
        recorded_at=datetime(2024, 3, 5, 2, 0, 7, tzinfo=UTC),
    ),
)

_TEXTS = statements("Connecticut", "CDC 2022")

REPORT = _shown(
    PatientReport(
        stamp=Stamp(
            report_id="p-0d42f7aa17b3c95e6f10",
            search_id="p-7c1e5b90aa31f2d46e88",
            generated_at=_MOMENT,
            as_of=datetime(2024, 3, 5, 14, 12, 41, tzinfo=UTC),
            account_id="a-0f3c9a1b2c3d4e5f6071",
            role="prescriber",
            on_behalf_of="a-0f3c9a1b2c3d4e5f6071",
            reason="treatment",
            attested=tuple(_ATTESTED),
            program_version="0.1.0",
            drug_edition="FDA NDC directory 2019-04-29; CDC 2022",
            mme_edition="CDC 2022",
            disclaimers_version=_TEXTS.version,
        ),
        criteria=ReportCriteria(
            patient=PatientCriteria("Sample", "Ada", _BORN),
            period=Period(date(2023, 3, 5), date(2024, 3, 5)),
            states_asked=("CT",),
            scope="Connecticut only; no other state was asked.",
        ),
        identities=(
            Identity(
                number=1,
                species="human",
                last_name="SAMPLE",
                first_name="ADA",
                middle_name=None,
                name_suffix=None,
                date_of_birth=_BORN,
                age=44,
                gender="F",
                animal_name=None,
                address=("12 ELM STREET",),
                city="HARTFORD",
                state="CT",
                zip="06101",
            ),
        ),
        summary=Summary(
            dispensations=1,
            prescriptions=1,
            prescribers=1,
            pharmacies=1,
            active=1,
            active_unknown=0,
            private_pay=1,
            opioid_mme_per_day=20.0,
            opioid_mme_missing=0,
            buprenorphine_active=0,
            first_fill=date(2024, 3, 4),
            last_fill=date(2024, 3, 4),
            outside_period=0,
            classes=(ClassCount("opioid", dispensations=1, prescriptions=1, active=1),),
        ),
        dispensations=(_FILL,),
        animals=(),
        freshness=Freshness(
            sentence="All Connecticut dispensers (12) have reported through 2024-03-04; none is overdue.",
            state="Connecticut",
            dispensers=12,
            complete_through=date(2024, 3, 4),
            overdue=0,
            never_reported=0,
            overdue_here=0,
            latest_recorded_at=datetime(2024, 3, 5, 14, 12, 41, tzinfo=UTC),
        ),
        disclaimers=_TEXTS.disclaimers,
        definitions=_TEXTS.definitions,
    )
)

_TOTALS = {
    "records": 42,
    "accepted": 40,
    "with_warnings": 3,
    "rejected": 1,
    "exempt": 1,
    "not_reportable": 0,
    "held": 0,
    "duplicates": 0,
}

_SUBMISSION: dict[str, Any] = {
    "submission_id": "20240305T020000Z-5e1f",
    "file": "elm_street_20240304.dat",
    "received_at": "2024-03-05T02:00:00Z",
    "channel": "sftp",
    "state": "answered",
    "outcome": "accepted_with_errors",
    "kind": "dispensing",
    "test": False,
    "totals": _TOTALS,
}

_SENTENCE = {
    "number": "P-110",
    "text": "This person is my current patient. I am not screening a prospective patient, an employee or an applicant.",
}

# Name of the type -> an example of it; a test holds each against its type.
EXAMPLES: dict[str, Any] = {
    "Alive": {"status": "ok"},
    "LoginRequest": {"email": "maren.welby@example.org", "password": "correct-Horse-battery"},
    "LoginAnswer": {
        "token": "4oS1n0kq7xgY5cJ8…",
        "token_type": "bearer",
        "role": "prescriber",
        "name": "Maren Welby",
        "ends_at": "2024-03-06T02:00:00Z",
        "password_expires_at": "2024-05-01T14:00:00Z",
        "password_reminder": False,
    },
    "Me": {
        "account_id": "a-0f3c9a1b2c3d4e5f6071",
        "name": "Maren Welby",
        "email": "maren.welby@example.org",
        "role": "prescriber",
        "organisation_id": None,
        "may": ["patient:search", "patient:report", "password:change"],
        "reasons": ["referral", "treatment"],
        "attestations": [_SENTENCE],
    },
    "PasswordChange": {
        "current": "correct-Horse-battery",
        "new": "another-Horse-staple",
        "again": "another-Horse-staple",
    },
    "TemporaryPassword": {
        "email": "maren.welby@example.org",
        "temporary": "given-By-somebody-else",
        "new": "another-Horse-staple",
        "again": "another-Horse-staple",
    },
    "SearchRequest": SEARCH_REQUEST,
    "SearchResult": SEARCH_RESULT,
    "ReportRequest": REPORT_REQUEST,
    "PatientReport": REPORT,
    "SubmissionPage": {"submissions": [_SUBMISSION], "next_before": "20240305T020000Z-5e1f"},
    "SubmissionDetail": {
        **_SUBMISSION,
        "versions": ["4.2B"],
        "same_bytes_as": None,
        "pharmacies": [{"dea": "FX1234563", "ncpdp": None, "npi": None, "totals": _TOTALS}],
        "findings": [
            {
                "code": "R-DSP05-REQ",
                "severity": "error",
                "tier": "standard",
                "transaction": 1,
                "pharmacy": "FX1234563",
                "segment": "DSP",
                "element": "DSP05",
                "record": 17,
                "position": 58,
                "message": "The date filled is missing.",
                "remedy": "Give the date filled (DSP05) and send the record again.",
            }
        ],
        "findings_total": 1,
        "rule_set": "2024-1",
        "drug_edition": "FDA NDC directory 2019-04-29; CDC 2022",
    },
}
