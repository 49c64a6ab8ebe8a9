"""The ruling: what became of a file and of each of its records."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.submission import Kind, Outcome


# One row per record (DSP) of the file. `reason` is the code of the exemption, of the not-reportable
# or of the holding rule; null where the disposition is accepted or rejected (the findings say why).
RECORD_SCHEMA = pl.Schema(
    {
        "record": pl.UInt32,
        "pha_position": pl.UInt32,
        "disposition": pl.String,
        "reason": pl.String,
        "dispenser_id": pl.String,
        "record_key": pl.String,
        "duplicate": pl.Boolean,  # its key stands already earlier in this file
    }
)

# One row per zero report: which dispenser, which days, and whether they count.
COVERAGE_SCHEMA = pl.Schema(
    {
        "pha_position": pl.UInt32,
        "dispenser_id": pl.String,
        "covers_from": pl.Date,
        "covers_to": pl.Date,
        "disposition": pl.String,  # accepted, rejected, held
    }
)


@dataclass(frozen=True)
class Ruling:
    """What the judge says of one file.

    Attributes:
        outcome: of the file.
        kind: by content.
        test: TH07 = T anywhere: ruled and answered, never stored.
        records: a row per record, of `RECORD_SCHEMA`.
        zero_reports: a row per zero report, of `COVERAGE_SCHEMA`.
        findings: of `FINDING_SCHEMA`, in file order.
        pharmacies: a row per PHA loop: ``pha_position``, ``dea``, ``ncpdp``, ``npi``, ``dispenser_id``.
        rule_set: version of the rule set that ruled.
        drug_edition: edition of the drug table it used.
    """

    outcome: Outcome
    kind: Kind
    test: bool
    records: pl.DataFrame
    zero_reports: pl.DataFrame
    findings: pl.DataFrame
    pharmacies: pl.DataFrame
    rule_set: str
    drug_edition: str
