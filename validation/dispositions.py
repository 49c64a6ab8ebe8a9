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

from collections.abc import Callable

import polars as pl

from schemas.finding import Scope, Severity
from schemas.submission import Disposition
from validation.catalogue import all_rules
from validation.evaluation import of_rules
from validation.exemptions import EXEMPTION_OF
from validation.rule import Rule
from validation.rules.held import FOR_ADMINISTRATOR, FOR_CORRECTIONS


DISPOSITION_OF = {code: exemption.disposition.value for code, exemption in EXEMPTION_OF.items()}

# The column of a record, and of a hit, that says whether they belong together.
KEY_OF = {
    Scope.TRANSACTION: "transaction",
    Scope.PHARMACY: "pha_position",
    Scope.PATIENT: "pat_position",
    Scope.RECORD: "record",
}


def concerned(found: pl.DataFrame, wanted: Callable[[Rule], bool], *scopes: Scope) -> pl.Expr:
    """True for the records that hits of wanted rules of these scopes are about."""
    conditions = []
    for scope in scopes:
        keys = _of(found, wanted, scope)[KEY_OF[scope]].drop_nulls().unique()
        if not keys.is_empty():
            conditions.append(pl.col(KEY_OF[scope]).is_in(keys.implode()).fill_null(value=False))
    return pl.any_horizontal(conditions) if conditions else pl.lit(value=False)


def _of(found: pl.DataFrame, wanted: Callable[[Rule], bool], scope: Scope) -> pl.DataFrame:
    return of_rules(found, lambda rule: rule.scope is scope and wanted(rule))


def _code(found: pl.DataFrame, wanted: Callable[[Rule], bool], scope: Scope) -> pl.Expr:
    """For each record the code of the wanted rule of this scope that it breaks; null where it breaks none."""
    key = KEY_OF[scope]
    own = _of(found, wanted, scope).unique(key, keep="first", maintain_order=True)
    if own.is_empty():
        return pl.lit(None, pl.String)
    codes = [all_rules()[number].code for number in own["rule"]]
    return pl.col(key).replace_strict(own[key], codes, default=None, return_dtype=pl.String)


def is_error(rule: Rule) -> bool:
    """Whether the rule rejects."""
    return rule.severity is Severity.ERROR


def _is_warning(rule: Rule) -> bool:
    return rule.severity is Severity.WARNING


def waits(rule: Rule) -> bool:
    """Whether the rule holds for an administrator."""
    return rule.code in FOR_ADMINISTRATOR


def _corrects(rule: Rule) -> bool:
    return rule.code in FOR_CORRECTIONS


def dispose(records: pl.DataFrame, found: pl.DataFrame, reason: pl.Series, *, refused: bool) -> pl.DataFrame:
    """Each record's disposition and reason, in the order of the records.

    Args:
        records: with the columns that `KEY_OF` names.
        found: hits, of `validation.evaluation.HIT_SCHEMA`.
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
    state = records.with_columns(exemption=reason).select(
        "exemption",
        untrusted=concerned(found, is_error, Scope.TRANSACTION, Scope.PHARMACY),
        faulty=concerned(found, is_error, Scope.PATIENT, Scope.RECORD),
        waiting=_code(found, waits, Scope.PHARMACY),
        correction=pl.coalesce(_code(found, _corrects, Scope.RECORD), _code(found, _corrects, Scope.TRANSACTION)),
        warned=concerned(found, _is_warning, Scope.PATIENT, Scope.RECORD),
    )
    let_off = pl.col("exemption").is_not_null() & ~pl.col("untrusted")
    held = pl.lit(Disposition.HELD.value)
    return state.select(
        disposition=pl.when("untrusted")
        .then(pl.lit(Disposition.REJECTED.value))
        .when(let_off & pl.col("waiting").is_not_null())
        .then(held)
        .when(let_off)
        .then(pl.col("exemption").replace_strict(DISPOSITION_OF, default=None, return_dtype=pl.String))
        .when("faulty")
        .then(pl.lit(Disposition.REJECTED.value))
        .when(pl.any_horizontal(pl.col("waiting", "correction").is_not_null()))
        .then(held)
        .when("warned")
        .then(pl.lit(Disposition.ACCEPTED_WITH_WARNINGS.value))
        .otherwise(pl.lit(Disposition.ACCEPTED.value)),
        reason=pl.when(let_off & pl.col("waiting").is_null())
        .then("exemption")
        .when(pl.col("untrusted") | (pl.col("faulty") & ~let_off))
        .then(None)
        .otherwise(pl.coalesce("waiting", "correction")),
        let_off=let_off,
    )
