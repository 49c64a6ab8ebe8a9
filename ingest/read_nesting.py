"""Which segment stands in which: parents by position, and the segments that stand where none may.

::

    TH                      opens a transaction
      IS                    once, before the first PHA
      PHA                   opens a pharmacy
        PAT                 opens a patient
          DSP               opens a dispensation
            PRE, AIR        once each
            CDI             any number
      TP                    closes the pharmacy
    TT                      closes the transaction

A segment belongs to the nearest parent before it that is still open. Positions count the segments of
the file from 1, so "the nearest before" is a running maximum, and nothing loops over segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from ingest.read_lines import KINDS


if TYPE_CHECKING:
    from collections.abc import Mapping


# Positions of the segments that govern a segment; 0 where there is none before it.
_TH, _TT, _PHA, _TP, _PAT, _DSP = (pl.col(name) for name in ("th", "tt", "pha", "tp", "pat", "dsp"))

_IN_TRANSACTION = _TH > _TT
_IN_PHARMACY = _IN_TRANSACTION & (_PHA > _TH) & (_PHA > _TP)
_IN_PATIENT = _IN_PHARMACY & (_PAT > _PHA)
_IN_DISPENSATION = _IN_PATIENT & (_DSP > _PAT)

_MAY_STAND = {
    "TH": pl.lit(value=True),
    "IS": _IN_TRANSACTION & (_PHA < _TH) & _TH.is_first_distinct(),
    "PHA": _IN_TRANSACTION,
    "PAT": _IN_PHARMACY,
    "DSP": _IN_PATIENT,
    "PRE": _IN_DISPENSATION & _DSP.is_first_distinct(),
    "CDI": _IN_DISPENSATION,
    "AIR": _IN_DISPENSATION & _DSP.is_first_distinct(),
    "TP": _IN_PHARMACY,
    "TT": _IN_TRANSACTION,
}


@dataclass(frozen=True)
class Nesting:
    """Where every segment stands.

    Attributes:
        places: per kind, a row per segment that stands where it may: ``position``, and the positions ``th``,
            ``pha``, ``pat`` and ``dsp`` of what it stands in (u32; 0 where there is none).
        strays: ``position``, ``th`` and ``kind`` of every other segment.
        transactions: ``th`` and ``tt``, the positions of both ends of each; ``tt`` null where it is cut off.
    """

    places: Mapping[str, pl.DataFrame]
    strays: pl.DataFrame
    transactions: pl.DataFrame


def nest(kind: pl.Series) -> Nesting:
    """Find what every segment stands in.

    Args:
        kind: what each segment of the file is, of `read_lines.KIND`, in file order.
    """
    of = pl.col("kind")
    position = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32)
    last = {
        name: pl.when(of == name.upper()).then(position).otherwise(pl.lit(0, dtype=pl.UInt32)).cum_max()
        for name in ("th", "tt", "pha", "tp", "pat", "dsp")
    }
    # A trailer closes what stands behind it, so itself it still stands inside.
    for name in ("tt", "tp"):
        last[name] = last[name].shift(1, fill_value=0)
    every = kind.to_frame("kind").select("kind", position=position, **last)
    places: dict[str, pl.DataFrame] = {}
    strays = [every.filter(of.is_null())]
    for name in KINDS:
        found = every.filter(of == name)
        stands = found.select(_MAY_STAND[name]).to_series() if name != "TH" else pl.Series([True])
        if not stands.all():
            strays.append(found.filter(~stands))
            found = found.filter(stands)
        places[name] = found.select("position", "th", "pha", "pat", "dsp")
    ends = places["TH"].select(th="position").join(places["TT"].select("th", tt="position"), on="th", how="left")
    return Nesting(
        places=places,
        strays=pl.concat(strays).select("position", "th", "kind").sort("position"),
        transactions=ends.sort("th"),
    )
