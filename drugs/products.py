"""The shipped drug table, by edition."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import polars as pl

from drugs.table import DRUG_SCHEMA


DATA = Path(__file__).parent / "data"

EDITIONS: dict[str, str] = tomllib.loads((DATA / "edition.toml").read_text(encoding="utf-8"))

# Stamped on every ruling and report that used the table.
EDITION = f"{EDITIONS['products']}; {EDITIONS['mme_factors']}"


@cache
def load() -> pl.DataFrame:
    """The drug table: a row per canonical NDC, of `DRUG_SCHEMA`, sorted by ndc; read once per process."""
    return pl.read_csv(DATA / "products.csv", schema=DRUG_SCHEMA)
