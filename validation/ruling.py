"""The ruling: what became of a file and of each of its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from schemas.submission import Disposition, Kind, Outcome


if TYPE_CHECKING:
    from schemas.reading import Reading


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


# The dispositions under which a record is stored.
STORED = (Disposition.ACCEPTED.value, Disposition.ACCEPTED_WITH_WARNINGS.value)

PHARMACY_SCHEMA = pl.Schema(
    {"pha_position": pl.UInt32, "dea": pl.String, "ncpdp": pl.String, "npi": pl.String, "dispenser_id": pl.String}
)


@dataclass(frozen=True)
class Ruling:
    """What the judge says of one file.

    Attributes:
        outcome: of the file.
        kind: by content.
        test: TH07 = T anywhere: ruled and answered, never stored.
        records: a row per record, of `RECORD_SCHEMA`, in the order of the reading's rows.
        zero_reports: a row per zero report, of `COVERAGE_SCHEMA`.
        findings: of `FINDING_SCHEMA`, in file order.
        pharmacies: a row per PHA loop, of `PHARMACY_SCHEMA`; an identifier that cannot be one is not shown.
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

    def accepted_rows(self, reading: Reading) -> pl.DataFrame:
        """The rows to store: what was accepted, each dispensation once, of `ROW_SCHEMA` in file order.

        Adds ``dispenser_id`` and ``record_key``. Nothing of a test file is ever stored.

        Args:
            reading: the one that this ruling is about.
        """
        accepted = self.records["disposition"].is_in(STORED) & ~self.records["duplicate"]
        if self.test:
            accepted = accepted & False
        return reading.rows.hstack(self.records.select("dispenser_id", "record_key")).filter(accepted)
