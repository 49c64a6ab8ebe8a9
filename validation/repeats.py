"""The same dispensation twice in one file: which records repeat an earlier one, and whether they agree."""

from __future__ import annotations

import polars as pl


# What two records of one key must share to be the same dispensation (asap.md 5: quantity and product as a
# check); another patient under the same prescription number is nobody's duplicate. A product with and without
# hyphens and a name in capitals and not are the same.
CHECKED = {
    "product": pl.coalesce("ndc", "product_id"),
    "quantity": pl.col("quantity"),
    "last_name": pl.col("last_name").str.to_uppercase(),
    "first_name": pl.col("first_name").str.to_uppercase(),
    "date_of_birth": pl.col("date_of_birth"),
}


def repeats(rows: pl.DataFrame, keys: pl.Series, stored: pl.Series) -> pl.DataFrame:
    """Which records repeat one that stands before them.

    Args:
        rows: the dispensations, of `ROW_SCHEMA`.
        keys: their record keys.
        stored: whether each is to be stored; others neither repeat nor are repeated.

    Returns:
        ``repeats``, and ``agrees`` (null where nothing is repeated), in the order of the rows.
    """
    if keys.n_unique() == len(keys):
        return pl.DataFrame(
            {
                "repeats": pl.repeat(value=False, n=rows.height, eager=True),
                "agrees": pl.repeat(None, rows.height, dtype=pl.Boolean, eager=True),
            }
        )
    candidates = pl.DataFrame({"key": keys, "stored": stored}).with_row_index("row")
    several = candidates.filter("stored").filter(pl.col("key").is_duplicated())
    checked = rows[several["row"]].select(**CHECKED)
    later = several.hstack(checked).select(
        "row",
        repeats=pl.col("row") != pl.col("row").first().over("key"),
        agrees=pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).first().over("key")) for name in CHECKED),
    )
    return (
        candidates.select("row")
        .join(later.filter("repeats"), "row", "left", maintain_order="left")
        .select(pl.col("repeats").fill_null(value=False), "agrees")
    )
