"""Run plans side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl


if TYPE_CHECKING:
    from collections.abc import Iterable


# The plans here are straight lines; in a small file, looking for a better order costs more than the work.
_AS_WRITTEN = pl.QueryOptFlags.none()


def run(plans: Iterable[pl.LazyFrame]) -> list[pl.DataFrame]:
    """The frame of each plan, in their order; the processor's cores share the work."""
    return pl.collect_all(plans, optimizations=_AS_WRITTEN)
