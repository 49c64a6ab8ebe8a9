"""Who a pharmacy of the file is in the dispenser register, and whether the sender may report for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl


if TYPE_CHECKING:
    from validation.context import Context


# The register's column for each identifier of a PHA segment.
IDENTIFIERS = {"dea": "PHA03", "ncpdp": "PHA02", "npi": "PHA01"}


def cleaned(element: str) -> pl.Expr:
    """An identifier as the register writes it: upper case, no punctuation; null where it is all zeros."""
    plain = pl.col(element).str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
    return pl.when(~plain.str.contains(r"^0*$")).then(plain)


def issued(element: str, context: Context) -> pl.Expr:
    """Whether the department itself issued this identifier."""
    if not context.pseudo_identifiers:
        return pl.lit(value=False)
    return pl.col(element).is_in(sorted(context.pseudo_identifiers)).fill_null(value=False)


def identify(pharmacies: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """The PHA segments with who each is.

    Adds:
        dea, ncpdp, npi: the identifiers, cleaned; null where empty.
        identified: whether there is any.
        dispenser_id, dispenser_kind, licence_class: its entry in the register; null where it has none.
        key_id: the identifier by which its records are told apart: of its entry, whichever of them a file names;
            without one, as sent. DEA number before NCPDP id before NPI.
        conflict: whether its identifiers lead to different entries, or to an entry with another DEA number;
            then it has none.
        permitted: whether the sender may report for it; true where nobody asks.
        asked: whether anybody asks who it is: there is a register, or a sender with limits.
        dea_issued, npi_issued: whether the number needs no check digit, being pseudo or in the register.
    """
    known = ("dispenser_id", "dispenser_kind", "licence_class", "registered_dea", "registered_id", "by_dea", "by_npi")
    found = pharmacies.with_columns(cleaned(element).alias(name) for name, element in IDENTIFIERS.items())
    if context.dispensers.is_empty():
        found = found.with_columns(pl.lit(None, pl.String).alias(name) for name in known).with_columns(
            several=pl.lit(value=False)
        )
    else:
        found = _looked_up(found, context.dispensers.lazy())
    conflict = pl.col("several") | (pl.col("dea") != pl.col("registered_dea")).fill_null(value=False)
    permitted = pl.lit(value=True)
    if context.permitted is not None:
        permitted = pl.col("dispenser_id").is_in(sorted(context.permitted)).fill_null(value=False)
    return found.with_columns(
        *(pl.when(~conflict).then(pl.col(name)).alias(name) for name in known[:3]),
        key_id=pl.coalesce(pl.when(~conflict).then("registered_id"), *IDENTIFIERS),
        conflict=conflict,
        permitted=permitted,
        identified=pl.any_horizontal(pl.col(*IDENTIFIERS).is_not_null()),
        asked=pl.lit(context.permitted is not None or not context.dispensers.is_empty()),
        dea_issued=issued("dea", context) | pl.col("by_dea").is_not_null(),
        npi_issued=issued("npi", context) | pl.col("by_npi").is_not_null(),
    )


def _looked_up(pharmacies: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """The pharmacies with the entry that each identifier leads to, and whether there are several."""
    for name in IDENTIFIERS:
        # An identifier that two entries share tells neither.
        entries = register.filter(pl.col(name).is_not_null()).unique(name, keep="none")
        entries = entries.select(name, pl.col("dispenser_id").alias(f"by_{name}"))
        pharmacies = pharmacies.join(entries, name, "left", maintain_order="left")
    by = [f"by_{name}" for name in IDENTIFIERS]
    entry = register.select(
        "dispenser_id",
        "licence_class",
        dispenser_kind="kind",
        registered_dea="dea",
        registered_id=pl.coalesce(list(IDENTIFIERS)),
    )
    return pharmacies.with_columns(
        dispenser_id=pl.coalesce(by),
        several=(pl.min_horizontal(by) != pl.max_horizontal(by)).fill_null(value=False),
    ).join(entry.unique("dispenser_id", keep="first"), "dispenser_id", "left", maintain_order="left")


# What an identifier looks like; whatever else stands in its element may be anything, a patient's name too.
FORMS = {"dea": r"^[A-Z][A-Z9][0-9]{7}$", "ncpdp": r"^[0-9]{7}$", "npi": r"^[0-9]{10}$"}


def shown(pharmacies: pl.DataFrame) -> pl.DataFrame:
    """The pharmacies as a finding or report may name them, of `PHARMACY_SCHEMA`."""
    return pharmacies.select(
        "pha_position",
        *(pl.when(pl.col(name).str.contains(form)).then(name).alias(name) for name, form in FORMS.items()),
        "dispenser_id",
    )
