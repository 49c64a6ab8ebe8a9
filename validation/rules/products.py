"""Which product: an NDC that can be read in one way only.

An NDC has three parts. Eleven digits (5-4-2) say where they begin; ten digits without hyphens do not, and
some senders pad them on the left, which makes another drug of most (asap.md 13). So ten digits are never
guessed: the record goes back. With hyphens the parts are plain, and the code is taken in its eleven digits.
"""

from __future__ import annotations

import polars as pl

from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule
from validation.rules.demands import STATUTE


def _product(
    code: str,
    title: str,
    severity: Severity,
    frame: str,
    element: str,
    fails: pl.Expr,
    message: str,
    remedy: str,
    tier: Tier,
    source: str,
) -> Rule:
    return Rule(
        code=code,
        title=title,
        severity=severity,
        stage=Stage.RECORD,
        scope=Scope.RECORD,
        tier=tier,
        source=source,
        segment=frame,
        element=element,
        fails=fails,
        message=message,
        remedy=remedy,
    )


TEN_DIGITS = r"^[0-9]{10}$"
TEN = "Send the eleven digits of the NDC (5-4-2), with the zero in the part that lacks it, not simply in front."


def _ndc(frame: str, qualifier: str, product: str, element: str, words: str) -> tuple[Rule, ...]:
    """The same three rules for the product of a record and the ingredient of a compound."""
    given = (pl.col(qualifier) == "01") & pl.col(product).is_not_null() & ~pl.col("issued")
    unread = given & pl.col("ndc").is_null()
    ten = pl.col(product).str.contains(TEN_DIGITS)
    return (
        _product(
            f"I-{element}-AMBIGUOUS",
            f"{words} is an NDC of eleven digits, not ten",
            Severity.ERROR,
            frame,
            element,
            unread & ten,
            f"{words} ({element}) is an NDC of ten digits without hyphens, which can mean several products.",
            TEN,
            Tier.LAW,
            f"{STATUTE}(E); asap.md 13: padded NDCs",
        ),
        _product(
            f"I-{element}-FORM",
            f"{words} reads as an NDC",
            Severity.ERROR,
            frame,
            element,
            unread & ~ten,
            f"{words} ({element}) is marked as an NDC but does not read as one.",
            "Send the eleven digits of the NDC (5-4-2) without punctuation and send the record again.",
            Tier.LAW,
            f"{STATUTE}(E)",
        ),
        _product(
            f"I-{element}-HYPHENS",
            f"{words} has no hyphens",
            Severity.WARNING,
            frame,
            element,
            given & pl.col("ndc").is_not_null() & pl.col(product).str.contains("-", literal=True),
            f"{words} ({element}) has hyphens; it was read without them.",
            "Send the eleven digits of the NDC without punctuation.",
            Tier.HABIT,
            "asap.md 13: hyphens in the NDC",
        ),
    )


RULES = (
    *_ndc("ROW", "product_qualifier", "product_id", "DSP08", "The product"),
    *_ndc("CDI", "CDI02", "CDI03", "CDI03", "The ingredient"),
    _product(
        "I-DSP08-COMPOUND",
        "A compound has a product code that begins with 99999",
        Severity.WARNING,
        "ROW",
        "DSP08",
        (pl.col("product_qualifier") == "06") & ~pl.col("product_id").str.starts_with("99999"),
        "The drug is a compound, but its product code (DSP08) does not begin with 99999.",
        "Send 99999 and six characters of your own; the ingredients stand in the CDI segments.",
        Tier.STANDARD,
        "ASAP DSP08: compound",
    ),
)
