"""The whole story on one page: bytes → reading → ruling → lake → ledger → answer.

EXACTLY ONCE, AND WHY. A submission's bytes are safe in the vault and its ledger row is written before
this page begins. Every step can be repeated:

    read, judge   pure: the same bytes, day and register give the same ruling;
    lake          one transaction for all the rows of all waiting submissions; it knows which submissions
                  it has, and says so instead of storing them twice;
    ledger        one transaction that moves the submissions to STORED;
    answer        files written whole; writing them again writes the same.

Killed anywhere, the next start finds the submission in the state it reached and goes on from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from ingest.acknowledge import Letterhead, as_json, deliver
from ingest.coverage import covered_days
from ingest.ledger import Ledger
from ingest.results import Covered, PharmacyOutcome, Result
from ingest.rows import read
from schemas.submission import Submission
from store.writer import Batch, Kept, commit
from validation.context import Context
from validation.explain import sentences
from validation.judge import judge
from validation.totals import Totals, totals, totals_by_pharmacy, waiting


if TYPE_CHECKING:
    import polars as pl

    from schemas.reading import Reading
    from store.lake import Lake
    from validation.ruling import Ruling


class Vault(Protocol):
    """Where the bytes as received are kept."""

    def read(self, digest: str) -> bytes:
        """The bytes, as they came."""
        ...


class Knowledge(Protocol):
    """What the judge knows besides the file, as it is now."""

    def context(self, sender: str, received_at: datetime, zone: ZoneInfo) -> Context:
        """The context in which to rule a file of this sender."""
        ...


@dataclass(frozen=True)
class Stations:
    """The parts that the story passes through, opened once."""

    vault: Vault
    ledger: Ledger
    lake: Lake
    knowledge: Knowledge
    reports: Callable[[str], Path]
    letterhead: Letterhead
    zone: ZoneInfo


@dataclass(frozen=True)
class Judged:
    """A submission with what was read and ruled."""

    submission: Submission
    reading: Reading
    ruling: Ruling
    covered: pl.DataFrame


def process(submissions: Sequence[Submission], stations: Stations, now: datetime) -> list[Result]:
    """Take received submissions through to STORED, all in one commit; their results, in the same order."""
    judged = _judge_all(submissions, stations)
    kept = commit(stations.lake, [_batch(one) for one in judged], now)
    results = [_result(one, outcome, stations.ledger) for one, outcome in zip(judged, kept, strict=True)]
    stations.ledger.stored(results, now)
    return results


def answer(submission: Submission, result: Result, stations: Stations) -> None:
    """Put the status report where the sender finds it."""
    report = as_json(submission, result, sentences(result.findings), stations.letterhead)
    deliver(stations.reports(submission.sender), submission, report)


def _judge_all(submissions: Sequence[Submission], stations: Stations) -> list[Judged]:
    """Read and rule files side by side; the vault and the register are asked here, one after another."""
    known: dict[tuple[str, date], Context] = {}
    given = []
    for submission in submissions:
        day = submission.received_at.astimezone(stations.zone).date()
        if (submission.sender, day) not in known:
            known[submission.sender, day] = stations.knowledge.context(
                submission.sender, submission.received_at, stations.zone
            )
        given.append((submission, stations.vault.read(submission.digest), known[submission.sender, day]))
    # Two per core: a small file spends as long waiting for polars' threads to wake as it works.
    workers = min(len(given), 2 * (os.cpu_count() or 1))
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(lambda one: _judge(*one), given))


def _judge(submission: Submission, data: bytes, context: Context) -> Judged:
    reading = read(data)
    ruling = judge(reading, context)
    return Judged(submission, reading, ruling, covered_days(ruling, reading))


def _batch(judged: Judged) -> Batch:
    """What the lake is to keep of a submission."""
    return Batch(
        submission_id=lake_id(judged.submission),
        sender=judged.submission.sender,
        received_at=judged.submission.received_at,
        rows=judged.ruling.accepted_rows(judged.reading),
        coverage=judged.covered,
        rule_set=judged.ruling.rule_set,
        drug_edition=judged.ruling.drug_edition,
    )


def lake_id(submission: Submission) -> str:
    """The name of this ruling of a submission in the lake, which keeps each name exactly once."""
    return submission.id if submission.releases == 0 else f"{submission.id}.{submission.releases}"


def _result(judged: Judged, kept: Kept, ledger: Ledger) -> Result:
    submission, reading, ruling = judged.submission, judged.reading, judged.ruling
    earlier = ledger.earlier(submission.sender, submission.digest)
    before = ledger.result(submission.id) if submission.releases else None
    parts = totals_by_pharmacy(ruling, kept.duplicate_records)
    return Result(
        submission_id=submission.id,
        outcome=ruling.outcome.value,
        kind=ruling.kind.value,
        test=ruling.test,
        versions=reading.transactions["version"].unique(maintain_order=True).to_list(),
        totals=_again(totals(ruling, kept.duplicate_records), before.totals if before else None),
        waiting=waiting(ruling),
        pharmacies=[
            PharmacyOutcome(
                **pharmacy, totals=_again(parts[pharmacy["pha_position"]], _part(before, pharmacy["pha_position"]))
            )
            for pharmacy in ruling.pharmacies.iter_rows(named=True)
        ],
        coverage=[Covered(**days) for days in judged.covered.iter_rows(named=True)],
        findings=ruling.findings,
        rule_set=ruling.rule_set,
        drug_edition=ruling.drug_edition,
        duplicate_of=None if earlier is None or earlier.id == submission.id else earlier.id,
    )


def _part(result: Result | None, position: int) -> Totals | None:
    found = [part.totals for part in result.pharmacies if part.pha_position == position] if result else []
    return found[0] if found else None


def _again(now: Totals, before: Totals | None) -> Totals:
    """Totals after a release: what the earlier ruling stored meets itself in the lake and is no duplicate."""
    if before is None:
        return now
    return replace(now, duplicates=max(0, now.duplicates - (before.accepted - before.duplicates)))
