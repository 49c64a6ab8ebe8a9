"""Identifiers that pass every check and belong to nobody.

A sample must survive the receiver's checks, so each check digit is right; and it must never point at a
real person, so each number is one that is not issued:

* **NPI**: issued in order from the row of numbers that begins with 1, which is expected to last a century;
  the row that begins with 2 is not open. Ours begin with 299.
* **DEA number**: practitioners and pharmacies registered now begin with G, low numbers first; ours are G (a
  treatment program's R) and seven digits that begin with 99, the far end of the series.
* **NCPDP id**: ours begin with 0799, of Connecticut's prefix 07, beyond the pharmacies there are.
* **Telephone**: 555-0100 to 555-0199, set aside for fiction in every area code.

The reader of ASAP files checks these numbers with code of its own (schemas/identifiers.py); the two
share nothing, so that a mistake in one is not a mistake in both.
"""

from __future__ import annotations

from random import Random


def npi(serial: int) -> str:
    """The serial-th sample NPI (0 to 999,999): 299, six digits, and the Luhn digit.

    >>> npi(0), npi(123456)
    ('2990000004', '2991234560')
    """
    body = f"299{serial:06d}"
    # Luhn over 80840 + body: the constant prefix adds 24; every second digit from the right is doubled.
    total = 24 + sum(int(digit) for digit in body[1::2])
    for digit in body[0::2]:
        doubled = 2 * int(digit)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  a two-digit product counts its digits
    return body + str(-total % 10)


def dea(series: str, initial: str, serial: int) -> str:
    """The serial-th sample DEA number (0 to 9,999) of a series and an initial.

    >>> dea("G", "D", 17)
    'GD9900172'
    """
    body = f"99{serial:04d}"
    digits = [int(digit) for digit in body]
    check = (sum(digits[0::2]) + 2 * sum(digits[1::2])) % 10
    return f"{series}{initial.upper()}{body}{check}"


def ncpdp(serial: int) -> str:
    """The serial-th sample NCPDP id (0 to 999).

    >>> ncpdp(7)
    '0799007'
    """
    return f"0799{serial:03d}"


def phone(area_code: str, serial: int) -> str:
    """One of the hundred fictional numbers of an area code.

    >>> phone("860", 142)
    '8605550142'
    """
    return f"{area_code}55501{serial % 100:02d}"


def broken(number: str, random: Random) -> str:
    """The number with a wrong check digit."""
    return number[:-1] + str((int(number[-1]) + random.randint(1, 9)) % 10)
