"""When a whole file is refused.

Only when nothing of it can be trusted: it could not be read, or every transaction in it has an error of its
own (no pharmacy, no trailer, an answer instead of a report). Bad records, however many, are rejected one by
one: refusing the good ones beside them would hide dispensations from prescribers for days. (RxSentry refused
a batch with more than 10 % fatal records, asap.md 8; that is not done here.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas.finding import Scope, Severity


if TYPE_CHECKING:
    from schemas.reading import Reading


def is_refused(reading: Reading, hits: pl.DataFrame) -> bool:
    """Whether nothing of the file can be trusted; `hits` of `validation.evaluation.HIT_SCHEMA`."""
    if reading.refused:
        return True
    faulty = hits.filter(
        (pl.col("severity") == Severity.ERROR.value)
        & pl.col("scope").is_in([Scope.FILE.value, Scope.TRANSACTION.value])
    )
    return set(reading.transactions["transaction"]) <= set(faulty["transaction"])
