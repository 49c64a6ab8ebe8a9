"""What is said about the findings themselves."""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule


# How many findings of one rule are listed. A file that is wrong throughout would have millions, which nobody
# reads and no machine should keep; what becomes of each record does not depend on it.
MOST_FINDINGS = 10_000

MORE = Rule(
    code="S-MORE",
    title=f"A rule has at most {MOST_FINDINGS:,} findings in a file",
    severity=Severity.INFO,
    stage=Stage.STORE,
    scope=Scope.FILE,
    tier=Tier.HABIT,
    source="validation/rules/telling.py: a bound on what one file can make the program keep",
    segment="TELLING",
    element=None,
    fails=pl.lit(value=False),
    message=f"More records have one of these faults than the {MOST_FINDINGS:,} that are listed; the totals count all.",
    remedy="Mend the cause in the system that writes the file, then send the rejected records again.",
)

RULES = (MORE,)
