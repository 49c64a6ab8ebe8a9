"""A reading: what the reader made of a file's bytes, before anybody judged it.

The reader reports facts (segments with their places, counts as seen, rows as typed); whether a fact
is right or wrong is for the judge (validation/). One value per file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from schemas.dispensation import ROW_SCHEMA


# One row per TH…TT. `segments_seen` counts TH and TT, as TT02 should.
TRANSACTION_SCHEMA = pl.Schema(
    {
        "transaction": pl.UInt16,
        "version": pl.String,  # upper case, one of the versions read
        "control_number": pl.String,  # TH02
        "transaction_type": pl.String,  # TH03; null where empty
        "file_type": pl.String,  # TH07 upper case: P production, T test
        "terminator": pl.String,  # the segment terminator in force; "\n" where TH09 is empty
        "position": pl.UInt32,  # of the TH
        "trailer_position": pl.UInt32,  # of the TT
        "segments_seen": pl.UInt32,
    }
)

# One row per zero-report PAT (asap.md section 4): no dispensing in the days covered.
ZERO_REPORT_SCHEMA = pl.Schema(
    {
        "transaction": pl.UInt16,
        "position": pl.UInt32,  # of the PAT
        "pha_position": pl.UInt32,
        "pharmacy_dea": pl.String,
        "pharmacy_ncpdp": pl.String,
        "pharmacy_npi": pl.String,
        "covers_from": pl.Date,  # IS03, else DSP05; null where neither reads as a date
        "covers_to": pl.Date,
    }
)


@dataclass(frozen=True)
class Refusal:
    """Why nothing of the file could be read, and the next step.

    Attributes:
        code: the refusal's rule code, such as ``F-EMPTY``.
        place: where in the file, in words: "line 1", "byte 0", "segment 17".
        fault: what is wrong, one sentence, without any value from the file.
        remedy: what to do next, one sentence.
        position: the segment counted from 1, where there is one.
    """

    code: str
    place: str
    fault: str
    remedy: str
    position: int | None = None


def _empty_rows() -> pl.DataFrame:
    return pl.DataFrame(schema=ROW_SCHEMA)


def _empty_transactions() -> pl.DataFrame:
    return pl.DataFrame(schema=TRANSACTION_SCHEMA)


def _empty_zero_reports() -> pl.DataFrame:
    return pl.DataFrame(schema=ZERO_REPORT_SCHEMA)


@dataclass(frozen=True)
class Reading:
    """A file as read.

    Attributes:
        transactions: a row per transaction, of `TRANSACTION_SCHEMA`.
        segments: the raw elements, one frame per segment id (TH IS PHA PAT DSP PRE CDI AIR TP TT). Columns
            of each: ``position`` (u32), ``transaction`` (u16), ``pha_position`` (u32, null for TH IS TT),
            ``pat_position`` (u32; DSP PRE CDI AIR), ``record`` (u32; DSP PRE CDI AIR; for a PAT that of the
            first DSP below it; null where none), ``surplus`` (bool: a non-empty element stood after the
            version's last), then one String column per element (``PAT07`` …) up to the last that the widest
            version present defines; empty elements are null. ``TP`` and ``TT`` also carry ``segments_seen``
            (u32): the true count that TP01 or TT02 should state.
        strays: segments that stand where none may (unknown id; DSP without PAT; a second PRE …), with
            ``position``, ``transaction``, ``segment`` (the id where it is a known one, else null).
        rows: the dispensations, typed, of `ROW_SCHEMA`; zero reports are not among them. A value that does
            not read as its type is null here and still there in `segments`.
        zero_reports: of `ZERO_REPORT_SCHEMA`.
        refusals: a whole file that cannot be read has exactly one, and everything else empty; a file of which
            some transactions can be read has one per transaction that cannot.
    """

    transactions: pl.DataFrame = field(default_factory=_empty_transactions)
    segments: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    strays: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"position": pl.UInt32, "transaction": pl.UInt16, "segment": pl.String}
        )
    )
    rows: pl.DataFrame = field(default_factory=_empty_rows)
    zero_reports: pl.DataFrame = field(default_factory=_empty_zero_reports)
    refusals: tuple[Refusal, ...] = ()

    @property
    def refused(self) -> bool:
        """True where nothing of the file could be read."""
        return bool(self.refusals) and self.transactions.is_empty()
