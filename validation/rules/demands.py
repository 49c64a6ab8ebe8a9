"""Who asks for which element, and how much it weighs when it is missing or unreadable.

TWO VOICES. The standard's usage column asks for some elements of everybody (held in
schemas/asap/versions, as the VA reads it); Connecticut's statute and regulation ask for others
(asap.md 9.2). A missing element rejects a record where the record would be useless without it, or
where the statute asks for who, what, when or how much. Everything else is a warning: a dispensation
that a prescriber can see is worth more than a complete address. People without a home have none, and
people from abroad have no ZIP code, so nobody is turned away for an address.

The weights of a wrong value (`GRAVE`) follow the same line: an unreadable date of birth makes a record
useless, an unreadable number of refills does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.finding import Severity, Tier


ANIMAL = pl.col("PAT20") == "02"

# asap.md PAT22: the program may waive address elements for a non-US resident; PAT21 12 and 13 (5.0) are
# homeless and in transient care.
WITHOUT_ADDRESS = pl.col("PAT22").is_not_null() | pl.col("PAT21").is_in(["12", "13"])

# asap.md 9.3: for what is collected at any supply, days may be meaningless (a rescue dose, an insulin pen, a
# device, which comes as UPC or HRI).
WITHOUT_DAYS = pl.col("drug_class").is_in(["naloxone", "insulin"]) | pl.col("product_qualifier").is_in(["02", "03"])

# An empty CDI or AIR is a habit of padding (asap.md 1.4) and asks for nothing; that a compound has
# ingredients is rule S-CDI-MISSING.
NO_INGREDIENT = pl.all_horizontal(pl.col(f"CDI{n:02}").is_null() for n in range(1, 6))
NOBODY_PICKED_UP = pl.all_horizontal(pl.col(f"AIR{n:02}").is_null() for n in (*range(3, 9), *range(12, 20)))

STATUTE = "CGS 21a-254(j)(4)"
REGULATION = "Regs. Conn. State Agencies 21a-254-4"


@dataclass(frozen=True, eq=False)
class Demand:
    """That an element must be given.

    Attributes:
        severity: what its absence does to the record.
        tier: who asks.
        source: the paragraph.
        unless: true for the rows of the element's own frame that are let off; None where nobody is.
        versions: the ASAP versions in which it is asked; empty means all that define the element.
    """

    severity: Severity
    tier: Tier
    source: str
    unless: pl.Expr | None = None
    versions: tuple[str, ...] = ()


# What Connecticut asks, and where it departs from the standard's usage column.
DEMANDS: dict[str, Demand] = {
    "PAT07": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(H)"),
    "PAT08": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(H)", ANIMAL),
    "PAT12": Demand(Severity.WARNING, Tier.LAW, f"{STATUTE}(H)", WITHOUT_ADDRESS),
    "PAT14": Demand(Severity.WARNING, Tier.LAW, f"{STATUTE}(H)", WITHOUT_ADDRESS),
    "PAT15": Demand(Severity.WARNING, Tier.LAW, REGULATION, WITHOUT_ADDRESS),
    "PAT16": Demand(Severity.WARNING, Tier.LAW, f"{STATUTE}(H)", WITHOUT_ADDRESS),
    "PAT18": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(I)", ANIMAL),
    "PAT19": Demand(Severity.WARNING, Tier.LAW, REGULATION, ANIMAL),
    # asap.md section 3: until 4.2 an empty reporting status means new; from 4.2A it no longer does.
    "DSP01": Demand(Severity.ERROR, Tier.STANDARD, "ASAP 4.2A DSP01", None, ("4.2A", "4.2B", "5.0")),
    "DSP02": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(C)"),
    "DSP03": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(J)"),
    "DSP04": Demand(Severity.WARNING, Tier.LAW, REGULATION),
    "DSP05": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(B)"),
    "DSP06": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(D)"),
    "DSP07": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(E)"),
    # 5.0 makes it situational, for cannabis; the statute asks for it of every drug.
    "DSP08": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(E)", pl.col("DSP07") == "07"),
    "DSP09": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(F)"),
    "DSP10": Demand(Severity.ERROR, Tier.LAW, f"{STATUTE}(F)", WITHOUT_DAYS),
    "DSP12": Demand(Severity.WARNING, Tier.LAW, REGULATION),
    "DSP16": Demand(Severity.WARNING, Tier.LAW, f"{STATUTE}(K)"),
    # An ingredient without its code or quantity is no ingredient.
    "CDI01": Demand(Severity.WARNING, Tier.STANDARD, "ASAP CDI01, usage R", NO_INGREDIENT),
    "CDI02": Demand(Severity.ERROR, Tier.STANDARD, "ASAP CDI02, usage R", NO_INGREDIENT),
    "CDI03": Demand(Severity.ERROR, Tier.STANDARD, "ASAP CDI03, usage R", NO_INGREDIENT),
    "CDI04": Demand(Severity.ERROR, Tier.STANDARD, "ASAP CDI04, usage R", NO_INGREDIENT),
    "AIR07": Demand(Severity.WARNING, Tier.STANDARD, "ASAP 5.0 AIR07, usage R", NOBODY_PICKED_UP, ("5.0",)),
    "AIR08": Demand(Severity.WARNING, Tier.STANDARD, "ASAP 5.0 AIR08, usage R", NOBODY_PICKED_UP, ("5.0",)),
    # A newline-terminated transaction leaves TH09 empty (California, Illinois, Wyoming in 2016, asap.md 1.2).
    "TH09": Demand(Severity.INFO, Tier.HABIT, "asap.md 1.2: newline-terminated files of the VA, 2016"),
}

# Required by the standard's usage column and asked by another rule, which knows more than one element:
# the prescriber's DEA number depends on the drug (E-PRE02-REQUIRED in prescribers.py).
ELSEWHERE = frozenset({"PRE02"})

# WEIGHTS. An element not named here only warns when its value is wrong.
GRAVE_TYPE = frozenset({"PAT18", "DSP03", "DSP05", "DSP06", "DSP09", "DSP10", "CDI04"})

# A status, species or product kind that is none of the list leaves open what the record is; a partial-fill
# number is part of what makes it the same dispensation (asap.md section 5).
GRAVE_CODE = frozenset({"TH03", "TH07", "PAT20", "DSP01", "DSP07", "DSP13", "CDI02"})

# Beyond its eleven characters a quantity is no longer exact; beyond 25 a prescription number is none.
GRAVE_LENGTH = frozenset({"DSP02", "DSP08", "DSP09", "DSP10", "CDI03", "CDI04"})
