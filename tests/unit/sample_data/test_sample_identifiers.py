"""Every number passes its check, by a check of the test's own, and none can belong to anybody."""

from __future__ import annotations

from random import Random

import pytest

from sample_data import identifiers


def luhn(npi: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed("80840" + npi))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def dea_sum(number: str) -> int:
    d = [int(digit) for digit in number[2:]]
    return d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])


@pytest.mark.parametrize(
    ("npi", "valid"), [("1234567893", True), ("1993999998", True), ("1558598797", True), ("1234567890", False)]
)
def test_the_tests_luhn_agrees_with_clinical_md(npi: str, *, valid: bool) -> None:
    assert luhn(npi) is valid


@pytest.mark.parametrize(
    ("number", "total"), [("AP5836727", 47), ("F91234563", 33), ("AB1234563", 33), ("AB4523763", 41)]
)
def test_the_tests_dea_sum_agrees_with_clinical_md(number: str, total: int) -> None:
    assert dea_sum(number) == total


@pytest.mark.parametrize("serial", [0, 1, 9, 10, 4711, 999_999])
def test_npis_pass_luhn_and_are_of_the_row_not_opened(serial: int) -> None:
    npi = identifiers.npi(serial)
    assert luhn(npi)
    assert npi.startswith("299")
    assert len(npi) == 10


@pytest.mark.parametrize("serial", [0, 1, 9, 17, 4711, 9999])
def test_dea_numbers_pass_their_check_at_the_far_end_of_a_series(serial: int) -> None:
    number = identifiers.dea("G", "d", serial)
    assert number[:4] == "GD99"
    assert str(dea_sum(number))[-1] == number[-1]


def test_broken_numbers_fail_their_check() -> None:
    random = Random(1)  # noqa: S311  repeatable on purpose
    for serial in range(50):
        number = identifiers.broken(identifiers.dea("G", "X", serial), random)
        assert str(dea_sum(number))[-1] != number[-1]


def test_telephones_are_fictional() -> None:
    assert {identifiers.phone("203", serial)[3:8] for serial in range(300)} == {"55501"}
