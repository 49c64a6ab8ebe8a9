"""Why a file, or one transaction of it, could not be read at all.

The reader decides this (`schemas.reading.Refusal`) and names place and next step for the file at hand; here
stand the same codes, so that a finding of the ledger can be worded without the file.
"""

from __future__ import annotations

from validation.rule import Rule


RULES: tuple[Rule, ...] = ()
