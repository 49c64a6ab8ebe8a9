"""The worked example of asap.md (1.7), word for word."""

from __future__ import annotations

from datetime import date

import polars as pl

from ingest.rows import read
from schemas.dispensation import ROW_SCHEMA


EXAMPLE = b"""\
TH*4.2A*20240305-0001*01**20240305*210500*P**~~
IS*5550000000*EXAMPLE PHARMACY*#20240305#-#20240305#~
PHA*1234567893*0000000*FX1234563*EXAMPLE PHARMACY*1 EXAMPLE ST**HARTFORD*CT*06103*5550000000~
PAT*******SAMPLE*ALEX****2 EXAMPLE ST**HARTFORD*CT*06103**19800101*U*01~
DSP*00*100001*20240304*0*20240305*0*01*65162062750*30*7*01*05*00***01~
PRE*1234567893*AB1234563***SAMPLE*ROBIN~
TP*5~
TT*20240305-0001*8~
"""

ROW = {
    "transaction": 1,
    "record": 1,
    "position": 5,
    "version": "4.2A",
    "pha_position": 3,
    "pat_position": 4,
    "pre_position": 6,
    "pharmacy_dea": "FX1234563",
    "pharmacy_ncpdp": "0000000",
    "pharmacy_npi": "1234567893",
    "pharmacy_name": "EXAMPLE PHARMACY",
    "pharmacy_city": "HARTFORD",
    "pharmacy_state": "CT",
    "pharmacy_zip": "06103",
    "pharmacy_phone": "5550000000",
    "last_name": "SAMPLE",
    "first_name": "ALEX",
    "address_1": "2 EXAMPLE ST",
    "city": "HARTFORD",
    "state": "CT",
    "zip": "06103",
    "date_of_birth": date(1980, 1, 1),
    "gender": "U",
    "species": "01",
    "reporting_status": "00",
    "rx_number": "100001",
    "written_on": date(2024, 3, 4),
    "refills_authorized": 0,
    "filled_on": date(2024, 3, 5),
    "fill_number": 0,
    "product_qualifier": "01",
    "product_id": "65162062750",
    "ndc": "65162062750",
    "quantity": 30.0,
    "days_supply": 7,
    "dosage_units": "01",
    "origin_code": "05",
    "partial_fill": 0,
    "payment_code": "01",
    "prescriber_npi": "1234567893",
    "prescriber_dea": "AB1234563",
    "prescriber_last_name": "SAMPLE",
    "prescriber_first_name": "ROBIN",
}


def test_the_row() -> None:
    rows = read(EXAMPLE).rows
    assert rows.schema == ROW_SCHEMA
    assert rows.to_dicts() == [dict.fromkeys(ROW_SCHEMA) | ROW]


def test_the_transaction() -> None:
    assert read(EXAMPLE).transactions.to_dicts() == [
        {
            "transaction": 1,
            "version": "4.2A",
            "control_number": "20240305-0001",
            "transaction_type": "01",
            "file_type": "P",
            "terminator": "~",
            "position": 1,
            "trailer_position": 8,
            "segments_seen": 8,
        }
    ]


def test_the_counts_that_it_states_are_the_true_ones() -> None:
    segments = read(EXAMPLE).segments
    assert segments["TP"].select("position", "pha_position", "segments_seen", "TP01").row(0) == (7, 3, 5, "5")
    assert segments["TT"].select("position", "segments_seen", "TT01", "TT02").row(0) == (8, 8, "20240305-0001", "8")


def test_every_element_as_sent_and_null_where_empty() -> None:
    segments = read(EXAMPLE).segments
    assert list(segments) == ["PHA", "PAT", "DSP", "PRE", "CDI", "AIR", "TH", "IS", "TP", "TT"]
    header = segments["TH"].row(0, named=True)
    assert [header[f"TH{n:02d}"] for n in range(1, 10)] == [
        "4.2A", "20240305-0001", "01", None, "20240305", "210500", "P", None, "~",
    ]  # fmt: skip
    patient = segments["PAT"].row(0, named=True)
    sent = {name: value for name, value in patient.items() if name.startswith("PAT") and value is not None}
    assert sent == {
        "PAT07": "SAMPLE", "PAT08": "ALEX", "PAT12": "2 EXAMPLE ST", "PAT14": "HARTFORD", "PAT15": "CT",
        "PAT16": "06103", "PAT18": "19800101", "PAT19": "U", "PAT20": "01",
    }  # fmt: skip
    assert patient["record"] == 1
    assert patient["surplus"] is False
    assert segments["CDI"].is_empty()
    assert segments["DSP"].columns[:6] == [
        "position", "transaction", "pha_position", "pat_position", "record", "surplus",
    ]  # fmt: skip
    assert segments["DSP"].columns[6:] == [f"DSP{n:02d}" for n in range(1, 26)]


def test_it_has_nothing_else() -> None:
    reading = read(EXAMPLE)
    assert reading.refusals == ()
    assert reading.strays.is_empty()
    assert reading.zero_reports.is_empty()
    assert reading.strays.schema == {"position": pl.UInt32, "transaction": pl.UInt16, "segment": pl.String}
