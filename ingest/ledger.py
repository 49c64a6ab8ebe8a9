"""The register of submissions: what came, from whom, when, and what became of it.

The ledger follows a submission through its states; the lake is asked before a step is repeated, so
the ledger may lag behind the lake by one crash, never run ahead of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import delete, func, insert, or_, select, update

from access.tables_ledger import CoverageTable, FindingTable, SubmissionPharmacyTable, SubmissionTable
from ingest.results import Covered, PharmacyOutcome, Result
from schemas.finding import FINDING_SCHEMA
from schemas.submission import TRANSITIONS, Submission, SubmissionState
from validation.totals import Totals


if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from access.database import Database


class WrongState(Exception):
    """A submission was asked to take a step its state does not allow. Not worth a retry."""


@dataclass(frozen=True)
class Entry:
    """A submission in a list: what came and, once it is stored, what became of it."""

    submission: Submission
    outcome: str | None
    totals: Totals


def _submission(row: SubmissionTable) -> Submission:
    return Submission(
        id=row.id,
        sender=row.sender_account_id,
        name=row.display_name,
        digest=row.digest,
        size=row.size,
        received_at=row.received_at,
        channel=row.channel,
        state=SubmissionState(row.state),
        releases=row.releases,
    )


class Ledger:
    """The ledger over one database; safe to use from several processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submission_received(self, submission: Submission) -> None:
        """Enter a submission; entering the same id again changes nothing."""
        with self._database.session() as session:
            if session.get(SubmissionTable, submission.id) is not None:
                return
            session.add(
                SubmissionTable(
                    id=submission.id,
                    sender_account_id=submission.sender,
                    display_name=submission.name,
                    digest=submission.digest,
                    size=submission.size,
                    received_at=submission.received_at,
                    channel=submission.channel,
                    state=SubmissionState.RECEIVED.value,
                    state_at=submission.received_at,
                    attempts=0,
                    test=False,
                )
            )

    def earlier(self, sender: str, digest: str) -> Submission | None:
        """The first submission with these very bytes from this sender, if there is one."""
        statement = (
            select(SubmissionTable)
            .where(SubmissionTable.sender_account_id == sender, SubmissionTable.digest == digest)
            .order_by(SubmissionTable.received_at, SubmissionTable.id)
            .limit(1)
        )
        with self._database.reading() as session:
            row = session.scalars(statement).first()
            return None if row is None else _submission(row)

    def get(self, submission_id: str) -> Submission | None:
        """One submission."""
        with self._database.reading() as session:
            row = session.get(SubmissionTable, submission_id)
            return None if row is None else _submission(row)

    def newest(self, limit: int, *, state: str | None = None, held: bool = False) -> list[Entry]:
        """The newest submissions with what is known of each; `held`: only those of which something waits."""
        statement = select(SubmissionTable).order_by(SubmissionTable.received_at.desc(), SubmissionTable.id.desc())
        if state is not None:
            statement = statement.where(SubmissionTable.state == state)
        if held:
            statement = statement.where(SubmissionTable.held > 0)
        with self._database.reading() as session:
            return [
                Entry(_submission(row), row.outcome, Totals(**json.loads(row.totals or "{}")))
                for row in session.scalars(statement.limit(limit))
            ]

    def in_state(self, state: SubmissionState, limit: int) -> list[Submission]:
        """The oldest submissions in this state, in the order they came."""
        statement = (
            select(SubmissionTable)
            .where(SubmissionTable.state == state.value)
            .order_by(SubmissionTable.received_at, SubmissionTable.id)
            .limit(limit)
        )
        with self._database.reading() as session:
            return [_submission(row) for row in session.scalars(statement)]

    def attempt(self, submissions: Sequence[Submission]) -> list[int]:
        """Count one more attempt at each, before it is made; the counts, in the same order."""
        ids = [submission.id for submission in submissions]
        with self._database.session() as session:
            session.execute(
                update(SubmissionTable).where(SubmissionTable.id.in_(ids)).values(attempts=SubmissionTable.attempts + 1)
            )
            counts = dict(
                session.execute(
                    select(SubmissionTable.id, SubmissionTable.attempts).where(SubmissionTable.id.in_(ids))
                ).all()
            )
        return [counts[submission_id] for submission_id in ids]

    def forgive(self, submissions: Sequence[Submission]) -> None:
        """Take back the last attempt at each: it failed for no fault of the submission's."""
        with self._database.session() as session:
            session.execute(
                update(SubmissionTable)
                .where(SubmissionTable.id.in_([submission.id for submission in submissions]))
                .values(attempts=SubmissionTable.attempts - 1)
            )

    def stored(self, results: Sequence[Result], now: datetime) -> None:
        """Write what became of these submissions and move each to STORED, in one transaction.

        Raises:
            WrongState: one of them is neither received nor stored.
        """
        with self._database.session() as session:
            for result in results:
                row = session.get_one(SubmissionTable, result.submission_id)
                self._move(row, SubmissionState.STORED, now)
                row.outcome, row.kind, row.test = result.outcome, result.kind, result.test
                row.totals, row.held = json.dumps(asdict(result.totals)), result.waiting
                row.versions = json.dumps(list(result.versions))
                row.rule_set, row.drug_edition = result.rule_set, result.drug_edition
                row.duplicate_of = result.duplicate_of
                self._replace_parts(session, result)

    @staticmethod
    def _replace_parts(session: Session, result: Result) -> None:
        """Pharmacies, findings and coverage of a submission; written whole, so that a repeat writes the same."""
        for table in (SubmissionPharmacyTable, FindingTable, CoverageTable):
            session.execute(delete(table).where(table.submission_id == result.submission_id))
        key = {"submission_id": result.submission_id}
        if result.pharmacies:
            session.execute(
                insert(SubmissionPharmacyTable),
                [
                    {
                        **key,
                        "pha_position": part.pha_position,
                        "dispenser_id": part.dispenser_id,
                        "dea": part.dea,
                        "ncpdp": part.ncpdp,
                        "npi": part.npi,
                        "totals": json.dumps(asdict(part.totals)),
                    }
                    for part in result.pharmacies
                ],
            )
        if not result.findings.is_empty():
            rows = result.findings.rename({"transaction": "transaction_no"}).to_dicts()
            session.execute(insert(FindingTable), [{**key, **row} for row in rows])
        if result.coverage:
            session.execute(insert(CoverageTable), [{**key, **asdict(part)} for part in result.coverage])

    def answered(self, submissions: Sequence[Submission], now: datetime) -> None:
        """Move each to ANSWERED: its report lies where the sender finds it."""
        with self._database.session() as session:
            for submission in submissions:
                self._move(session.get_one(SubmissionTable, submission.id), SubmissionState.ANSWERED, now)

    def failed(self, submission: Submission, failure: str, now: datetime) -> None:
        """Set a submission aside for a person; `failure` names the error's type and place, no data."""
        with self._database.session() as session:
            row = session.get_one(SubmissionTable, submission.id)
            self._move(row, SubmissionState.FAILED, now)
            row.failure = failure

    def retry(self, submission_id: str, now: datetime) -> None:
        """Put a failed submission back to the start.

        Raises:
            WrongState: it has not failed.
        """
        with self._database.session() as session:
            row = session.get(SubmissionTable, submission_id)
            if row is None or row.state != SubmissionState.FAILED:
                raise WrongState(f"Submission {submission_id} has not failed; there is nothing to retry.")
            self._move(row, SubmissionState.RECEIVED, now)
            row.attempts, row.failure = 0, None

    def result(self, submission_id: str) -> Result:
        """What became of a stored submission, read back.

        Raises:
            WrongState: it has not been stored yet.
        """
        with self._database.reading() as session:
            row = session.get_one(SubmissionTable, submission_id)
            if row.outcome is None or row.kind is None:
                raise WrongState(f"Submission {submission_id} is {row.state}; nothing is decided yet.")
            pharmacies = session.scalars(
                select(SubmissionPharmacyTable)
                .where(SubmissionPharmacyTable.submission_id == submission_id)
                .order_by(SubmissionPharmacyTable.pha_position)
            )
            coverage = session.scalars(select(CoverageTable).where(CoverageTable.submission_id == submission_id))
            return Result(
                submission_id=row.id,
                outcome=row.outcome,
                kind=row.kind,
                test=row.test,
                versions=json.loads(row.versions or "[]"),
                totals=Totals(**json.loads(row.totals or "{}")),
                waiting=row.held,
                pharmacies=[
                    PharmacyOutcome(
                        pha_position=part.pha_position,
                        dispenser_id=part.dispenser_id,
                        dea=part.dea,
                        ncpdp=part.ncpdp,
                        npi=part.npi,
                        totals=Totals(**json.loads(part.totals)),
                    )
                    for part in pharmacies
                ],
                coverage=[
                    Covered(part.dispenser_id, part.covers_from, part.covers_to, part.source) for part in coverage
                ],
                findings=self.findings(submission_id),
                rule_set=row.rule_set or "",
                drug_edition=row.drug_edition or "",
                duplicate_of=row.duplicate_of,
            )

    def release(self, submission_id: str, now: datetime) -> None:
        """Have an answered submission ruled again, because some of it is held.

        Raises:
            WrongState: it is not answered, or nothing of it is held.
        """
        with self._database.session() as session:
            row = session.get(SubmissionTable, submission_id)
            if row is None or row.state != SubmissionState.ANSWERED or not row.held:
                raise WrongState(f"Nothing of submission {submission_id} waits for an administrator.")
            self._move(row, SubmissionState.RECEIVED, now)
            row.attempts, row.releases = 0, row.releases + 1

    @staticmethod
    def _move(row: SubmissionTable, state: SubmissionState, now: datetime) -> None:
        current = SubmissionState(row.state)
        if state not in TRANSITIONS.get(current, frozenset()):
            raise WrongState(f"Submission {row.id} is {current}; it cannot become {state}.")
        row.state, row.state_at = state.value, now

    def unfinished(self) -> set[str]:
        """Digests whose bytes are still needed: of what is not answered, has failed, or is held in part."""
        statement = select(SubmissionTable.digest).where(
            or_(SubmissionTable.state != SubmissionState.ANSWERED.value, SubmissionTable.held > 0)
        )
        with self._database.reading() as session:
            return set(session.scalars(statement))

    def counts(self) -> dict[SubmissionState, int]:
        """How many submissions stand in each state; states that none is in are left out."""
        statement = select(SubmissionTable.state, func.count()).group_by(SubmissionTable.state)
        with self._database.reading() as session:
            return {SubmissionState(state): number for state, number in session.execute(statement)}

    def finding_counts(self) -> list[tuple[str, str, int]]:
        """Code, severity and number of all findings, the most frequent first."""
        statement = (
            select(FindingTable.code, FindingTable.severity, func.count())
            .group_by(FindingTable.code, FindingTable.severity)
            .order_by(func.count().desc(), FindingTable.code)
        )
        with self._database.reading() as session:
            return [(code, severity, times) for code, severity, times in session.execute(statement)]

    def findings(self, submission_id: str) -> pl.DataFrame:
        """The findings of a submission, of `FINDING_SCHEMA`, in file order."""
        columns = [
            getattr(FindingTable, "transaction_no" if name == "transaction" else name) for name in FINDING_SCHEMA
        ]
        statement = select(*columns).where(FindingTable.submission_id == submission_id).order_by(FindingTable.id)
        with self._database.reading() as session:
            rows = [tuple(row) for row in session.execute(statement)]
        return pl.DataFrame(rows, schema=FINDING_SCHEMA, orient="row")
