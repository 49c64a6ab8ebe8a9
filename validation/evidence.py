"""The frames that rules are asked on: the reading, beside what the judge knows.

A rule sees one frame. Each frame is the reader's own, with the columns that rules need to decide:

    TH IS TT PAT AIR   the raw segments, as read
    PHA                + who it is in the register, and whether its part of the file is whole
    TP                 + whether the counts agree
    DSP, ROW           the raw DSP segments beside the typed rows, the drug and the dispenser: one frame
    PRE, CDI           + the drug
    TRANSACTION        a row per TH…TT, with TT01, TT02 and what stands inside
    STRAY, ZERO        misplaced segments; zero reports

All have ``transaction``, ``position``, ``pha_position``, ``pat_position`` and ``record`` (null where there is
none), which lead from a finding to the records it is about. Zero reports are left out of the segments below
PHA: they are dispensations of nobody, and their emptiness is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from schemas.identifiers import canonical_ndc, is_dea, is_npi
from validation.dispensers import identify, issued


if TYPE_CHECKING:
    from polars.lazyframe.group_by import LazyGroupBy

    from schemas.reading import Reading
    from validation.context import Context


# What every frame has, in this order.
PLACE = pl.Schema(
    {
        "transaction": pl.UInt16,
        "position": pl.UInt32,
        "pha_position": pl.UInt32,
        "pat_position": pl.UInt32,
        "record": pl.UInt32,
    }
)

DRUG_COLUMNS = ("drug_known", "drug_schedule", "drug_class", "drug_agonist")
DISPENSER_COLUMNS = ("dispenser_id", "dispenser_kind", "licence_class", "key_id")


def gather(reading: Reading, context: Context) -> dict[str, pl.DataFrame]:
    """The frames by name; a frame that the file gives no rows for may be missing."""
    there = {name: frame for name, frame in _without_zero_reports(reading).items() if not frame.is_empty()}
    segments = _with_checked(there)
    came = pl.lit(context.received_on).alias("received_on")
    counts = _counts(reading)
    pharmacies = _pharmacies(reading, segments.get("PHA"), counts, context)
    records = _records(reading.rows, segments.get("DSP"), pharmacies, context)
    frames: dict[str, pl.DataFrame] = {"TRANSACTION": counts, "PHA": pharmacies, "ROW": records}
    frames |= {name: frame for name, frame in segments.items() if name in {"IS", "AIR", "TT"}}
    if "TH" in segments:
        frames["TH"] = segments["TH"].with_columns(came)
    if "PAT" in segments:
        frames["PAT"] = segments["PAT"].with_columns(came, pat_position="position")
    if "TP" in segments:
        frames["TP"] = _agreeing(segments["TP"], counts)
    if "PRE" in segments:
        frames["PRE"] = _beside(segments["PRE"], records, DRUG_COLUMNS)
    if "CDI" in segments:
        product = pl.when(pl.col("CDI02") == "01").then(canonical_ndc(pl.col("CDI03")))
        ingredients = segments["CDI"].with_columns(ndc=product, issued=issued("CDI03", context))
        frames["CDI"] = ingredients.hstack(_drugs_of(ingredients["ndc"], context.drugs))
    if not reading.strays.is_empty():
        frames["STRAY"] = _strays(reading)
    if not reading.zero_reports.is_empty():
        frames["ZERO"] = reading.zero_reports.with_columns(came, pat_position="position")
    return {name: _placed(frame) for name, frame in frames.items()}


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in PLACE.items() if name not in frame.columns]
    return frame.with_columns(missing) if missing else frame


def _without_zero_reports(reading: Reading) -> Mapping[str, pl.DataFrame]:
    zero = reading.zero_reports["position"]
    if zero.is_empty():
        return reading.segments
    below = {"PAT": "position", **dict.fromkeys(("DSP", "PRE", "CDI", "AIR"), "pat_position")}
    return {
        name: frame.filter(~pl.col(below[name]).is_in(zero.implode())) if name in below else frame
        for name, frame in reading.segments.items()
    }


# CHECK DIGITS ----------------------------------------------------------------------------------
# The numbers that a rule holds against their check digit.
CHECKED = {"npi": ("PHA01", "PRE01", "DSP14"), "dea": ("PHA03", "PRE02")}


def _with_checked(segments: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The segments with ``<element>_right`` for each checked number; null where there is none.

    Few people stand in many rows, so each distinct number of the file is tried once.
    """
    checked = dict(segments)
    for kind, check in (("npi", is_npi), ("dea", is_dea)):
        elements = [element for element in CHECKED[kind] if element[:-2] in segments]
        if not elements:
            continue
        numbers = pl.concat([segments[element[:-2]][element].rename("number") for element in elements])
        distinct = numbers.unique().drop_nulls()
        wrong = distinct.filter(~distinct.to_frame().select(check(pl.col("number"))).to_series())
        for element in elements:
            right = ~pl.col(element).is_in(wrong.implode())
            checked[element[:-2]] = checked[element[:-2]].with_columns(right.alias(f"{element}_right"))
    return checked


# COUNTS ----------------------------------------------------------------------------------------
_NO_SEGMENTS = pl.DataFrame(
    schema=PLACE
    | dict.fromkeys(("TP01", "TT01", "TT02", "PHA01", "PHA02", "PHA03"), pl.String)
    | {"segments_seen": pl.UInt32}
)


def _right(stated: str) -> pl.Expr:
    """Whether a stated count is the true one; null where none is stated."""
    return pl.col(stated).str.strip_chars_start("0") == pl.col("segments_seen").cast(pl.String)


