"""When a whole file is refused.

Only when nothing of it can be trusted: it could not be read, or every transaction in it has an error of its
own (no pharmacy, no trailer, an answer instead of a report). Bad records, however many, are rejected one by
one: refusing the good ones beside them would hide dispensations from prescribers for days. (RxSentry refused
a batch with more than 10 % fatal records, asap.md 8; that is not done here.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.finding import Scope, Severity
from validation.evaluation import of_rules


if TYPE_CHECKING:
    import polars as pl

    from schemas.reading import Reading


def is_refused(reading: Reading, found: pl.DataFrame) -> bool:
    """Whether nothing of the file can be trusted; `found` are hits, of `validation.evaluation.HIT_SCHEMA`."""
    if reading.refused:
        return True
    wide = {Scope.FILE, Scope.TRANSACTION}
    faulty = of_rules(found, lambda rule: rule.severity is Severity.ERROR and rule.scope in wide)
    return set(reading.transactions["transaction"]) <= set(faulty["transaction"])
