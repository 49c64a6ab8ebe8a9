"""The envelope: required segments, counts, control numbers, what stands where none may.

TWO COUNTS VOUCH FOR EACH OTHER. TT02 counts the segments of the transaction, TP01 those of each
pharmacy (asap.md 1.5). A lost PAT segment would hang a fill on the patient before it, so a file that may
have lost segments must not be taken. But senders also miscount: TP01 is known to be wrong while TT02 is
right. So:

    TT02 right, TP01 wrong       a miscounting program: warning (S-TP01-COUNT)
    TT02 wrong, every TP01 right  each pharmacy's part is whole: warning (S-TT02-COUNT)
    both wrong                   nothing vouches for that pharmacy's part: its records are rejected (S-COUNTS)

A surplus element that holds something means a separator stood inside a value, and that everything behind
it moved by one place: where names, drugs or dates follow, the record is rejected.
"""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule
from validation.rules.elements import SCOPES


# A padded CDI without any value is no ingredient (asap.md 1.4).
INGREDIENTS = pl.col("ingredients").list.eval(
    pl.any_horizontal(
        pl.element()
        .struct.field("sequence", "product_qualifier", "product_id", "quantity", "dosage_units")
        .is_not_null()
    )
)

ORDINARY = pl.col("transaction_type").is_null() | ~pl.col("transaction_type").is_in(["02", "03", "04"])


def _structure(
    code: str,
    title: str,
    severity: Severity,
    scope: Scope,
    frame: str,
    element: str | None,
    fails: pl.Expr,
    message: str,
    remedy: str,
    *,
    tier: Tier = Tier.STANDARD,
    source: str = "asap.md 1.1: required segments",
) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.STRUCTURE,
        scope=scope,
        tier=tier,
        source=source,
        segment=frame,
        element=element,
        fails=fails,
        message=message,
        remedy=remedy,
    )


AGAIN = "Write the file again from the pharmacy system and send it whole."

MISSING = (
    _structure(
        "S-IS-MISSING",
        "A transaction has an IS segment",
        Severity.WARNING,
        Scope.TRANSACTION,
        "TRANSACTION",
        None,
        (pl.col("is_segments") == 0) & ORDINARY,
        "The information source (IS segment) is missing.",
        "Check that the TH segment ends with its terminator and that an IS segment follows it.",
    ),
    _structure(
        "S-TT-MISSING",
        "A transaction is closed by its TT segment",
        Severity.ERROR,
        Scope.TRANSACTION,
        "TRANSACTION",
        None,
        pl.col("trailer_position").is_null(),
        "The transaction is not closed: its TT segment is missing, so the end of the file may be missing too.",
        AGAIN,
    ),
    _structure(
        "S-PHA-MISSING",
        "A transaction names a pharmacy",
        Severity.ERROR,
        Scope.TRANSACTION,
        "TRANSACTION",
        None,
        (pl.col("pha_segments") == 0) & ORDINARY,
        "No pharmacy (PHA segment) is named, so nobody has reported.",
        AGAIN,
    ),
    _structure(
        "S-PAT-MISSING",
        "A pharmacy reports something",
        Severity.ERROR,
        Scope.PHARMACY,
        "PHA",
        None,
        pl.col("pat_segments") == 0,
        "Nothing follows the pharmacy (PHA segment): neither a patient nor a zero report.",
        "If nothing was dispensed, send a zero report: a patient named ZERO REPORT and the days in IS03.",
    ),
    _structure(
        "S-DSP-MISSING",
        "A patient has a dispensing record",
        Severity.ERROR,
        Scope.PATIENT,
        "PAT",
        None,
        pl.col("record").is_null(),
        "No dispensing record (DSP segment) follows the patient (PAT segment).",
        "Send what was dispensed to this patient, or leave the patient out.",
    ),
    _structure(
        "S-PRE-MISSING",
        "A dispensing record has a prescriber",
        Severity.ERROR,
        Scope.RECORD,
        "ROW",
        None,
        pl.col("pre_position").is_null(),
        "The prescriber (PRE segment) of this record is missing.",
        "Add the PRE segment after the DSP segment and send the record again.",
    ),
    _structure(
        "S-TP-MISSING",
        "A pharmacy's part is closed by its TP segment",
        Severity.WARNING,
        Scope.PHARMACY,
        "PHA",
        None,
        pl.col("tp_segments") == 0,
        "The pharmacy's part is not closed: its TP segment is missing.",
        "Let the pharmacy system write a TP segment with its count after each pharmacy.",
    ),
    _structure(
        "S-CDI-MISSING",
        "A compound has its ingredients",
        Severity.ERROR,
        Scope.RECORD,
        "ROW",
        "DSP07",
        (pl.col("product_qualifier") == "06") & ~INGREDIENTS.list.any().fill_null(value=False),
        "The drug is a compound, but no ingredient (CDI segment) follows.",
        "Add a CDI segment for each reportable ingredient and send the record again.",
        source="asap.md 1.1: CDI is required when DSP07 = 06",
    ),
)

