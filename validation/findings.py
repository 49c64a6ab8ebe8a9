"""From hits to findings: in file order, with the pharmacy named, without any value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from schemas.finding import FINDING_SCHEMA, Scope, Severity, Tier


if TYPE_CHECKING:
    from schemas.reading import Refusal


def without_let_off(hits: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """The hits, less those that are only about records the law does not want.

    Args:
        hits: of `validation.evaluation.HIT_SCHEMA`.
        records: ``record``, ``pat_position`` and ``let_off``.
    """
    if not records["let_off"].any():
        return hits
    off = records.filter("let_off")["record"]
    others = records.filter(~pl.col("let_off"))["pat_position"]
    patients = records.filter(pl.col("let_off") & ~pl.col("pat_position").is_in(others.implode()))["pat_position"]
    about_record = (pl.col("scope") == Scope.RECORD.value) & pl.col("record").is_in(off.implode())
    about_patient = (pl.col("scope") == Scope.PATIENT.value) & pl.col("pat_position").is_in(patients.implode())
    return hits.filter(~(about_record | about_patient).fill_null(value=False))


def findings_of(hits: pl.DataFrame, pharmacies: pl.DataFrame) -> pl.DataFrame:
    """The findings, of `FINDING_SCHEMA`, in file order.

    Args:
        hits: of `validation.evaluation.HIT_SCHEMA`.
        pharmacies: ``pha_position`` and the identifiers that may be shown.
    """
    if hits.is_empty():
        return pl.DataFrame(schema=FINDING_SCHEMA)
    names = pharmacies.select("pha_position", pharmacy=pl.coalesce("dea", "ncpdp", "npi"))
    return (
        hits.drop("pharmacy")
        .join(names, "pha_position", "left", maintain_order="left")
        .sort("position", "code", nulls_last=False, maintain_order=True)
        .select(FINDING_SCHEMA.names())
    )


def of_refusals(refusals: Sequence[Refusal]) -> pl.DataFrame:
    """A finding for each part of the file that could not be read."""
    return pl.DataFrame(
        [
            {"code": refusal.code, "severity": Severity.ERROR, "tier": Tier.STANDARD, "position": refusal.position}
            for refusal in refusals
        ],
        schema=FINDING_SCHEMA,
    )
