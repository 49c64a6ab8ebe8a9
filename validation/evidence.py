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

from schemas.identifiers import canonical_ndc
from validation.dispensers import identify, issued


if TYPE_CHECKING:
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
DISPENSER_COLUMNS = ("dispenser_id", "dispenser_kind", "licence_class")


def gather(reading: Reading, context: Context) -> dict[str, pl.DataFrame]:
    """The frames by name; a frame that the file gives no rows for may be missing."""
    segments = _without_zero_reports(reading)
    came = pl.lit(context.received_on).alias("received_on")
    counts = _counts(reading)
    pharmacies = _pharmacies(reading, counts, context)
    records = _records(reading.rows, segments.get("DSP"), pharmacies, context)
    frames = {name: segments[name] for name in ("IS", "AIR", "TT") if name in segments}
    frames |= {name: segments[name].with_columns(came) for name in ("TH", "PAT") if name in segments}
    frames |= {"TRANSACTION": counts, "PHA": pharmacies, "ROW": records}
    if "TP" in segments:
        frames["TP"] = _agreeing(segments["TP"], counts)
    if "PRE" in segments:
        frames["PRE"] = _beside(segments["PRE"], records, DRUG_COLUMNS)
    if "CDI" in segments:
        product = pl.when(pl.col("CDI02") == "01").then(canonical_ndc(pl.col("CDI03")))
        frames["CDI"] = _with_drug(
            segments["CDI"].with_columns(ndc=product, issued=issued("CDI03", context)), context.drugs
        )
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
        segments = dict(reading.segments)
    else:
        segments = {
            name: frame.filter(~pl.col("pat_position" if name != "PAT" else "position").is_in(zero.implode()))
            if name in {"PAT", "DSP", "PRE", "CDI", "AIR"}
            else frame
            for name, frame in reading.segments.items()
        }
    if "PAT" in segments:
        segments["PAT"] = segments["PAT"].with_columns(pat_position="position")
    return segments


# COUNTS ----------------------------------------------------------------------------------------
def _right(stated: str) -> pl.Expr:
    """Whether a stated count is the true one; null where none is stated."""
    return pl.col(stated).str.strip_chars_start("0") == pl.col("segments_seen").cast(pl.String)


def _counts(reading: Reading) -> pl.DataFrame:
    """The transactions, with what their trailers state and how much of what they hold."""
    held = {"IS": pl.len().alias("is_segments"), "PHA": pl.len().alias("pha_segments")}
    held["TP"] = _right("TP01").sum().alias("tp_right") if "TP" in reading.segments else pl.len().alias("tp_right")
    counts = reading.transactions
    for name, counted in held.items():
        segments = reading.segments.get(name, _NO_SEGMENTS)
        counts = counts.join(segments.group_by("transaction").agg(counted), "transaction", "left")
    trailers = reading.segments.get("TT", _NO_SEGMENTS)
    if trailers.is_empty():
        stated = trailers.select("transaction", TT01=_NOTHING, TT02=_NOTHING, tt_agrees=pl.lit(None, pl.Boolean))
    else:
        stated = trailers.unique("transaction", keep="first").select(
            "transaction", "TT01", "TT02", tt_agrees=_right("TT02")
        )
    return (
        counts.join(stated, "transaction", "left")
        .with_columns(pl.col("is_segments", "pha_segments", "tp_right").fill_null(0))
        .with_columns(loops_agree=pl.col("tp_right") >= pl.col("pha_segments"))
    )


_NOTHING = pl.lit(None, pl.String)
_NO_SEGMENTS = pl.DataFrame(
    schema=PLACE | {"TP01": pl.String, "TT01": pl.String, "TT02": pl.String, "segments_seen": pl.UInt32}
)


def _agreeing(trailers: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    return trailers.with_columns(tp_agrees=_right("TP01")).join(
        counts.select("transaction", "tt_agrees"), "transaction", "left", maintain_order="left"
    )


def _pharmacies(reading: Reading, counts: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The PHA segments: who each is, and whether its part of the file is whole."""
    loops = reading.segments.get("PHA", _NO_SEGMENTS)
    patients = reading.segments.get("PAT", _NO_SEGMENTS)
    trailers = reading.segments.get("TP", _NO_SEGMENTS)
    loops = identify(loops.with_columns(pha_position="position"), context)
    return (
        loops.join(patients.group_by("pha_position").agg(pat_segments=pl.len()), "pha_position", "left")
        .join(
            trailers.group_by("pha_position").agg(tp_segments=pl.len(), tp_agrees=_right("TP01").any()),
            "pha_position",
            "left",
            maintain_order="left",
        )
        .join(counts.select("transaction", "tt_agrees"), "transaction", "left", maintain_order="left")
        .with_columns(pl.col("pat_segments", "tp_segments").fill_null(0))
    )


# RECORDS ---------------------------------------------------------------------------------------
def _records(
    rows: pl.DataFrame, segments: pl.DataFrame | None, pharmacies: pl.DataFrame, context: Context
) -> pl.DataFrame:
    """The typed rows, beside their raw DSP segments, the drug, the dispenser and the day the file came."""
    records = _with_drug(rows, context.drugs)
    who = pharmacies.select("pha_position", *DISPENSER_COLUMNS)
    records = records.join(who, "pha_position", "left", maintain_order="left")
    if segments is not None:
        records = _beside(records, segments, [name for name in segments.columns if name not in records.columns])
    return records.with_columns(received_on=pl.lit(context.received_on), issued=issued("product_id", context))


def _with_drug(frame: pl.DataFrame, drugs: pl.DataFrame) -> pl.DataFrame:
    """Beside each canonical NDC what the drug table says of it; without a table nothing is known or unknown."""
    known = drugs.select(
        "ndc",
        drug_known=pl.lit(value=True),
        drug_schedule="schedule",
        drug_class="drug_class",
        drug_agonist="agonist",
    )
    joined = frame.join(known, "ndc", "left", maintain_order="left")
    if drugs.is_empty():
        return joined
    return joined.with_columns(pl.when(pl.col("ndc").is_not_null()).then(pl.col("drug_known").fill_null(value=False)))


def _beside(frame: pl.DataFrame, other: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The other frame's columns beside the rows of the same record."""
    if frame["record"].equals(other["record"]) and frame["record"].null_count() == 0:
        return frame.hstack(other.select(columns))
    beside = other.filter(pl.col("record").is_not_null()).unique("record", keep="first").select("record", *columns)
    return frame.join(beside, "record", "left", maintain_order="left")


def _strays(reading: Reading) -> pl.DataFrame:
    """The misplaced segments; what belongs to a record is led to the one it stands behind.

    A second PRE behind a record makes that record doubtful. If another PAT or PHA stands between, it belongs
    to no record.
    """
    strays = reading.strays.sort("position")
    behind = reading.rows.select("record", "pat_position", "pha_position", last="position").sort("last")
    heads = pl.concat(
        [reading.segments[name].select("position") for name in ("PAT", "PHA") if name in reading.segments]
        or [pl.DataFrame(schema={"position": pl.UInt32})]
    ).sort("position")
    joined = strays.join_asof(behind, left_on="position", right_on="last").join_asof(
        heads.rename({"position": "head"}), left_on="position", right_on="head"
    )
    own = pl.col("segment").is_in(["PRE", "CDI", "AIR"]) & (pl.col("head") <= pl.col("last"))
    return joined.with_columns(
        pl.when(own).then(pl.col(name)).alias(name) for name in ("record", "pat_position", "pha_position")
    ).drop("last", "head")
