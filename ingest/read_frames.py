"""Segments with their places: the frames of `schemas.reading.Reading.segments`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.read_headers import NEW_LINE
from ingest.read_links import beside, rows_of
from ingest.read_zero_reports import zero_report_positions


if TYPE_CHECKING:
    from collections.abc import Mapping


_IN_DISPENSATION = ("DSP", "PRE", "CDI", "AIR")
_OUTSIDE_PHARMACY = ("TH", "IS", "TT")


def frames(
    places: Mapping[str, pl.DataFrame], elements: Mapping[str, pl.DataFrame], transactions: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Put what each segment holds beside where it stands.

    Args:
        places: per kind, ``position``, ``th``, ``pha``, ``pat``, ``dsp`` (`ingest.read_nesting.Nesting`).
        elements: per kind and in the same order, ``surplus`` and the elements.
        transactions: of `schemas.reading.TRANSACTION_SCHEMA`.
    """
    dispensations = places["DSP"]
    record = _records(dispensations["pat"], zero_report_positions(places["PAT"]["position"], elements["PAT"]))
    made = {}
    for kind, place in places.items():
        columns = [place["position"], transaction_numbers(place["th"], transactions)]
        pha = place["pha"] if kind not in _OUTSIDE_PHARMACY else _none(place.height)
        columns.append(pha.alias("pha_position"))
        if kind in _IN_DISPENSATION:
            columns.append(place["pat"].alias("pat_position"))
            columns.append(beside(record, rows_of(dispensations["position"], place["dsp"])))
        elif kind == "PAT":
            columns.append(_first_record(place["position"], dispensations["pat"], record))
        elif kind in {"TP", "TT"}:
            opened = place["pha" if kind == "TP" else "th"]
            columns.append((place["position"] - opened + 1).alias("segments_seen"))
        made[kind] = pl.DataFrame(columns).hstack(elements[kind].get_columns())
    return made | {"TH": _with_terminator(made["TH"], transactions)}


def transaction_numbers(th: pl.Series, transactions: pl.DataFrame) -> pl.Series:
    """The number of the transaction that begins at each of these positions."""
    number = transactions["transaction"]
    if number.len() == 1:
        return number.new_from_index(0, th.len())
    return beside(number, rows_of(transactions["position"], th))


def _records(patients: pl.Series, zero: pl.Series) -> pl.Series:
    """The number of each dispensation in the file, from 1; null for the DSP of a zero report."""
    counted = pl.Series("record", [True]).new_from_index(0, patients.len())
    if zero.len():
        counted = patients.is_in(zero.implode()).not_()
    number = counted.cum_sum().cast(pl.UInt32).alias("record")
    return number.set(counted.not_(), None) if zero.len() else number


def _first_record(positions: pl.Series, patients: pl.Series, record: pl.Series) -> pl.Series:
    """Of each PAT the record of its first DSP."""
    if positions.len() == patients.len() and (positions == patients).all():
        return record
    first = patients.ne_missing(patients.shift(1))
    return beside(record.filter(first), rows_of(patients.filter(first), positions)).alias("record")


def _with_terminator(headers: pl.DataFrame, transactions: pl.DataFrame) -> pl.DataFrame:
    """TH09 holds the character at which the segments were cut, and so was cut off itself."""
    declared = transactions["terminator"].set(transactions["terminator"] == NEW_LINE, None)
    return headers.with_columns(declared.alias("TH09"))


def _none(length: int) -> pl.Series:
    return pl.Series([None], dtype=pl.UInt32).new_from_index(0, length)
