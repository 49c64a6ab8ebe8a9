"""A finding: what is wrong, where, and under which rule. Never the value.

Findings are values, not exceptions: bad data is data. A finding names the transaction, pharmacy,
segment, element, record and position; the offending value stays in the row and in the bytes as
received, so that a finding can be logged, mailed and shown to anybody who may see the submission.
"""

from __future__ import annotations

from enum import StrEnum

import polars as pl


class Severity(StrEnum):
    """What a finding does to the record it is about."""

    ERROR = "error"  # the record is rejected until corrected
    WARNING = "warning"  # the record is accepted; the dispenser should look
    INFO = "info"  # worth knowing; nothing to do


class Tier(StrEnum):
    """Who says so: the authority behind a rule, strongest first."""

    LAW = "law"
    STANDARD = "standard"
    STATE_GUIDE = "state_guide"
    HABIT = "habit"


class Stage(StrEnum):
    """When a rule is asked; a later stage does not ask what an earlier one already refused."""

    STRUCTURE = "structure"  # segments: order, counts, envelope
    ELEMENT = "element"  # one element: required, length, type, code list
    RECORD = "record"  # elements together: identifiers, dates, consistency
    STORE = "store"  # the record beside what is already kept


class Scope(StrEnum):
    """What a finding is about, and so which records an error rejects."""

    FILE = "file"  # every record
    TRANSACTION = "transaction"  # every record of the transaction
    PHARMACY = "pharmacy"  # every record under the PHA
    PATIENT = "patient"  # every record under the PAT
    RECORD = "record"  # the one record


# One row per finding. `position` counts segments of the file from 1, `record` counts DSP segments;
# both are null where a finding has no such place. `pharmacy` is a dispenser's identifier.
FINDING_SCHEMA = pl.Schema(
    {
        "code": pl.String,
        "severity": pl.String,
        "tier": pl.String,
        "transaction": pl.UInt16,
        "pharmacy": pl.String,
        "segment": pl.String,
        "element": pl.String,
        "record": pl.UInt32,
        "position": pl.UInt32,
    }
)
