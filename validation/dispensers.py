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


def identify(pharmacies: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The PHA segments with who each is.

    Adds:
        dea, ncpdp, npi: the identifiers, cleaned; null where empty.
        identified: whether there is any.
        dispenser_id, dispenser_kind, licence_class: its entry in the register; null where it has none.
        conflict: whether its identifiers lead to different entries, or to an entry with another DEA number;
            then it has none.
        permitted: whether the sender may report for it; true where nobody asks.
        asked: whether anybody asks who it is: there is a register, or a sender with limits.
        dea_issued, npi_issued: whether the number needs no check digit, being pseudo or in the register.
    """
    register = context.dispensers
    found = _with_identifiers(pharmacies)
    for name in IDENTIFIERS:
        # An identifier that two entries share tells neither.
        entries = register.filter(pl.col(name).is_not_null()).unique(name, keep="none")
        found = found.join(
            entries.select(name, pl.col("dispenser_id").alias(f"by_{name}")), name, "left", maintain_order="left"
        )
    by = [f"by_{name}" for name in IDENTIFIERS]
    entry = register.select("dispenser_id", "licence_class", dispenser_kind="kind", registered_dea="dea").unique(
        "dispenser_id", keep="first"
    )
    found = found.with_columns(dispenser_id=pl.coalesce(by)).join(entry, "dispenser_id", "left", maintain_order="left")
    several = pl.min_horizontal(by) != pl.max_horizontal(by)
    other_dea = pl.col("dea") != pl.col("registered_dea")
    found = found.with_columns(
        conflict=several.fill_null(value=False) | other_dea.fill_null(value=False),
        identified=pl.any_horizontal(pl.col(*IDENTIFIERS).is_not_null()),
        asked=pl.lit(context.permitted is not None or not register.is_empty()),
        dea_issued=issued("dea", context) | pl.col("by_dea").is_not_null(),
        npi_issued=issued("npi", context) | pl.col("by_npi").is_not_null(),
    )
    own = ("dispenser_id", "dispenser_kind", "licence_class")
    found = found.with_columns(pl.when(~pl.col("conflict")).then(pl.col(name)).alias(name) for name in own)
    permitted = pl.lit(value=True)
    if context.permitted is not None:
        permitted = pl.col("dispenser_id").is_in(sorted(context.permitted)).fill_null(value=False)
    return found.with_columns(permitted=permitted).drop(*by, "registered_dea")


def _with_identifiers(pharmacies: pl.DataFrame) -> pl.DataFrame:
    return pharmacies.with_columns(
        (cleaned(element) if element in pharmacies.columns else pl.lit(None, pl.String)).alias(name)
        for name, element in IDENTIFIERS.items()
    )


# What an identifier looks like; whatever else stands in its element may be anything, a patient's name too.
FORMS = {"dea": r"^[A-Z][A-Z9][0-9]{7}$", "ncpdp": r"^[0-9]{7}$", "npi": r"^[0-9]{10}$"}


def shown(pharmacies: pl.DataFrame) -> pl.DataFrame:
    """The pharmacies as a finding or report may name them, of `PHARMACY_SCHEMA`."""
    return pharmacies.select(
        "pha_position",
        *(pl.when(pl.col(name).str.contains(form)).then(name).alias(name) for name, form in FORMS.items()),
        "dispenser_id",
    )
