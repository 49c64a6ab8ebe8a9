"""The judge: a reading and what is known besides it → the ruling.

PURE. No file, no clock, no network: the same reading and context give the same ruling, so it may be made
again instead of remembered. Bad data is never an exception here; it is a finding.

    gather   the frames that rules are asked on          evidence.py
    ask      which rows break which rule                 evaluation.py
    reasons  which rows the law does not want            exemptions.py
    dispose  what becomes of each record                 dispositions.py
    repeats  which accepted records stand twice          repeats.py
    findings in file order, without any value            findings.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas.dispensation import record_key
from schemas.finding import Scope, Severity
from schemas.submission import Disposition, Kind, Outcome
from validation import dispensers
from validation.catalogue import RULE_SET
from validation.dispositions import concerned, dispose, is_error, waits
from validation.evaluation import all_hit, ask, hits
from validation.evidence import PLACE, gather
from validation.exemptions import EXEMPTION_OF, reasons
from validation.findings import findings_of, of_refusals, without_let_off, without_vain_holds
from validation.repeats import repeats
from validation.rules.repeats import CONTRADICTION, DUPLICATE
from validation.ruling import COVERAGE_SCHEMA, PHARMACY_SCHEMA, RECORD_SCHEMA, STORED, Ruling
from validation.thresholds import is_refused


if TYPE_CHECKING:
    from schemas.reading import Reading
    from validation.context import Context


def judge(reading: Reading, context: Context) -> Ruling:
    """What becomes of a file and of each of its records, with the findings."""
    if reading.refused:
        return _unreadable(reading, context)
    frames = gather(reading, context)
    found = ask(frames, dict(reading.transactions.select("transaction", "version").iter_rows()))
    refused = is_refused(reading, found)
    records, told = _records(frames["ROW"], found, refused=refused)
    pharmacies = dispensers.shown(frames["PHA"])
    findings = pl.concat([of_refusals(reading.refusals), findings_of(told, pharmacies, reading.strays)])
    return Ruling(
        outcome=_outcome(findings, refused=refused),
        kind=_kind(reading),
        test=bool((reading.transactions["file_type"] == "T").any()),
        records=records,
        zero_reports=_coverage(frames, found, refused=refused),
        findings=findings,
        pharmacies=pharmacies,
        rule_set=RULE_SET,
        drug_edition=context.drug_edition,
    )


def _records(rows: pl.DataFrame, found: pl.DataFrame, *, refused: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records, of `RECORD_SCHEMA`, and all that there is to tell about the file."""
    state = dispose(rows, found, reasons(rows), refused=refused)
    keys = _keys(rows)
    again = repeats(rows, keys, state["disposition"].is_in(STORED))
    rows = rows.select(*PLACE.names(), "dispenser_id").hstack(state).hstack(again)

    told = [without_vain_holds(without_let_off(found, rows), rows)]
    told += [
        all_hit(rows.filter(pl.col("reason") == code), EXEMPTION_OF[code].rule)
        for code in rows["reason"].unique()
        if code in EXEMPTION_OF
    ]
    if rows["repeats"].any():
        told += [hits(rows, DUPLICATE), hits(rows, CONTRADICTION)]

    contradicts = CONTRADICTION.fails.fill_null(value=False)
    records = rows.select(
        "record",
        "pha_position",
        pl.when(contradicts).then(pl.lit(Disposition.REJECTED.value)).otherwise("disposition").alias("disposition"),
        "reason",
        "dispenser_id",
        keys,
        duplicate=DUPLICATE.fails.fill_null(value=False),
    )
    return records.select(RECORD_SCHEMA.names()), pl.concat(told)


def _keys(rows: pl.DataFrame) -> pl.Series:
    """The record keys, made with the pharmacy's identifier as the register has it.

    As sent they would not do: a filler such as ``0000000`` in PHA02 would make two pharmacies one, and a pharmacy
    that leaves one of its identifiers out one day would report its dispensations twice.
    """
    nothing = pl.lit(None, pl.String)
    own = rows.with_columns(pharmacy_dea="key_id", pharmacy_ncpdp=nothing, pharmacy_npi=nothing)
    return own.select(record_key=record_key())["record_key"]


def _coverage(frames: dict[str, pl.DataFrame], found: pl.DataFrame, *, refused: bool) -> pl.DataFrame:
    """What becomes of each zero report, of `COVERAGE_SCHEMA`."""
    if "ZERO" not in frames:
        return pl.DataFrame(schema=COVERAGE_SCHEMA)
    rejected = pl.lit(refused) | concerned(found, is_error, Scope.TRANSACTION, Scope.PHARMACY, Scope.PATIENT)
    who = frames["PHA"].select("pha_position", "dispenser_id")
    return (
        frames["ZERO"]
        .join(who, "pha_position", "left", maintain_order="left")
        .with_columns(
            disposition=pl.when(rejected)
            .then(pl.lit(Disposition.REJECTED.value))
            .when(concerned(found, waits, Scope.PHARMACY))
            .then(pl.lit(Disposition.HELD.value))
            .otherwise(pl.lit(Disposition.ACCEPTED.value))
        )
        .select(COVERAGE_SCHEMA.names())
    )


def _outcome(findings: pl.DataFrame, *, refused: bool) -> Outcome:
    """Every error rejects something or tells of something lost, so any of them shows in the outcome."""
    if refused:
        return Outcome.REFUSED
    if (findings["severity"] == Severity.ERROR.value).any():
        return Outcome.ACCEPTED_WITH_ERRORS
    return Outcome.ACCEPTED


def _kind(reading: Reading) -> Kind:
    """What the file is by its content: dispensations, voids, zero reports, or several of them."""
    voids = reading.rows["reporting_status"] == "02"
    kinds = {
        Kind.DISPENSING: reading.rows.height > voids.sum(),
        Kind.VOID: bool(voids.any()) or bool((reading.transactions["transaction_type"] == "04").any()),
        Kind.ZERO: not reading.zero_reports.is_empty(),
    }
    present = [kind for kind, there in kinds.items() if there]
    if not present:
        return Kind.UNREADABLE
    return present[0] if len(present) == 1 else Kind.MIXED


def _unreadable(reading: Reading, context: Context) -> Ruling:
    return Ruling(
        outcome=Outcome.REFUSED,
        kind=Kind.UNREADABLE,
        test=False,
        records=pl.DataFrame(schema=RECORD_SCHEMA),
        zero_reports=pl.DataFrame(schema=COVERAGE_SCHEMA),
        findings=of_refusals(reading.refusals),
        pharmacies=pl.DataFrame(schema=PHARMACY_SCHEMA),
        rule_set=RULE_SET,
        drug_edition=context.drug_edition,
    )
