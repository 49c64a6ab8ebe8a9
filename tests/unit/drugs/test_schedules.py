from __future__ import annotations

from datetime import date

import pytest

from drugs.schedules import schedule


HYDROCODONE = {"ingredients": "hydrocodone", "schedule": "II"}
TRAMADOL = {"ingredients": "tramadol", "schedule": "IV"}
CANNABIS = {"ingredients": "cannabis", "schedule": None}


@pytest.mark.parametrize(
    ("product", "state", "day", "expected"),
    [
        (HYDROCODONE, "CT", date(2014, 10, 5), "III"),
        (HYDROCODONE, "CT", date(2014, 10, 6), "II"),
        (TRAMADOL, "CT", date(2014, 8, 17), None),
        (TRAMADOL, "CT", date(2014, 8, 18), "IV"),
        # L-13: medical marijuana is Schedule II in Connecticut; other states' law is not in the table.
        (CANNABIS, "CT", date(2026, 1, 2), "II"),
        (CANNABIS, "ct", date(2026, 1, 2), "II"),
        (CANNABIS, "NY", date(2026, 1, 2), None),
        ({"ingredients": "lorazepam", "schedule": "IV"}, "CT", date(2026, 1, 2), "IV"),
        ({"ingredients": "carisoprodol/codeine", "schedule": "III"}, "CT", date(2026, 1, 2), "III"),
        ({"ingredients": "gabapentin", "schedule": None}, "CT", date(2026, 1, 2), None),
    ],
)
def test_schedule(product: dict[str, object], state: str, day: date, expected: str | None) -> None:
    assert schedule(product, state, day) == expected
