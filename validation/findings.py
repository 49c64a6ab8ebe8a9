"""From hits to findings: in file order, with the pharmacy named, without any value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from schemas.finding import FINDING_SCHEMA, Scope, Severity, Tier
from schemas.submission import Disposition
from validation.catalogue import all_rules, number_of
from validation.evaluation import HIT_SCHEMA, of_rules, segment_of
from validation.rules.held import FOR_ADMINISTRATOR, FOR_CORRECTIONS
from validation.rules.telling import MORE, MOST_FINDINGS


if TYPE_CHECKING:
    from schemas.reading import Refusal


HOLDS = frozenset({*FOR_ADMINISTRATOR, *FOR_CORRECTIONS})


def without_let_off(found: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """The hits, less those that are only about records the law does not want.

    Args:
        found: hits, of `validation.evaluation.HIT_SCHEMA`.
        records: ``record``, ``pat_position`` and ``let_off``.
    """
    if not records["let_off"].any():
        return found
    off = records.filter("let_off")["record"]
    others = records.filter(~pl.col("let_off"))["pat_position"]
    patients = records.filter(pl.col("let_off") & ~pl.col("pat_position").is_in(others.implode()))["pat_position"]
    about_record = of_rules(found, lambda rule: rule.scope is Scope.RECORD)
    about_patient = of_rules(found, lambda rule: rule.scope is Scope.PATIENT)
    return pl.concat(
        [
            of_rules(found, lambda rule: rule.scope not in {Scope.RECORD, Scope.PATIENT}),
            about_record.filter(~pl.col("record").is_in(off.implode()).fill_null(value=False)),
            about_patient.filter(~pl.col("pat_position").is_in(patients.implode()).fill_null(value=False)),
        ]
    )


def without_vain_holds(found: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """The hits, less the holds of what an error turned away: it does not wait, and is to be sent again.

    Args:
        found: hits, of `validation.evaluation.HIT_SCHEMA`.
        records: ``record`` and ``disposition``.
    """
    holds = of_rules(found, lambda rule: rule.code in HOLDS)
    if holds.is_empty():
        return found
    errors = of_rules(found, lambda rule: rule.severity is Severity.ERROR)
    transactions = of_rules(errors, lambda rule: rule.scope is Scope.TRANSACTION)["transaction"]
    pharmacies = of_rules(errors, lambda rule: rule.scope is Scope.PHARMACY)["pha_position"]
    rejected = records.filter(pl.col("disposition") == Disposition.REJECTED.value)["record"]
    vain = pl.any_horizontal(
        pl.col(key).is_in(turned_away.implode()).fill_null(value=False)
        for key, turned_away in (("transaction", transactions), ("pha_position", pharmacies), ("record", rejected))
    )
    return pl.concat([of_rules(found, lambda rule: rule.code not in HOLDS), holds.filter(~vain)])


def findings_of(
    found: pl.DataFrame, pharmacies: pl.DataFrame, strays: pl.DataFrame, most: int = MOST_FINDINGS
) -> pl.DataFrame:
    """The findings, of `FINDING_SCHEMA`, in file order.

    Args:
        found: hits, of `validation.evaluation.HIT_SCHEMA`.
        pharmacies: ``pha_position`` and the identifiers that may be shown.
        strays: the misplaced segments, of the reading: each names its own segment.
        most: how many findings of one rule are listed; beyond it one finding says that there are more.
    """
    if found.is_empty():
        return pl.DataFrame(schema=FINDING_SCHEMA)
    names = pharmacies.select("pha_position", pharmacy=pl.coalesce("dea", "ncpdp", "npi"))
    stray = strays.select("position", stray="segment")
    return (
        _bounded(found, most)
        .join(_rule_columns(found["rule"].unique()), "rule", "left", maintain_order="left")
        .join(names, "pha_position", "left", maintain_order="left")
        .join(stray, "position", "left", maintain_order="left")
        .with_columns(segment=pl.when(pl.col("segment") == "STRAY").then("stray").otherwise("segment"))
        .sort("position", "code", nulls_last=False, maintain_order=True)
        .select(FINDING_SCHEMA.names())
    )


def _bounded(found: pl.DataFrame, most: int) -> pl.DataFrame:
    """The first hits of each rule, in file order; and one more that says so, where there are more."""
    if found.height <= most or not (found["rule"].value_counts()["count"] > most).any():
        return found
    first = found.sort("position", maintain_order=True).filter(pl.int_range(pl.len()).over("rule") < most)
    more = pl.DataFrame({"rule": [number_of(MORE)]}, schema_overrides={"rule": pl.UInt16})
    return pl.concat(
        [
            first,
            more.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in HIT_SCHEMA.items() if name != "rule"),
        ]
    )


def _rule_columns(numbers: pl.Series) -> pl.DataFrame:
    """What a finding takes from its rule, for each rule and for `MORE`."""
    every = {number: all_rules()[number] for number in {*numbers, number_of(MORE)}}
    return pl.DataFrame(
        [
            {
                "rule": number,
                "code": rule.code,
                "severity": rule.severity.value,
                "tier": rule.tier.value,
                "segment": None if rule is MORE else segment_of(rule),
                "element": rule.element,
            }
            for number, rule in every.items()
        ],
        schema={"rule": pl.UInt16}
        | {name: FINDING_SCHEMA[name] for name in ("code", "severity", "tier", "segment", "element")},
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
