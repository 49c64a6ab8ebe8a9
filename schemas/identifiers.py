"""DEA, NPI and NDC: check digits and canonical form.

Each rule stands twice: as a plain function that a person can read and try, and as a polars
expression for millions of rows. A property test holds the two together.

A right check digit proves only that a number was not mistyped; it does not prove that the number
was ever issued, or to whom.
"""

from __future__ import annotations

import re
from typing import TypeVar

import polars as pl


Digit = TypeVar("Digit", int, pl.Expr)

# DEA: a letter for the kind of registrant, a letter of the name (9 for a business), seven digits.
# Neither letter is held against a list: new kinds are issued and names change.
_DEA = "[A-Za-z][A-Za-z9][0-9]{7}"
_NPI = "[12][0-9]{9}"

# The ways to hyphenate an NDC, and after how many digits the canonical 5-4-2 wants a zero more.
_NDC_FORMS = (
    ("[0-9]{4}-[0-9]{4}-[0-9]{2}", 0),
    ("[0-9]{5}-[0-9]{3}-[0-9]{2}", 5),
    ("[0-9]{5}-[0-9]{4}-[0-9]", 9),
)
_NDC_WHOLE = "[0-9]{11}|[0-9]{5}-[0-9]{4}-[0-9]{2}"

# An NPI's check digit is computed as if the card-issuer prefix 80840 stood before it; that prefix
# always adds 24 to the Luhn sum.
_NPI_PREFIX_SUM = 24
_LAST_SINGLE_DIGIT_DOUBLE = 4  # twice 4 is 8; twice 5 has two digits, and Luhn takes 9 off


def is_dea_number(text: str) -> bool:
    """Whether this is a DEA number with a right check digit, in either case, without a suffix.

    >>> is_dea_number("AP5836727"), is_dea_number("F91234563"), is_dea_number("AB1234563")
    (True, True, True)
    >>> is_dea_number("AB4523763")
    False
    """
    if not re.fullmatch(_DEA, text):
        return False
    digits = [int(digit) for digit in text[2:]]
    return _dea_check_digit(digits) == digits[-1]


def is_npi_number(text: str) -> bool:
    """Whether this is an NPI with a right check digit.

    >>> [is_npi_number(npi) for npi in ("1234567893", "1993999998", "1558598797")]
    [True, True, True]
    >>> is_npi_number("1234567890")
    False
    """
    if not re.fullmatch(_NPI, text):
        return False
    return _luhn_remainder([int(digit) for digit in text]) == 0


def canonical_ndc_number(text: str) -> str | None:
    """The 11 digits 5-4-2 without hyphens; None for what is no NDC or could be several.

    Ten digits without hyphens may be 4-4-2, 5-3-2 or 5-4-1, which are three different products.

    >>> canonical_ndc_number("0574-4072-05"), canonical_ndc_number("51655-089-52")
    ('00574407205', '51655008952')
    >>> canonical_ndc_number("58118-1397-3"), canonical_ndc_number("65162-0627-50")
    ('58118139703', '65162062750')
    >>> canonical_ndc_number("65162062750")
    '65162062750'
    >>> canonical_ndc_number("5165508952") is None
    True
    """
    digits = text.replace("-", "")
    if re.fullmatch(_NDC_WHOLE, text):
        return digits
    for form, place in _NDC_FORMS:
        if re.fullmatch(form, text):
            return f"{digits[:place]}0{digits[place:]}"
    return None


def is_dea(expr: pl.Expr) -> pl.Expr:
    """`is_dea_number` of each value; null where the value is null."""
    digits = _digits(expr.str.tail(7).cast(pl.Int32, strict=False), 7)
    checks = _dea_check_digit(digits).eq(digits[-1])
    shaped = expr.str.contains(f"^{_DEA}$")
    return pl.when(shaped).then(checks).otherwise(shaped)


def is_npi(expr: pl.Expr) -> pl.Expr:
    """`is_npi_number` of each value; null where the value is null."""
    checks = _luhn_remainder(_digits(expr.cast(pl.Int64, strict=False), 10)).eq(0)
    shaped = expr.str.contains(f"^{_NPI}$")
    return pl.when(shaped).then(checks).otherwise(shaped)


def canonical_ndc(expr: pl.Expr) -> pl.Expr:
    """`canonical_ndc_number` of each value; null where it gives None."""
    digits = expr.str.replace_all("-", "", literal=True)
    padded = [
        pl.when(expr.str.contains(f"^{form}$")).then(
            pl.concat_str(digits.str.head(place), pl.lit("0"), digits.str.slice(place))
        )
        for form, place in _NDC_FORMS
    ]
    return pl.coalesce(pl.when(expr.str.contains(f"^(?:{_NDC_WHOLE})$")).then(digits), *padded)


def _dea_check_digit(digits: list[Digit]) -> Digit:
    d1, d2, d3, d4, d5, d6, _ = digits
    return (d1 + d3 + d5 + (d2 + d4 + d6) * 2) % 10


def _luhn_remainder(digits: list[Digit]) -> Digit:
    d1, d2, d3, d4, d5, d6, d7, d8, d9, d10 = digits
    single = d2 + d4 + d6 + d8 + d10
    return (_double(d1) + _double(d3) + _double(d5) + _double(d7) + _double(d9) + single + _NPI_PREFIX_SUM) % 10


def _double(digit: Digit) -> Digit:
    return digit * 2 - (digit > _LAST_SINGLE_DIGIT_DOUBLE) * 9


def _digits(number: pl.Expr, count: int) -> list[pl.Expr]:
    return [number // 10**power % 10 for power in range(count - 1, -1, -1)]
