"""What the judge knows besides the file: the register, the drugs, the sender's rights, the day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from schemas.dispenser import REGISTER_SCHEMA


@dataclass(frozen=True)
class Context:
    """Everything a ruling depends on besides the bytes; the judge reads no clock and no file.

    Attributes:
        received_on: the day the file came, in the state's own time zone; "future" means after it.
        drugs: the drug table, of `drugs.table.DRUG_SCHEMA`.
        drug_edition: its edition, stamped on the ruling.
        dispensers: the register, of `REGISTER_SCHEMA`; empty for an offline check.
        permitted: dispenser_ids that the sender may report for; None where nobody asks (offline check).
        pseudo_identifiers: DEA numbers and product codes that the department itself issued, to cannabis
            dispensaries (asap.md 9.3): they need no check digit and no form.
    """

    received_on: date
    drugs: pl.DataFrame
    drug_edition: str
    dispensers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REGISTER_SCHEMA))
    permitted: frozenset[str] | None = None
    pseudo_identifiers: frozenset[str] = frozenset()
