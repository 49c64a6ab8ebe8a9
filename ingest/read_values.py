"""Elements into values: strict about what a date, a number or a quantity is, null for everything else.

Each takes a String expression without blanks around it. A value that does not read as its type is null
here; what was sent stays in the segments, and the judge says what is wrong with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas.identifiers import canonical_ndc


if TYPE_CHECKING:
    from collections.abc import Callable


_DATE_LENGTH = 8
_FIRST_OF_EIGHT_DIGITS = 10**7
_NDC_LENGTH = 11


def date(sent: pl.Expr) -> pl.Expr:
    """A day of the calendar written CCYYMMDD."""
    # Eight characters that make a number of eight digits are digits all.
    digits = (sent.str.len_bytes() == _DATE_LENGTH) & (sent.cast(pl.Int32, strict=False) >= _FIRST_OF_EIGHT_DIGITS)
    return pl.when(digits).then(sent).str.to_date("%Y%m%d", strict=False, exact=True, cache=False)


def integer(sent: pl.Expr) -> pl.Expr:
    """A whole number of digits alone."""
    return pl.when(_unsigned(sent)).then(sent).cast(pl.Int32, strict=False)


def decimal(sent: pl.Expr) -> pl.Expr:
    """A number of digits with at most one point."""
    number = pl.when(sent.str.contains(r"^[0-9]*\.?[0-9]*$")).then(sent).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)  # hundreds of digits make infinity


def ndc(qualifier: pl.Expr, sent: pl.Expr) -> pl.Expr:
    """The canonical NDC of a product whose qualifier says that it is one."""
    return pl.when(qualifier == "01").then(sent.pipe(_canonical))


def _canonical(sent: pl.Expr) -> pl.Expr:
    eleven = (sent.str.len_bytes() == _NDC_LENGTH) & _unsigned(sent) & sent.cast(pl.Int64, strict=False).is_not_null()
    return pl.when(eleven).then(sent).otherwise(canonical_ndc(pl.when(~eleven).then(sent)))


def _unsigned(sent: pl.Expr) -> pl.Expr:
    """Whether what reads as a number has no sign: both signs sort before the digits."""
    return sent >= "0"


# How a column's type is read from its element; String columns are taken as sent.
READ: dict[pl.DataType | type[pl.DataType], Callable[[pl.Expr], pl.Expr]] = {
    pl.Date: date,
    pl.Int32: integer,
    pl.Float64: decimal,
}
