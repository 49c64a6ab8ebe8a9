"""How many records became what: the counts that a dispenser knows from its clearinghouse (asap.md 7).

    records = accepted + rejected + exempt + not_reportable + held

``accepted`` counts every record that was taken, also those with warnings and the duplicates, which were
taken before and are not stored again: both are parts of it. Zero reports are no records.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from schemas.submission import Disposition
from validation.ruling import STORED, Ruling


@dataclass(frozen=True)
class Totals:
    """The counts of a file, or of one pharmacy's part of it.

    Attributes:
        records: dispensing records in it.
        accepted: of these, taken.
        with_warnings: of the accepted, those with at least one warning.
        rejected: with errors, to be corrected and sent again.
        exempt: not wanted by the law, not stored.
        not_reportable: of a drug that is not collected, not stored.
        held: waiting for an administrator or for corrections.
        duplicates: of the accepted, those already known, not stored again.
    """

    records: int = 0
    accepted: int = 0
    with_warnings: int = 0
    rejected: int = 0
    exempt: int = 0
    not_reportable: int = 0
    held: int = 0
    duplicates: int = 0


def totals(ruling: Ruling, known: Collection[int] = ()) -> Totals:
    """The counts of the whole file.

    Args:
        ruling: of the file.
        known: the records that the store already had, by their number (``record``).
    """
    return Totals(*ruling.records.select(_counts(known)).row(0))


def totals_by_pharmacy(ruling: Ruling, known: Collection[int] = ()) -> dict[int, Totals]:
    """The counts of each pharmacy's part of the file, by ``pha_position``, in file order; see `totals`."""
    counted = ruling.records.group_by("pha_position").agg(_counts(known))
    counts = {position: Totals(*row) for position, *row in counted.iter_rows()}
    return {position: counts.get(position, Totals()) for position in ruling.pharmacies["pha_position"]}


def waiting(ruling: Ruling) -> int:
    """How much of the file waits: records, zero reports and voids of a whole file.

    More than ``held`` of its totals, which counts records only: a zero report of a pharmacy that is not in the
    register, and a void without any record, wait as well, and are as easily forgotten.
    """
    zero_reports = ruling.zero_reports["disposition"] == Disposition.HELD.value
    voids = ruling.findings["code"] == "H-VOID-FILE"
    return totals(ruling).held + int(zero_reports.sum()) + int(voids.sum())


def _counts(known: Collection[int]) -> list[pl.Expr]:
    """One expression per attribute of `Totals`, in their order."""

    def became(disposition: Disposition) -> pl.Expr:
        return pl.col("disposition") == disposition.value

    accepted = pl.col("disposition").is_in(STORED)
    duplicate = pl.col("duplicate") | pl.col("record").is_in(sorted(known)) if known else pl.col("duplicate")
    counts = {
        "records": pl.len(),
        "accepted": accepted.sum(),
        "with_warnings": became(Disposition.ACCEPTED_WITH_WARNINGS).sum(),
        "rejected": became(Disposition.REJECTED).sum(),
        "exempt": became(Disposition.EXEMPT).sum(),
        "not_reportable": became(Disposition.NOT_REPORTABLE).sum(),
        "held": became(Disposition.HELD).sum(),
        "duplicates": (accepted & duplicate).sum(),
    }
    return [count.alias(name) for name, count in counts.items()]
