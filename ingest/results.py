"""What became of a submission, as the ledger keeps it and the answer tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from validation.totals import Totals


if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class PharmacyOutcome:
    """What became of one pharmacy's part of a file."""

    pha_position: int
    dispenser_id: str | None
    dea: str | None
    ncpdp: str | None
    npi: str | None
    totals: Totals


@dataclass(frozen=True)
class Covered:
    """Days for which a dispenser has reported."""

    dispenser_id: str
    covers_from: date
    covers_to: date
    source: str


@dataclass(frozen=True)
class Result:
    """What became of a submission, as the ledger keeps it.

    Attributes:
        waiting: how much of it waits: the records held, and the zero reports and voids that are no records.
        duplicate_of: an earlier submission of the same bytes.
    """

    submission_id: str
    outcome: str
    kind: str
    test: bool
    versions: Sequence[str]
    totals: Totals
    waiting: int
    pharmacies: Sequence[PharmacyOutcome]
    coverage: Sequence[Covered]
    findings: pl.DataFrame
    rule_set: str
    drug_edition: str
    duplicate_of: str | None
