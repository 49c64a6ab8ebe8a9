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

from ingest.read_lines import KIND, KINDS
from ingest.read_plans import run


if TYPE_CHECKING:
    from collections.abc import Mapping


_kind = pl.col("kind")
_POSITION = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32)
_LAST = {
    name.lower(): pl.when(_kind == name).then(_POSITION).otherwise(pl.lit(0, dtype=pl.UInt32)).cum_max()
    for name in ("TH", "TT", "PHA", "TP", "PAT", "DSP")
}
# A trailer closes what stands behind it; itself it still stands inside.
_LAST |= {name: _LAST[name].shift(1, fill_value=0) for name in ("tt", "tp")}
_PLACE = pl.col("position", "th", "pha", "pat", "dsp")

# Positions of the segments that govern a segment; 0 where there is none before it.
_TH, _TT, _PHA, _TP, _PAT, _DSP = (pl.col(name) for name in ("th", "tt", "pha", "tp", "pat", "dsp"))

_IN_TRANSACTION = _TH > _TT
_IN_PHARMACY = _IN_TRANSACTION & (_PHA > _TH) & (_PHA > _TP)
_IN_PATIENT = _IN_PHARMACY & (_PAT > _PHA)
_IN_DISPENSATION = _IN_PATIENT & (_DSP > _PAT)

# What stands where it may, by kind.
_MAY_STAND = {
    "TH": _TH > 0,
    "IS": _IN_TRANSACTION & (_PHA < _TH) & _TH.ne_missing(_TH.shift()),
    "PHA": _IN_TRANSACTION,
    "PAT": _IN_PHARMACY,
    "DSP": _IN_PATIENT,
    "PRE": _IN_DISPENSATION & _DSP.ne_missing(_DSP.shift()),
    "CDI": _IN_DISPENSATION,
    "AIR": _IN_DISPENSATION & _DSP.ne_missing(_DSP.shift()),
    "TP": _IN_PHARMACY,
    "TT": _IN_TRANSACTION,
}


@dataclass(frozen=True)
class Nesting:
    """Where every segment stands.

    Attributes:
        places: per kind, a row per segment that stands where it may: ``position``, and the positions ``th``,
            ``pha``, ``pat`` and ``dsp`` of itself and of what it stands in (u32); others are of what came before.
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
    every = kind.to_frame("kind").select("kind", position=_POSITION, **_LAST).lazy()
    plans = [every.filter(_kind == name).select(_PLACE, stands=_MAY_STAND[name]) for name in KINDS]
    unknown = every.filter(_kind.is_null()).select("position", "th", "kind")
    *places, misplaced = run([*plans, unknown])
    found = dict(zip(KINDS, places, strict=True))
    strays = [misplaced]
    for name, place in found.items():
        if not place["stands"].all():
            astray = place.filter(~pl.col("stands")).select("position", "th", kind=pl.lit(name, dtype=KIND))
            strays.append(astray)
            found[name] = place.filter("stands")
    ends = found["TH"].select(th="position").join(found["TT"].select("th", tt="position"), on="th", how="left")
    return Nesting(
        places={name: place.drop("stands") for name, place in found.items()},
        strays=pl.concat(strays).sort("position"),
        transactions=ends.sort("th"),
    )
