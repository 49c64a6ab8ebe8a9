"""Ingredients of a compound, and the empty CDI that many senders write under every fill."""

from __future__ import annotations

from ingest.rows import read


FILE = (
    "TH*4.2B*C1*01**20260306*0115*P**~~IS*5550000000*EXAMPLE*~PHA***FX1234563~"
    "PAT*******SAMPLE*ALEX****2 EXAMPLE ST**HARTFORD*CT*06103**19800101*U*01~"
    "DSP*00*1*20260304*0*20260305*0*06*99999123456*30*7*01*05*00***01~PRE*1234567893*AB1234563~{}TP*{}~TT*C1*{}~"
)


def ingredients(*compounds: str) -> object:
    text = FILE.format("".join(f"{one}~" for one in compounds), 5 + len(compounds), 8 + len(compounds))
    return read(text.encode()).rows["ingredients"].to_list()[0]


def test_an_empty_padded_segment_is_no_ingredient() -> None:
    assert ingredients("CDI*****") is None


def test_beside_a_real_one_it_adds_nothing() -> None:
    found = ingredients("CDI*1*01*00406055201*10*01", "CDI*****")
    assert found == [
        {
            "sequence": "1",
            "product_qualifier": "01",
            "product_id": "00406055201",
            "quantity": 10.0,
            "dosage_units": "01",
        }
    ]
