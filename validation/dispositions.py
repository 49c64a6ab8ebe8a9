"""What becomes of each record, in this order of precedence.

    1  the file is refused                                   rejected
    2  an error of its transaction or pharmacy               rejected   nothing in it can be trusted
    3  the law does not want it (exempt, not reportable)     exempt, not_reportable
    4  an error of its patient or of itself                  rejected   until corrected
    5  its pharmacy waits for an administrator, or it is a
       revision or void                                      held
    6  otherwise                                             accepted, accepted_with_warnings

Why 3 comes before 4: a record that the law does not want need not be corrected, and may not be asked for
again. What decides an exemption must be readable (an unreadable condition exempts nobody), so an error can
only stand in an element that does not matter to it. Findings about such a record are left out: there is
nothing to mend. One exception: while its pharmacy waits for an administrator, an exempt record waits too,
because whose it is decides what it is.

Why a warning of a pharmacy or transaction does not make its records "with warnings": a wrong count is the
sender's habit, not the record's fault.
"""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity
from schemas.submission import Disposition
from validation.exemptions import EXEMPTION_OF
from validation.rules.held import FOR_ADMINISTRATOR, FOR_CORRECTIONS


DISPOSITION_OF = {code: exemption.disposition.value for code, exemption in EXEMPTION_OF.items()}

# The column of a record, and of a hit, that says whether they belong together.
KEY_OF = {
    Scope.TRANSACTION: "transaction",
    Scope.PHARMACY: "pha_position",
    Scope.PATIENT: "pat_position",
    Scope.RECORD: "record",
}


def concerned(hits: pl.DataFrame, *scopes: Scope) -> pl.Expr:
    """True for the records that hits of these scopes are about."""
    conditions = []
    for scope in scopes if hits.height else ():
        key = KEY_OF[scope]
        keys = hits.filter(pl.col("scope") == scope.value)[key].drop_nulls().unique()
        if not keys.is_empty():
            conditions.append(pl.col(key).is_in(keys.implode()).fill_null(value=False))
    return pl.any_horizontal(conditions) if conditions else pl.lit(value=False)


def _code_of(hits: pl.DataFrame, scope: Scope) -> pl.Expr:
    """For each record the code of the hit of this scope that it belongs to; null where there is none."""
    key = KEY_OF[scope]
    if hits.is_empty():
        return pl.lit(None, pl.String)
    own = hits.filter(pl.col("scope") == scope.value).unique(key, keep="first", maintain_order=True)
    if own.is_empty():
        return pl.lit(None, pl.String)
    return pl.col(key).replace_strict(own[key], own["code"], default=None, return_dtype=pl.String)


def dispose(records: pl.DataFrame, hits: pl.DataFrame, reason: pl.Series, *, refused: bool) -> pl.DataFrame:
    """Each record's disposition and reason, in the order of the records.

    Args:
        records: with the columns that `KEY_OF` names.
        hits: of `validation.evaluation.HIT_SCHEMA`.
        reason: the code of the exemption that lets each record off; null where none does.
        refused: whether the file is.

    Returns:
        ``disposition`` and ``reason``; and ``let_off``, true where the findings about the record itself are
        to be left out.
    """
    if refused:
        return pl.DataFrame(
            {
                "disposition": pl.repeat(Disposition.REJECTED.value, records.height, eager=True),
                "reason": pl.repeat(None, records.height, dtype=pl.String, eager=True),
                "let_off": pl.repeat(value=False, n=records.height, eager=True),
            }
        )
    errors = hits.filter(pl.col("severity") == Severity.ERROR.value)
    warnings = hits.filter(pl.col("severity") == Severity.WARNING.value)
    waiting = hits.filter(pl.col("code").is_in(FOR_ADMINISTRATOR))
    corrections = hits.filter(pl.col("code").is_in(FOR_CORRECTIONS))
    state = records.with_columns(exemption=reason).select(
        "exemption",
        untrusted=concerned(errors, Scope.TRANSACTION, Scope.PHARMACY),
        faulty=concerned(errors, Scope.PATIENT, Scope.RECORD),
        waits=concerned(waiting, Scope.PHARMACY),
        waiting=_code_of(waiting, Scope.PHARMACY),
        corrects=concerned(corrections, Scope.TRANSACTION, Scope.RECORD),
        correction=pl.coalesce(_code_of(corrections, Scope.RECORD), _code_of(corrections, Scope.TRANSACTION)),
        warned=concerned(warnings, Scope.PATIENT, Scope.RECORD),
    )
    let_off = pl.col("exemption").is_not_null() & ~pl.col("untrusted")
    held = pl.lit(Disposition.HELD.value)
    return state.select(
        disposition=pl.when("untrusted")
        .then(pl.lit(Disposition.REJECTED.value))
        .when(let_off & pl.col("waits"))
        .then(held)
        .when(let_off)
        .then(pl.col("exemption").replace_strict(DISPOSITION_OF, default=None, return_dtype=pl.String))
        .when("faulty")
        .then(pl.lit(Disposition.REJECTED.value))
        .when(pl.col("waits") | pl.col("corrects"))
        .then(held)
        .when("warned")
        .then(pl.lit(Disposition.ACCEPTED_WITH_WARNINGS.value))
        .otherwise(pl.lit(Disposition.ACCEPTED.value)),
        reason=pl.when(let_off & ~pl.col("waits"))
        .then("exemption")
        .when(pl.col("untrusted") | (pl.col("faulty") & ~let_off))
        .then(None)
        .otherwise(pl.coalesce("waiting", "correction")),
        let_off=let_off,
    )
