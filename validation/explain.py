"""From a finding to the sentence a pharmacy reads. Engines report facts; the wording is here and in the rules.

No sentence holds a value from the file: a finding names place and rule, and the rule's text is fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from validation.catalogue import rule


if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.reading import Refusal


@dataclass(frozen=True)
class Explanation:
    """The words for a code.

    Attributes:
        title: what must hold.
        message: what is wrong.
        remedy: what to do.
        source: the paragraph that says so.
    """

    title: str
    message: str
    remedy: str
    source: str


def explain(code: str) -> Explanation:
    """The words for a rule's code; a code of an earlier rule set, kept in a ledger, is said to be one."""
    try:
        its = rule(code)
    except KeyError:
        return Explanation(
            title="A rule that this program no longer has",
            message=f"Rule {code} was not kept.",
            remedy="Ask the program what it meant, naming this code.",
            source="an earlier rule set",
        )
    return Explanation(its.title, its.message, its.remedy, its.source)


def sentences(findings: pl.DataFrame, refusals: Sequence[Refusal] = ()) -> list[dict[str, Any]]:
    """The findings, each with its ``message`` and ``remedy``.

    Args:
        findings: of `FINDING_SCHEMA`.
        refusals: of the reading, which word what could not be read better than the code alone does.
    """
    explained = {code: explain(code) for code in findings["code"].unique()}
    own = {(refusal.code, refusal.position): refusal for refusal in refusals}
    told = []
    for finding in findings.iter_rows(named=True):
        refusal = own.get((finding["code"], finding["position"]))
        if refusal is not None:
            message, remedy = f"{refusal.fault} ({refusal.place})", refusal.remedy
        else:
            message, remedy = explained[finding["code"]].message, explained[finding["code"]].remedy
        told.append({**finding, "message": message, "remedy": remedy})
    return told
