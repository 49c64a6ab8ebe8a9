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
the file from 1, so "the nearest before" is a search in the parents' positions, and nothing loops over
segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from ingest.read_lines import KIND, KINDS


if TYPE_CHECKING:
    from collections.abc import Mapping


# Positions of the segments that govern a segment; 0 where there is none before it.
_TH, _TT, _PHA, _TP, _PAT, _DSP = (pl.col(name) for name in ("th", "tt", "pha", "tp", "pat", "dsp"))

_IN_TRANSACTION = _TH > _TT
_IN_PHARMACY = _IN_TRANSACTION & (_PHA > _TH) & (_PHA > _TP)
_IN_PATIENT = _IN_PHARMACY & (_PAT > _PHA)
_IN_DISPENSATION = _IN_PATIENT & (_DSP > _PAT)

# Per kind, the segments whose nearest decides, and where it may stand.
_TO_TRANSACTION = ("TH", "TT")
_TO_PHARMACY = (*_TO_TRANSACTION, "PHA", "TP")
_TO_PATIENT = (*_TO_PHARMACY, "PAT")
_TO_DISPENSATION = (*_TO_PATIENT, "DSP")
_FIRST = _DSP.ne_missing(_DSP.shift())
_MAY_STAND = {
    "TH": (("TH",), _TH > 0),
    "IS": ((*_TO_TRANSACTION, "PHA"), _IN_TRANSACTION & (_PHA < _TH) & _TH.ne_missing(_TH.shift())),
    "PHA": ((*_TO_TRANSACTION, "PHA"), _IN_TRANSACTION),
    "PAT": (_TO_PATIENT, _IN_PHARMACY),
    "DSP": (_TO_DISPENSATION, _IN_PATIENT),
    "PRE": (_TO_DISPENSATION, _IN_DISPENSATION & _FIRST),
    "CDI": (_TO_DISPENSATION, _IN_DISPENSATION),
    "AIR": (_TO_DISPENSATION, _IN_DISPENSATION & _FIRST),
    "TP": (_TO_PHARMACY, _IN_PHARMACY),
    "TT": (_TO_TRANSACTION, _IN_TRANSACTION),
}


@dataclass(frozen=True)
class Nesting:
    """Where every segment stands.

    Attributes:
        places: per kind, a row per segment that stands where it may: ``position``, and the positions ``th``,
            ``pha``, ``pat`` and ``dsp`` of itself and of what it stands in, as far as they apply (u32).
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
    position = pl.int_range(1, kind.len() + 1, dtype=pl.UInt32, eager=True)
    of = {name: position.filter(kind == name) for name in KINDS}
    unknown = position.filter(kind.is_null())
    places: dict[str, pl.DataFrame] = {}
    strays = [_strays(unknown, of["TH"], None)]
    for name in KINDS:
        deciding, condition = _MAY_STAND[name]
        place = pl.DataFrame([of[name].alias("position"), *(_last(other, of, of[name]) for other in deciding)])
        stands = place.select(condition.alias("stands"))["stands"]
        if not stands.all():
            strays.append(_strays(place["position"].filter(~stands), of["TH"], name))
            place = place.filter(stands)
        places[name] = place.drop("tt", "tp", strict=False)
    ends = places["TH"].select(th="position").join(places["TT"].select("th", tt="position"), on="th", how="left")
    return Nesting(places, strays=pl.concat(strays).sort("position"), transactions=ends.sort("th"))


def _last(name: str, of: Mapping[str, pl.Series], positions: pl.Series) -> pl.Series:
    """For each position that of the last segment of this kind before it; 0 where there is none.

    A segment stands before itself, so that it opens what it opens, unless it closes: a trailer still stands in
    what it closes.
    """
    before, closes = of[name], name in {"TT", "TP"}
    if before.len() == positions.len():
        # One parent before each, as in most files: no need to search.
        earlier = positions.shift(1)
        apart = (before < positions) & (earlier <= before) if closes else (before <= positions) & (earlier < before)
        if apart.all():
            return before.alias(name.lower())
    row = before.search_sorted(positions, side="left" if closes else "right")
    return pl.concat([pl.Series([0], dtype=pl.UInt32), before]).gather(row).alias(name.lower())


def _strays(positions: pl.Series, headers: pl.Series, name: str | None) -> pl.DataFrame:
    place = pl.DataFrame([positions.alias("position"), _last("TH", {"TH": headers}, positions)])
    return place.with_columns(kind=pl.lit(name, dtype=KIND))
