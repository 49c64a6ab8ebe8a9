"""Which rows the law does not want, each under a dated rule: counted and reported, never silently dropped.

TWO KINDS. *Exempt*: the drug is one that is collected, but the activity is not (a hospital's inpatient).
*Not reportable*: the drug itself is not collected (amoxicillin). Neither is stored in a patient's history.

NO ELEMENT SAYS EXEMPT (asap.md 9.4). An exemption belongs to dispenser, drug and activity, so it is decided
from the register (kind, licence class), the drug table and the few elements that come close: PAT21, PHA14,
DSP10, DSP12, DSP24. Where the register knows the dispenser, it decides; only where it does not (an offline
check) is the dispenser's own word in PHA14 taken. What is missing or unreadable exempts nobody: a null
condition keeps the record.

DATED. Each rule holds for fills from `since` to the day before `until`; the day is the record's own fill
date, so a late file is ruled by the law of its day. Only new records are exempt: a revision or void may
concern something that is already stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from schemas.dispenser import DispenserKind, LicenceClass
from schemas.finding import Scope, Severity, Stage, Tier
from schemas.submission import Disposition
from validation.rule import Rule


@dataclass(frozen=True, eq=False)
class Exemption:
    """A dated rule under which a row is not wanted.

    Attributes:
        rule: its record; `fails` is true for the rows it lets off, evaluated on ``"ROW"``.
        disposition: exempt or not reportable.
        since: first fill date for which it holds; None without beginning.
        until: first fill date for which it no longer holds; None while in force.
        visible: False where no element of a row can show the activity.
    """

    rule: Rule
    disposition: Disposition
    since: date | None = None
    until: date | None = None
    visible: bool = True

    @property
    def applies(self) -> pl.Expr:
        """True for the new rows that it lets off on their fill date; null never lets off."""
        in_force = pl.col("filled_on").is_not_null()
        if self.since is not None:
            in_force &= pl.col("filled_on") >= self.since
        if self.until is not None:
            in_force &= pl.col("filled_on") < self.until
        return self.rule.fails & in_force & (pl.col("reporting_status") == "00")


def _exemption(
    code: str,
    title: str,
    element: str | None,
    applies: pl.Expr,
    message: str,
    source: str,
    *,
    disposition: Disposition = Disposition.EXEMPT,
    since: date | None = None,
    until: date | None = None,
    visible: bool = True,
) -> Exemption:
    rule = Rule(
        code=code,
        title=title,
        severity=Severity.INFO,
        stage=Stage.RECORD,
        scope=Scope.RECORD,
        tier=Tier.LAW,
        source=source,
        segment="EXEMPTION",
        element=element,
        fails=applies,
        message=message,
        remedy="Nothing to do; such records may be left out.",
    )
    return Exemption(rule, disposition, since, until, visible)


# WHO -------------------------------------------------------------------------------------------
# PHA14 (5.0) is the dispenser's own word, taken only where the register knows nothing of it.
UNREGISTERED = pl.col("dispenser_kind").is_null()


def _is(kind: DispenserKind, pha14: str) -> pl.Expr:
    said = pl.col("pharmacy_type") == pha14
    return pl.when(UNREGISTERED).then(said).otherwise(pl.col("dispenser_kind") == kind.value)


INSTITUTIONAL = _is(DispenserKind.INSTITUTIONAL_PHARMACY, "04")
TREATMENT_PROGRAM = _is(DispenserKind.OPIOID_TREATMENT_PROGRAM, "05")
VETERINARIAN = _is(DispenserKind.VETERINARIAN, "07")

# P-022: what an assisted-living service does is not a hospital's inpatient care.
NOT_ASSISTED_LIVING = UNREGISTERED | (pl.col("licence_class") != LicenceClass.ASSISTED_LIVING.value)

FACILITY = (
    pl.when(UNREGISTERED)
    .then(pl.col("pharmacy_type") == "04")
    .otherwise(pl.col("licence_class").is_in([LicenceClass.HOSPITAL.value, LicenceClass.HEALTH_CARE_FACILITY.value]))
)

# WHAT ------------------------------------------------------------------------------------------
# DSP10 counts whole days, so 48 hours are one or two; 0 is no supply that could be judged.
AT_MOST_48_HOURS = pl.col("days_supply").is_between(1, 2)
UNCONTROLLED = pl.col("drug_known") & pl.col("drug_schedule").is_null()
WATCHED = ("gabapentin", "naloxone", "insulin")  # insulin includes glucagon; collected though not scheduled (L-02)
# 5.0: the sender itself calls the drug scheduled or of concern; then nothing is concluded from the table.
DESIGNATED = pl.col("schedule_code").is_in(["01", "02", "03", "04", "05", "06", "07"]).fill_null(value=False)

# DSP24 01 says that the drug was not for opioid dependence; a clinic need not say it, others must.
FOR_DEPENDENCE = (pl.col("treatment_type") == "02") | (
    pl.col("treatment_type").is_null() & (pl.col("licence_class") == LicenceClass.SUBSTANCE_USE_CLINIC.value)
)

L_02 = date(2021, 1, 1)
PA_21_182 = date(2021, 6, 28)
L_03 = date(2022, 7, 1)

# The order matters: a row is let off under the first that applies. What no drug table can decide comes first.
EXEMPTIONS: tuple[Exemption, ...] = (
    _exemption(
        "X-P021",
        "A hospital's inpatient, supplied by an institutional pharmacy",
        "PAT21",
        INSTITUTIONAL & (pl.col("location_code") == "09") & NOT_ASSISTED_LIVING,
        "Exempt: a hospital inpatient supplied by an institutional pharmacy.",
        "P-021, not assisted living: P-022",
    ),
    _exemption(
        "X-P023",
        "An opioid agonist for a substance use disorder, from a methadone clinic",
        "DSP24",
        TREATMENT_PROGRAM & pl.col("drug_agonist") & FOR_DEPENDENCE,
        "Exempt: an opioid agonist for a substance use disorder, dispensed by a treatment program before 1 July 2022.",
        "P-023, ended by L-03",
        until=L_03,
    ),
    _exemption(
        "X-P024",
        "At most 48 hours' supply from a licensed health care facility",
        "DSP10",
        FACILITY & AT_MOST_48_HOURS,
        "Exempt: a supply of at most 48 hours from a licensed health care facility.",
        "P-024",
    ),
    _exemption(
        "X-P025",
        "A drug administered directly to the patient",
        "DSP12",
        (pl.col("version") == "5.0") & (pl.col("origin_code") == "07"),
        "Exempt: the drug was administered directly to the patient.",
        "P-025; only 5.0 can say so (DSP12 07)",
    ),
    # No element marks a sample: DSP12 08 (5.0) says only that a prescriber dispensed it. A sample that is sent
    # is therefore kept like any other record; the exemption is the practitioner's, who need not send it.
    _exemption(
        "X-P026",
        "A sample given by a physician (cannot be seen in a record)",
        None,
        (pl.col("dispenser_kind") == DispenserKind.DISPENSING_PRACTITIONER.value) & pl.lit(value=False),
        "Exempt: a sample given by a physician.",
        "P-026",
        visible=False,
    ),
    _exemption(
        "X-L02-VETERINARY",
        "Insulin and other diabetes items from a veterinarian",
        "DSP08",
        VETERINARIAN & UNCONTROLLED & (pl.col("drug_class") == "insulin"),
        "Exempt: a diabetes item dispensed by a veterinarian.",
        "L-02, PA 21-182",
        since=PA_21_182,
    ),
    _exemption(
        "N-GABAPENTIN-48H",
        "Gabapentin for at most 48 hours",
        "DSP10",
        UNCONTROLLED & (pl.col("drug_class") == "gabapentin") & AT_MOST_48_HOURS,
        "Not reportable: gabapentin is collected for a supply of more than 48 hours.",
        "L-02",
        disposition=Disposition.NOT_REPORTABLE,
        since=L_02,
    ),
    _exemption(
        "N-BEFORE-2021",
        "Gabapentin, naloxone, insulin or glucagon before 2021",
        "DSP08",
        UNCONTROLLED & pl.col("drug_class").is_in(WATCHED),
        "Not reportable: the drug is collected for fills from 1 January 2021.",
        "L-02",
        disposition=Disposition.NOT_REPORTABLE,
        until=L_02,
    ),
    _exemption(
        "N-UNSCHEDULED",
        "A drug that is neither scheduled nor otherwise collected",
        "DSP08",
        UNCONTROLLED & ~pl.col("drug_class").is_in(WATCHED) & ~DESIGNATED,
        "Not reportable: the drug is in none of Schedules II to V and not otherwise collected.",
        "P-015, L-02",
        disposition=Disposition.NOT_REPORTABLE,
    ),
)


EXEMPTION_OF = {exemption.rule.code: exemption for exemption in EXEMPTIONS}


def reasons(records: pl.DataFrame) -> pl.Series:
    """For each record the code of the first exemption that lets it off; null where none does."""
    visible = [exemption for exemption in EXEMPTIONS if exemption.visible]
    flags = records.select(exemption.applies.any().alias(str(number)) for number, exemption in enumerate(visible)).row(
        0
    )
    applying = [exemption for exemption, flag in zip(visible, flags, strict=True) if flag]
    if not applying:
        return pl.repeat(None, records.height, dtype=pl.String, eager=True).alias("reason")
    code = pl.coalesce(pl.when(exemption.applies).then(pl.lit(exemption.rule.code)) for exemption in applying)
    return records.select(reason=code)["reason"]