COUNTS = (
    _structure(
        "S-CONTROL-NUMBER",
        "TT01 repeats the control number of TH02",
        Severity.WARNING,
        Scope.TRANSACTION,
        "TRANSACTION",
        "TT01",
        # Up to 4.1 TT01 holds ten characters where TH02 may hold forty (asap.md 1.5).
        (pl.col("TT01") != pl.col("control_number"))
        & ~((pl.col("version") == "4.1") & (pl.col("control_number").str.slice(0, 10) == pl.col("TT01"))),
        "The control number in TT01 is not that of TH02.",
        "Write the same control number into TH02 and TT01.",
        source="asap.md 1.5: TH02 = TT01",
    ),
    _structure(
        "S-TT02-COUNT",
        "TT02 counts the segments of the transaction",
        Severity.WARNING,
        Scope.TRANSACTION,
        "TRANSACTION",
        "TT02",
        pl.col("tt_agrees").eq(other=False) & pl.col("TT02").is_not_null() & pl.col("loops_agree"),
        "The segment count in TT02 is not what the file holds; each pharmacy's own count is right.",
        "Count every segment from TH to TT, both included. Check that no pharmacy is missing.",
        source="asap.md 1.5: TT02",
    ),
    _structure(
        "S-TP01-COUNT",
        "TP01 counts the segments of the pharmacy",
        Severity.WARNING,
        Scope.PHARMACY,
        "TP",
        "TP01",
        pl.col("tp_agrees").eq(other=False) & pl.col("TP01").is_not_null() & pl.col("tt_agrees"),
        "The segment count in TP01 is not what the file holds; the count of the whole file is right.",
        "Count every segment from PHA to TP, both included.",
        tier=Tier.HABIT,
        source="asap.md 1.5: a Florida generator counts TH and IS into TP01",
    ),
    _structure(
        "S-COUNTS",
        "At least one of TP01 and TT02 is right",
        Severity.ERROR,
        Scope.PHARMACY,
        "PHA",
        None,
        ~pl.col("tp_agrees").fill_null(value=False) & ~pl.col("tt_agrees").fill_null(value=False),
        "Neither the pharmacy's segment count (TP01) nor that of the file (TT02) is right: segments may be lost, "
        "and a record may stand under the wrong patient.",
        AGAIN,
        source="asap.md 1.5: TP01, TT02",
    ),
)

KIND = (
    _structure(
        "S-TH03-ANSWER",
        "A submission is not an answer",
        Severity.ERROR,
        Scope.TRANSACTION,
        "TRANSACTION",
        "TH03",
        pl.col("transaction_type").is_in(["02", "03"]),
        "The transaction type (TH03) says that this is an answer to a file, not a file of dispensations.",
        "Send 01 in TH03.",
        source="asap.md 1.6: TH03 02 and 03 are responses only",
    ),
    # Nothing of a test file is stored, so a dispensation beside a test would be lost without a word.
    _structure(
        "S-TH07-MIXED",
        "A file is a test as a whole or not at all",
        Severity.ERROR,
        Scope.TRANSACTION,
        "TRANSACTION",
        "TH07",
        pl.col("test_in_part"),
        "The file holds both tests (TH07 is T) and dispensations, so nothing of it was taken.",
        "Send tests and dispensations in files of their own.",
        source="asap.md 1.6: TH07 says that the file is a test",
    ),
)

# STRAYS ----------------------------------------------------------------------------------------
# The reader lists what stands where none may and leaves it out of the rows.
STRAYS = (
    _structure(
        "S-STRAY-RECORD",
        "Every pharmacy, patient and record stands in its place",
        Severity.ERROR,
        Scope.RECORD,
        "STRAY",
        None,
        pl.col("segment").is_in(["PHA", "PAT", "DSP"]),
        "This segment stands where none of its kind may, so what it reports was not taken.",
        "Send pharmacy, patient and record in the order PHA, PAT, DSP, each under the one before.",
        source="asap.md 1.1: segments and order",
    ),
    _structure(
        "S-STRAY-PRESCRIBER",
        "A record has one prescriber",
        Severity.ERROR,
        Scope.RECORD,
        "STRAY",
        None,
        pl.col("segment") == "PRE",
        "A prescriber (PRE segment) stands where none may: it is a second one, or belongs to no record.",
        "Send exactly one PRE segment after each DSP segment.",
        source="asap.md 1.1: one PRE per DSP",
    ),
    _structure(
        "S-STRAY-OTHER",
        "Every other segment stands in its place",
        Severity.WARNING,
        Scope.TRANSACTION,
        "STRAY",
        None,
        pl.col("segment").is_in(["TH", "IS", "CDI", "AIR", "TP", "TT"]),
        "This segment stands where none of its kind may; it was left out.",
        "Send the segments in the order of the standard.",
        source="asap.md 1.1: segments and order",
    ),
    _structure(
        "S-STRAY-UNKNOWN",
        "Every segment is one of the standard",
        Severity.WARNING,
        Scope.TRANSACTION,
        "STRAY",
        None,
        pl.col("segment").is_null(),
        "This segment is none of the standard; it was left out.",
        "Leave it out, and check that no terminator character stands inside a value.",
        source="asap.md 1.1: segments and order",
    ),
)

SHIFTED = {"PAT", "DSP", "PRE", "CDI"}

SURPLUS = tuple(
    _structure(
        f"S-{segment}-SURPLUS",
        f"{segment} has no more elements than its version defines",
        Severity.ERROR if segment in SHIFTED else Severity.WARNING,
        scope,
        segment,
        None,
        pl.col("surplus"),
        f"The {segment} segment holds more than its version defines: a separator stands inside a value, and what "
        "follows it moved into the wrong element."
        if segment in SHIFTED
        else f"The {segment} segment holds more than its version defines.",
        "Remove the asterisk from the value (the standard's own way is to replace it) and send the record again."
        if segment in SHIFTED
        else "Remove the surplus element.",
        source="asap.md 1.4: a non-empty surplus element is a structural fault",
    )
    for segment, scope in SCOPES.items()
    if segment != "TH"  # its last element is followed by the terminator that it names
)

RULES = MISSING + COUNTS + KIND + STRAYS + SURPLUS
