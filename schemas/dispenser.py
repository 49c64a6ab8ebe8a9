"""The dispenser register as the judge sees it: who reports, what kind, under which licence."""

from __future__ import annotations

from enum import StrEnum

import polars as pl


class DispenserKind(StrEnum):
    """What a dispenser is; decides its cadence and which exemptions can apply."""

    PHARMACY = "pharmacy"
    INSTITUTIONAL_PHARMACY = "institutional_pharmacy"  # of a hospital, or a facility's drug room
    DISPENSING_PRACTITIONER = "dispensing_practitioner"
    VETERINARIAN = "veterinarian"
    OPIOID_TREATMENT_PROGRAM = "opioid_treatment_program"


class LicenceClass(StrEnum):
    """The licence that exemptions ask for."""

    PHARMACY = "pharmacy"
    NONRESIDENT_PHARMACY = "nonresident_pharmacy"
    HOSPITAL = "hospital"
    HEALTH_CARE_FACILITY = "health_care_facility"  # CGS 19a-490 facilities other than hospitals
    ASSISTED_LIVING = "assisted_living"
    SUBSTANCE_USE_CLINIC = "substance_use_clinic"  # CGS 19a-495
    PRACTITIONER = "practitioner"
    VETERINARY = "veterinary"


class Cadence(StrEnum):
    """How often a dispenser must report (P-018, P-019)."""

    DAILY = "daily"
    WEEKLY = "weekly"


# One row per dispenser. Identifiers upper case, without punctuation; null where it has none.
REGISTER_SCHEMA = pl.Schema(
    {
        "dispenser_id": pl.String,
        "name": pl.String,
        "dea": pl.String,
        "ncpdp": pl.String,
        "npi": pl.String,
        "kind": pl.String,
        "cadence": pl.String,
        "licence_class": pl.String,
    }
)