def _counts(reading: Reading) -> pl.DataFrame:
    """The transactions, with what their trailers state and how much of it stands inside."""

    def each(name: str) -> LazyGroupBy:
        return reading.segments.get(name, _NO_SEGMENTS).lazy().group_by("transaction")

    stated = each("TT").agg(pl.col("TT01", "TT02").first(), tt_agrees=_right("TT02").first())
    test = (pl.col("file_type") == "T").fill_null(value=False)
    return (
        reading.transactions.lazy()
        .with_columns(test_in_part=test.any() & ~test.all())
        .join(each("IS").agg(is_segments=pl.len()), "transaction", "left")
        .join(each("PHA").agg(pha_segments=pl.len()), "transaction", "left")
        .join(each("TP").agg(tp_right=_right("TP01").sum()), "transaction", "left")
        .join(stated, "transaction", "left")
        .with_columns(pl.col("is_segments", "pha_segments", "tp_right").fill_null(0))
        .with_columns(loops_agree=pl.col("tp_right") >= pl.col("pha_segments"))
        .collect()
    )


def _agreeing(trailers: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The TP segments with whether each, and its transaction's TT, counts right."""
    return (
        trailers.lazy()
        .with_columns(tp_agrees=_right("TP01"))
        .join(counts.lazy().select("transaction", "tt_agrees"), "transaction", "left", maintain_order="left")
        .collect()
    )


def _pharmacies(reading: Reading, loops: pl.DataFrame | None, counts: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The PHA segments: who each is, and whether its part of the file is whole."""
    patients = reading.segments.get("PAT", _NO_SEGMENTS).lazy().group_by("pha_position")
    trailers = reading.segments.get("TP", _NO_SEGMENTS).lazy().group_by("pha_position")
    loops = _NO_SEGMENTS if loops is None else loops
    return (
        identify(loops.lazy().with_columns(pha_position="position"), context)
        .join(patients.agg(pat_segments=pl.len()), "pha_position", "left", maintain_order="left")
        .join(
            trailers.agg(tp_segments=pl.len(), tp_agrees=_right("TP01").any()),
            "pha_position",
            "left",
            maintain_order="left",
        )
        .join(counts.lazy().select("transaction", "tt_agrees"), "transaction", "left", maintain_order="left")
        .with_columns(pl.col("pat_segments", "tp_segments").fill_null(0))
        .collect()
    )


# RECORDS ---------------------------------------------------------------------------------------
def _records(
    rows: pl.DataFrame, segments: pl.DataFrame | None, pharmacies: pl.DataFrame, context: Context
) -> pl.DataFrame:
    """The typed rows, beside their raw DSP segments, the drug, the dispenser and the day the file came."""
    who = rows.select("pha_position").join(
        pharmacies.select("pha_position", *DISPENSER_COLUMNS), "pha_position", "left", maintain_order="left"
    )
    records = (
        rows.hstack(_drugs_of(rows["ndc"], context.drugs))
        .hstack(who.drop("pha_position"))
        .with_columns(received_on=pl.lit(context.received_on), issued=issued("product_id", context))
    )
    if segments is None:
        return records
    return _beside(records, segments, [name for name in segments.columns if name not in records.columns])


def _drugs_of(ndc: pl.Series, drugs: pl.DataFrame) -> pl.DataFrame:
    """What the drug table says of each NDC, in their order: `DRUG_COLUMNS`.

    A code that the table lacks is unknown (``drug_known`` false); without a code, or without a table, it is
    null: neither known nor unknown.
    """
    known = drugs.select(
        "ndc",
        drug_known=pl.lit(value=True),
        drug_schedule="schedule",
        drug_class="drug_class",
        drug_agonist="agonist",
    )
    found = ndc.to_frame("ndc").join(known, "ndc", "left", maintain_order="left")
    if not drugs.is_empty():
        unknown = pl.when(pl.col("ndc").is_not_null()).then(pl.col("drug_known").fill_null(value=False))
        found = found.with_columns(drug_known=unknown)
    return found.select(DRUG_COLUMNS)


def _beside(frame: pl.DataFrame, other: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The other frame's columns beside the rows of the same record."""
    if frame["record"].equals(other["record"]) and frame["record"].null_count() == 0:
        return frame.hstack(other.select(columns))
    beside = other.filter(pl.col("record").is_not_null()).unique("record", keep="first").select("record", *columns)
    return frame.join(beside, "record", "left", maintain_order="left")


def _strays(reading: Reading) -> pl.DataFrame:
    """The misplaced segments; what belongs to a record is led to the one it stands behind.

    A second PRE behind a record makes that record doubtful. If a TP, or another PAT, PHA or DSP stands between,
    misplaced or not, it belongs to no record.
    """
    strays = reading.strays.sort("position")
    behind = reading.rows.select("record", "pat_position", "pha_position", last="position").sort("last")
    heads = pl.concat(
        [
            strays.filter(pl.col("segment").is_in(["PHA", "PAT", "DSP"])).select("position"),
            *(reading.segments[name].select("position") for name in ("PAT", "PHA", "TP") if name in reading.segments),
        ]
    ).sort("position")
    joined = strays.join_asof(behind, left_on="position", right_on="last").join_asof(
        heads.rename({"position": "head"}), left_on="position", right_on="head"
    )
    own = pl.col("segment").is_in(["PRE", "CDI", "AIR"]) & (pl.col("head") <= pl.col("last"))
    return joined.with_columns(
        pl.when(own).then(pl.col(name)).alias(name) for name in ("record", "pat_position", "pha_position")
    ).drop("last", "head")
