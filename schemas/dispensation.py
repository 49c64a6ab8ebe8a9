"""The dispensation row that every room speaks.

A DISPENSATION is one fill of one prescription: one DSP segment of an ASAP file together with the
patient, prescriber and pharmacy that govern it. Each column is declared here once: name, type,
meaning, and the ASAP elements that it comes from. The reader makes rows of `ROW_SCHEMA`; the store
keeps rows of `EVENT_SCHEMA`, which drops what only the reading needs and adds what the store knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Column:
    """One column of the dispensation row.

    Attributes:
        name: the column's name in every frame, Parquet file and SQL statement.
        dtype: its polars type.
        description: what it holds, with units.
        elements: the ASAP elements it is read from; empty where the program makes it.
        identifies: True where the value identifies or describes a patient, and so must never
            appear in a log, an exception text, a finding, a metric or a file name.
    """

    name: str
    dtype: type[pl.DataType] | pl.DataType
    description: str
    elements: tuple[str, ...] = ()
    identifies: bool = False


# WHERE A ROW CAME FROM -------------------------------------------------------------------------
# Kept with the row for ever: any value can be traced to its segment in the bytes as received.
ORIGIN = (
    Column("transaction", pl.UInt16, "which TH…TT of the file, counted from 1"),
    Column("record", pl.UInt32, "which DSP of the file, counted from 1"),
    Column("position", pl.UInt32, "which segment of the file its DSP is, counted from 1"),
    Column("version", pl.String, "ASAP version of the transaction, upper case", ("TH01",)),
)

# Only the judge needs these: they lead from a row to the segments that govern it.
SCAFFOLD = (
    Column("pha_position", pl.UInt32, "position of the governing PHA segment"),
    Column("pat_position", pl.UInt32, "position of the governing PAT segment"),
    Column("pre_position", pl.UInt32, "position of its PRE segment; null where there is none"),
)

# WHAT THE FILE SAID ----------------------------------------------------------------------------
PHARMACY = (
    Column("pharmacy_dea", pl.String, "DEA number of the dispenser", ("PHA03",)),
    Column("pharmacy_ncpdp", pl.String, "NCPDP provider id of the dispenser", ("PHA02",)),
    Column("pharmacy_npi", pl.String, "NPI of the dispenser", ("PHA01",)),
    Column("pharmacy_name", pl.String, "name of the pharmacy or dispensing prescriber", ("PHA04",)),
    Column("pharmacy_city", pl.String, "city of the dispenser", ("PHA07",)),
    Column("pharmacy_state", pl.String, "USPS state code of the dispenser", ("PHA08",)),
    Column("pharmacy_zip", pl.String, "ZIP code of the dispenser, as sent", ("PHA09",)),
    Column("pharmacy_phone", pl.String, "telephone of the dispenser", ("PHA10",)),
    Column("pharmacy_type", pl.String, "dispenser type code (5.0)", ("PHA14",)),
)

PATIENT = (
    Column("patient_id_qualifier", pl.String, "kind of patient_id, list Q", ("PAT02",), True),
    Column("patient_id", pl.String, "identifier of the kind named by the qualifier", ("PAT03",), True),
    Column("last_name", pl.String, "patient's last name (owner's, for an animal)", ("PAT07",), True),
    Column("first_name", pl.String, "patient's first name", ("PAT08",), True),
    Column("middle_name", pl.String, "patient's middle name", ("PAT09",), True),
    Column("name_suffix", pl.String, "Jr, Sr, III …", ("PAT11",), True),
    Column("address_1", pl.String, "street address, first line", ("PAT12",), True),
    Column("address_2", pl.String, "street address, second line", ("PAT13",), True),
    Column("city", pl.String, "patient's city", ("PAT14",), True),
    Column("state", pl.String, "patient's state or jurisdiction", ("PAT15",), True),
    Column("zip", pl.String, "patient's ZIP or foreign postal code, as sent", ("PAT16",), True),
    Column("phone", pl.String, "patient's telephone, as sent: often the pharmacy's", ("PAT17",), True),
    Column("date_of_birth", pl.Date, "patient's date of birth", ("PAT18",), True),
    Column("gender", pl.String, "F, M, U; N and X from 5.0", ("PAT19",), True),
    Column("species", pl.String, "01 human, 02 veterinary", ("PAT20",)),
    Column("location_code", pl.String, "where the patient lives or is treated", ("PAT21",)),
    Column("country", pl.String, "country of a non-US resident", ("PAT22",), True),
    Column("animal_name", pl.String, "name of the animal", ("PAT23",), True),
    Column("alias_last_name", pl.String, "preferred or alias last name (5.0)", ("PAT24",), True),
    Column("alias_first_name", pl.String, "preferred or alias first name (5.0)", ("PAT25",), True),
)

PRESCRIPTION = (
    Column("reporting_status", pl.String, "00 new, 01 revise, 02 void; 00 where empty means new", ("DSP01",)),
    Column("rx_number", pl.String, "prescription number, a serial of the pharmacy", ("DSP02",)),
    Column("written_on", pl.Date, "date the prescriber authorised it", ("DSP03",)),
    Column("refills_authorized", pl.Int32, "refills authorised", ("DSP04",)),
    Column("filled_on", pl.Date, "date filled", ("DSP05",)),
    Column("fill_number", pl.Int32, "0 original, 1… refill", ("DSP06",)),
    Column(
        "product_qualifier", pl.String, "01 NDC, 02 UPC, 03 HRI, 04 UPN, 05 DIN, 06 compound, 07 cannabis", ("DSP07",)
    ),
    Column("product_id", pl.String, "product code as sent", ("DSP08",)),
    Column(
        "ndc",
        pl.String,
        "canonical 11-digit NDC, 5-4-2 without hyphens; null where it is none or ambiguous",
        ("DSP07", "DSP08"),
    ),
    # An element of format D has at most 11 characters, so a 64-bit float gives every one back exactly.
    Column("quantity", pl.Float64, "quantity dispensed, in dosage_units", ("DSP09",)),
    Column("days_supply", pl.Int32, "days supply, in days", ("DSP10",)),
    Column("dosage_units", pl.String, "01 each, 02 mL, 03 g", ("DSP11",)),
    Column("origin_code", pl.String, "how the prescription reached the pharmacy", ("DSP12",)),
    Column("partial_fill", pl.Int32, "0 not partial, 1 first partial, 2 second …; 4.1 knows only 0 and 1", ("DSP13",)),
    Column("pharmacist_npi", pl.String, "NPI of the pharmacist", ("DSP14",)),
    Column("pharmacist_license", pl.String, "state licence of the pharmacist", ("DSP15",)),
    Column("payment_code", pl.String, "01 private pay, 02 Medicaid, 03 Medicare, 04 commercial …", ("DSP16",)),
    Column("sold_on", pl.Date, "date it left the pharmacy", ("DSP17",)),
    Column("rxnorm_code", pl.String, "RxNorm code", ("DSP18", "DSP19")),
    Column("erx_reference", pl.String, "electronic prescription reference number", ("DSP19", "DSP20")),
    Column("erx_order", pl.String, "electronic prescription order number", ("DSP21",)),
    Column("quantity_prescribed", pl.Float64, "quantity prescribed, in dosage_units", ("DSP22",)),
    Column("sig", pl.String, "label directions, cut at 200", ("DSP23",), True),
    Column("treatment_type", pl.String, "opioid treatment type", ("DSP24",), True),
    Column("diagnosis", pl.String, "ICD-10 code without the point", ("DSP25",), True),
    Column("discount_card", pl.String, "01 yes, 02 no (5.0)", ("DSP31",)),
    Column("schedule_code", pl.String, "schedule as the sender designates it (5.0)", ("DSP34",)),
    Column(
        "ingredients",
        pl.List(
            pl.Struct(
                {
                    "sequence": pl.String,
                    "product_qualifier": pl.String,
                    "product_id": pl.String,
                    "quantity": pl.Float64,
                    "dosage_units": pl.String,
                }
            )
        ),
        "reportable ingredients of a compound, in file order; null where there is none",
        ("CDI01", "CDI02", "CDI03", "CDI04", "CDI05"),
    ),
)

PRESCRIBER = (
    Column("prescriber_npi", pl.String, "NPI of the prescriber", ("PRE01",)),
    Column("prescriber_dea", pl.String, "DEA number of the prescriber", ("PRE02",)),
    Column("prescriber_dea_suffix", pl.String, "suffix under an institution's DEA number", ("PRE03",)),
    Column("prescriber_license", pl.String, "state licence of the prescriber", ("PRE04",)),
    Column("prescriber_last_name", pl.String, "last name of the prescriber", ("PRE05",)),
    Column("prescriber_first_name", pl.String, "first name of the prescriber", ("PRE06",)),
    Column("prescriber_phone", pl.String, "telephone of the prescriber", ("PRE08",)),
)

SAID = PHARMACY + PATIENT + PRESCRIPTION + PRESCRIBER

# WHAT THE STORE ADDS ---------------------------------------------------------------------------
EVENT = (
    Column("submission_id", pl.String, "the submission that brought this event"),
    Column(
        "recorded_at", pl.Datetime("us", "UTC"), "when the event was committed: history as of T reads recorded_at <= T"
    ),
    Column(
        "record_key",
        pl.String,
        "pharmacy|Rx number|fill date|fill number|partial fill: what makes it the same dispensation",
    ),
    Column("person_key", pl.UInt64, "keyed hash of the identity as sent (store/persons.py)"),
    Column("dispenser_id", pl.String, "the dispenser in our register; null where unknown"),
)

ROW_COLUMNS = ORIGIN + SCAFFOLD + SAID
EVENT_COLUMNS = EVENT + ORIGIN + SAID


def schema_of(columns: tuple[Column, ...]) -> pl.Schema:
    """The polars schema of these columns, in their order."""
    return pl.Schema({column.name: column.dtype for column in columns})


ROW_SCHEMA = schema_of(ROW_COLUMNS)
EVENT_SCHEMA = schema_of(EVENT_COLUMNS)

# Column names whose values identify a patient: logging refuses them, tests look for them.
PATIENT_COLUMNS = frozenset(column.name for column in ROW_COLUMNS if column.identifies)


def pharmacy_id() -> pl.Expr:
    """The pharmacy's identifier in a record key: its DEA number, else NCPDP id, else NPI."""
    return pl.coalesce("pharmacy_dea", "pharmacy_ncpdp", "pharmacy_npi").str.to_uppercase()


def record_key() -> pl.Expr:
    """The record key of a row, e.g. ``FX1234563|100001|20240304|0|0``; null parts read as empty."""
    return pl.concat_str(
        pharmacy_id().fill_null(""),
        pl.col("rx_number").fill_null(""),
        pl.col("filled_on").dt.strftime("%Y%m%d").fill_null(""),
        pl.col("fill_number").fill_null(0).cast(pl.String),
        pl.col("partial_fill").fill_null(0).cast(pl.String),
        separator="|",
    )
