"""The types of what may be sent: strict, bounded, and never guessed at.

A date is text as YYYY-MM-DD and nothing else: a lenient reader takes the number 0 for 1970-01-01 and
would look up a patient born on that day (engineering.md decision 20).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from access.permit import Reason


ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Nobody alive was born before; an earlier date is a slip.
EARLIEST: Final = date(1900, 1, 1)
# The standard's longest name (PAT07, PAT08 in 5.0) has 50 characters; people type more.
LONGEST_NAME: Final = 100


class StrictModel(BaseModel):
    """A request body: every field known, of its exact type; nothing is converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _iso_date(value: Any) -> date:  # noqa: ANN401  it is what somebody sent
    if not isinstance(value, str) or not ISO_DATE.fullmatch(value):
        raise ValueError("must be a date as YYYY-MM-DD, in quotes")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None
    if day < EARLIEST:
        raise ValueError(f"must not be before {EARLIEST.isoformat()}")
    return day


def _printable(value: str) -> str:
    # Control characters have no place in a name, and some databases cannot hold NUL.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise ValueError("must not hold control characters")
    return value


IsoDate = Annotated[
    date,
    BeforeValidator(_iso_date),
    WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{ISO_DATE.pattern}$"}),
]

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    AfterValidator(_printable),
]


def _reason(value: Any) -> Reason:  # noqa: ANN401
    if not isinstance(value, str) or value not in set(Reason):
        raise ValueError(f"must be one of {', '.join(Reason)}")
    return Reason(value)


Why = Annotated[Reason, BeforeValidator(_reason), WithJsonSchema({"type": "string", "enum": [*Reason]})]

Attested = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^P-[0-9]{3}$")]],
    Field(max_length=10, description="Numbers of the sentences you attest to; `GET /v1/me` shows them (P-105, P-110)."),
]

# As many candidates as a search shows.
MOST_REFERENCES: Final = 20

# Ids, references and tokens of ours: never longer, never anything else.
OurId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=2_048)]

Secret = Annotated[
    str, StringConstraints(min_length=1, max_length=1_000), Field(json_schema_extra={"format": "password"})
]
