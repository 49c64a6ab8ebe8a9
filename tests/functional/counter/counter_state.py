"""A small state behind a real counter: lake, database, accounts, and a server on a free port."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import polars as pl
from dispensations import drug_table, fill

from access.accounts import Status, create_account, disable_account
from access.audit import COMMAND_LINE
from access.database import Database, migrate, open_database
from access.dispensers import Dispenser, add_dispenser
from access.organisations import create_organisation
from access.passwords import Passwords
from access.sessions import SessionRules
from access.tables_ledger import CoverageTable, SubmissionTable
from ingest.acknowledge import Letterhead
from ingest.ledger import Ledger
from ingest.results import PharmacyOutcome, Result
from lookup.desk import Desk
from lookup.references import Seal
from schemas.dispensation import ROW_SCHEMA, record_key
from schemas.dispenser import Cadence, DispenserKind, LicenceClass
from store.lake import Lake
from store.writer import BATCH_COVERAGE_SCHEMA, Batch, commit
from validation.totals import Totals
from web.app import create_app
from web.serve import serve_web
from web.services import Services


NOON = datetime(2024, 3, 6, 17, tzinfo=UTC)  # Wednesday noon in Connecticut
RECORDED = datetime(2024, 3, 5, 2, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes....."
PASSWORD = "correct-Horse-battery"

HYDROCODONE, LORAZEPAM, BUPRENORPHINE, NALOXONE = "11111111111", "22222222222", "33333333333", "44444444444"

# Who is in the state's lake. CANARY is looked for wherever it must not be.
CANARY = "ZZCANARYLAST"
PEOPLE: tuple[dict[str, Any], ...] = (
    {"rx_number": "1"},
    {"rx_number": "2", "ndc": LORAZEPAM, "filled_on": date(2024, 2, 1), "payment_code": "04"},
    {"rx_number": "3", "ndc": BUPRENORPHINE, "filled_on": date(2021, 1, 4), "days_supply": 7},
    {"rx_number": "4", "ndc": NALOXONE},
    {"rx_number": "5", "last_name": "Double", "first_name": "Grace", "gender": "F"},
    {"rx_number": "6", "last_name": "DOUBLE", "first_name": "GRACE", "gender": None, "ndc": LORAZEPAM},
    {"rx_number": "7", "last_name": "Smyth", "first_name": "Jonathan", "gender": "M"},
    {"rx_number": "8", "last_name": "Hidden", "first_name": "Nell", "ndc": NALOXONE},
    {"rx_number": "9", "last_name": "Owner", "first_name": "Olga"},
    {"rx_number": "10", "last_name": "Owner", "first_name": "Olga", "species": "02", "animal_name": "Rex"},
    {"rx_number": "11", "last_name": CANARY, "first_name": "ZZCANARYFIRST", "address_1": "1 ZZCANARY ROAD"},
    {"rx_number": "12", "last_name": "O'Néill-Böhm", "first_name": "Zoë", "ndc": "99999999999"},
)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(frozen=True)
class World:
    """The state, its counter, and a way to sign in."""

    services: Services
    clock: Clock
    client: httpx.Client
    organisations: dict[str, str]
    home: Path
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)

    def token(self, name: str) -> str:
        """Sign somebody in; their token."""
        answer = self.client.post("/v1/login", json={"email": f"{name}@example.org", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def fresh(self, name: str) -> dict[str, str]:
        """The headers of somebody who has just signed in."""
        return {"Authorization": f"Bearer {self.token(name)}"}

    def as_(self, name: str) -> dict[str, str]:
        """The headers of somebody signed in; the same session each time, so do not end it."""
        if name not in self.sessions:
            self.sessions[name] = self.fresh(name)
        return self.sessions[name]

    def search(self, headers: dict[str, str], **changes: Any) -> httpx.Response:
        """Ask for Ada Sample, with these fields changed."""
        return self.client.post("/v1/patients/search", json={**ADA, **changes}, headers=headers)

    def report(self, headers: dict[str, str], references: list[str], **changes: Any) -> httpx.Response:
        """Ask for a report."""
        body = {"references": references, "reason": "treatment", "attested": ["P-105", "P-110"], **changes}
        return self.client.post("/v1/reports", json=body, headers=headers)

    def ada(self, headers: dict[str, str]) -> str:
        """The reference of Ada Sample."""
        return str(self.search(headers).json()["candidates"][0]["reference"])


ADA = {
    "last_name": "Sample",
    "first_name": "Ada",
    "date_of_birth": "1980-02-29",
    "reason": "treatment",
    "attested": ["P-105", "P-110"],
}


def rows_of(people: tuple[dict[str, Any], ...]) -> pl.DataFrame:
    """What the judge hands to the store."""
    columns = {**ROW_SCHEMA, "dispenser_id": pl.String}
    rows = []
    for number, changes in enumerate(people, 1):
        whole = fill(record=number, dispenser_id="d-elm", **changes)
        rows.append({name: whole.get(name) for name in columns})
    return pl.DataFrame(rows, schema=columns).with_columns(record_key=record_key())


def lake_with(root: Path, people: tuple[dict[str, Any], ...]) -> Lake:
    """A lake with these people in it, open for reading."""
    nothing_covered = pl.DataFrame(schema=BATCH_COVERAGE_SCHEMA)
    with Lake.open(root, secret=SECRET, buckets=2) as lake:
        batch = Batch("20240305T020000Z-1", "a-sender", RECORDED, rows_of(people), nothing_covered, "rules", "drugs")
        commit(lake, [batch], RECORDED)
    return Lake.open(root, secret=SECRET, read_only=True)


def people_database(home: Path, passwords: Passwords) -> tuple[Database, dict[str, str]]:
    """Accounts of every role, two organisations, two dispensers, and what they have reported."""
    database = open_database(home / "people.sqlite", audit_key=b"k" * 32)
    migrate(database)
    began = NOON - timedelta(days=1)
    hashed = passwords.new(PASSWORD, PASSWORD)
    with database.session() as session:
        organisations = {
            name: create_organisation(session, f"{name} pharmacies", by=COMMAND_LINE, now=began).id
            for name in ("elm", "oak")
        }
        for name, role, organisation in (
            ("ann", "administrator", None),
            ("maren", "prescriber", None),
            ("marcus", "prescriber", None),
            ("phil", "pharmacist", None),
            ("elm", "dispenser", organisations["elm"]),
            ("oak", "dispenser", organisations["oak"]),
            ("gone", "prescriber", None),
            ("temp", "prescriber", None),
        ):
            account = create_account(
                session,
                email=f"{name}@example.org",
                display_name=name.title(),
                role=role,
                by=COMMAND_LINE,
                now=began,
                password=hashed,
                password_expired=name == "temp",
                status=Status.ACTIVE,
                organisation_id=organisation,
            )
            if name == "gone":
                disable_account(session, account.id, why="left", by=COMMAND_LINE, now=began)
            if name in organisations:
                _submissions(session, name, account.id)
        for number, (dispenser_id, dea) in enumerate((("d-elm", "FX1234563"), ("d-oak", "BF1234563"))):
            pharmacy = Dispenser(
                name=dispenser_id,
                kind=DispenserKind.PHARMACY,
                cadence=Cadence.DAILY,
                licence_class=LicenceClass.PHARMACY,
                dea=dea,
                dispenser_id=dispenser_id,
            )
            add_dispenser(session, pharmacy, by=COMMAND_LINE, now=began)
            day = date(2024, 3, 5) - timedelta(days=number)
            session.add(
                CoverageTable(
                    dispenser_id=dispenser_id, covers_from=day, covers_to=day, submission_id="s-oak-1", source="fills"
                )
            )
    return database, organisations


def _submissions(session: Any, name: str, sender: str) -> None:
    for number in (1, 2, 3):
        session.add(
            SubmissionTable(
                id=f"s-{name}-{number}",
                sender_account_id=sender,
                display_name=f"{name}_{number}.dat",
                digest="0" * 64,
                size=1000,
                received_at=RECORDED,
                channel="sftp",
                state="received",
                state_at=RECORDED,
                attempts=0,
                test=False,
            )
        )
    session.flush()


def decide(ledger: Ledger, submission_id: str, findings: pl.DataFrame) -> None:
    """Enter that a submission has been ruled."""
    totals = Totals(records=2, accepted=1, rejected=1)
    result = Result(
        submission_id=submission_id,
        outcome="accepted_with_errors",
        kind="dispensing",
        test=False,
        versions=["4.2B"],
        totals=totals,
        waiting=totals.held,
        pharmacies=[PharmacyOutcome(3, "d-elm", "FX1234563", None, None, totals)],
        coverage=[],
        findings=findings,
        rule_set="rules",
        drug_edition="drugs",
        duplicate_of=None,
    )
    ledger.stored([result], RECORDED)


def services_over(lake: Lake, database: Database, clock: Clock, passwords: Passwords) -> Services:
    """The services of a small state."""
    desk = Desk(
        lake=lake,
        database=database,
        drugs=drug_table(),
        drug_edition="four products",
        mme_edition="CDC 2022",
        seal=Seal(SECRET),
        state="Connecticut",
        state_code="CT",
        zone=ZoneInfo("America/New_York"),
        program_version="0.0-test",
    )
    return Services(
        desk=desk,
        database=database,
        ledger=Ledger(database),
        letterhead=Letterhead("Connecticut", "the help desk", "open-pdmp 0.0-test"),
        passwords=passwords,
        session_rules=SessionRules(at_once=10_000),
        clock=clock,
        version="0.0-test",
    )


class serving:  # noqa: N801  a context manager is a verb
    """A real server over these services, and a client of it."""

    def __init__(self, services: Services, app: Any = None, **more: Any) -> None:
        self.app = app or create_app(services)
        self.more = more
        self.stop, self.up = threading.Event(), threading.Event()
        self.address: tuple[str, str, int] = ("", "", 0)
        self.failure: BaseException | None = None

    def _ready(self, scheme: str, host: str, port: int) -> None:
        self.address = (scheme, host, port)
        self.up.set()

    def _run(self) -> None:
        try:
            serve_web(self.app, "127.0.0.1", 0, ready=self._ready, stop=self.stop, **self.more)
        except BaseException as failure:  # noqa: BLE001  the test's thread must see it
            self.failure = failure
            self.up.set()

    def __enter__(self) -> httpx.Client:
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        assert self.up.wait(30)
        if self.failure is not None:
            raise self.failure
        scheme, host, port = self.address
        self.client = httpx.Client(base_url=f"{scheme}://{host}:{port}", timeout=30, trust_env=False)
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()
