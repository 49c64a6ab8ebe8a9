"""The rule record.

A RULE IS A RECORD. It carries its own authority (tier and source), the polars expression that finds
the rows it is about, and the sentence that explains it; the judge evaluates all of them the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule.

    Attributes:
        code: stable for ever; printed beside every finding, such as ``E-DSP05-REQUIRED``.
        title: what must hold, in a few words: "Date Filled is given".
        severity: what a finding does to the record.
        stage: when it is asked.
        scope: which records an error rejects.
        tier: who says so.
        source: the paragraph that says so: "ASAP 4.2B DSP05", "P-024", "CGS 21a-254(j)(4)(B)".
        segment: the frame it is evaluated on: a segment id, or one of the frames that
            `validation.evidence` makes: ``"ROW"`` (the typed rows), ``"TRANSACTION"``, ``"STRAY"``,
            ``"ZERO"`` (zero reports).
        element: the element a finding names; None for rules about a whole segment.
        fails: true for the rows that break the rule; null counts as not broken, since a value that is
            missing or unreadable is another rule's finding.
        message: what is wrong, to a pharmacy technician, without any value.
        remedy: what to do, one sentence.
        versions: the ASAP versions it applies to; empty means all. A rule whose limits differ by version is
            several records of one code, title, severity and message.
        needs: columns without which it cannot fail: where one of them is empty throughout, it is not asked.
    """

    code: str
    title: str
    severity: Severity
    stage: Stage
    scope: Scope
    tier: Tier
    source: str
    segment: str
    element: str | None
    fails: pl.Expr
    message: str
    remedy: str
    versions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
