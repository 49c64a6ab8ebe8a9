"""The drug table as everybody joins it: one row per NDC, of one edition."""

from __future__ import annotations

import polars as pl


# One row per canonical NDC.
DRUG_SCHEMA = pl.Schema(
    {
        "ndc": pl.String,  # 11 digits, 5-4-2
        "name": pl.String,  # as a clinician reads it: "Oxycodone HCl"
        "ingredients": pl.String,  # controlled ingredients, lower case, joined with "/"
        "strength": pl.String,  # "5 mg", "5 mg/325 mg", "25 mcg/hr"
        "form": pl.String,  # "tablet", "oral solution", "transdermal system"
        "schedule": pl.String,  # "II" "III" "IV" "V"; null where not federally scheduled
        # opioid, buprenorphine, benzodiazepine, stimulant, naloxone, gabapentin, insulin (and glucagon), other
        "drug_class": pl.String,
        "agonist": pl.Boolean,  # opioid agonist used for opioid use disorder (methadone, buprenorphine)
        "mme_factor": pl.Float64,  # CDC 2022; null where it has none
        "mme_strength": pl.Float64,  # opioid strength per unit in the factor's unit; null where n/a
    }
)
