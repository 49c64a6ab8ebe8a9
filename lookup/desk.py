"""What every question needs besides itself: the lake, the drugs, the seal, and the state they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from access.database import Database
from lookup.drug_facts import DrugTable
from lookup.references import Seal


if TYPE_CHECKING:
    from datetime import date

    from store.lake import Lake


@dataclass(frozen=True)
class Desk:
    """Opened once, shared by all requests: the lake gives each its own cursor.

    Attributes:
        lake: open for reading.
        database: with the audit trail, in which every answer is noted before it is given.
        drugs: the drug table.
        drug_edition: its edition, stamped on reports.
        mme_edition: edition of the conversion factors, stamped on reports.
        seal: seals the references from a search to a report.
        state: the state's name, as reports show it.
        state_code: its USPS code.
        zone: where its days begin and end.
        program_version: stamped on reports.
        reference_life: how long a candidate can be asked for after its search.
    """

    lake: Lake = field(repr=False)
    database: Database = field(repr=False)
    drugs: DrugTable = field(repr=False)
    drug_edition: str
    mme_edition: str
    seal: Seal = field(repr=False)
    state: str
    state_code: str
    zone: ZoneInfo
    program_version: str
    reference_life: timedelta = timedelta(minutes=30)

    def today(self, now: datetime) -> date:
        """The day it is in the state."""
        return now.astimezone(self.zone).date()
