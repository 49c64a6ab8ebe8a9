"""A handful of listings as the FDA's files have them, the clean and the wrong, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from drugs.directory import build, canonical_ndc, main, read_directory
from drugs.table import DRUG_SCHEMA


PRODUCT_COLUMNS = (
    "PRODUCTID",
    "PRODUCTNDC",
    "PRODUCTTYPENAME",
    "PROPRIETARYNAME",
    "DOSAGEFORMNAME",
    "ROUTENAME",
    "MARKETINGCATEGORYNAME",
    "SUBSTANCENAME",
    "ACTIVE_NUMERATOR_STRENGTH",
    "ACTIVE_INGRED_UNIT",
    "DEASCHEDULE",
)
RX = "HUMAN PRESCRIPTION DRUG"
APAP = "HYDROCODONE BITARTRATE; ACETAMINOPHEN"
DONNATAL = "PHENOBARBITAL; HYOSCYAMINE SULFATE; ATROPINE SULFATE; SCOPOLAMINE HYDROBROMIDE"
LISTINGS = (
    (RX, "Lortab", "TABLET", "ORAL", "ANDA", APAP, "5; 325", "mg/1; mg/1", "CIII"),
    (RX, "Lyrica", "CAPSULE", "ORAL", "NDA", "PREGABALIN", "75", "mg/1", ""),
    (RX, "Cough", "SYRUP", "ORAL", "ANDA", "GUAIFENESIN; CODEINE PHOSPHATE", "100; 10", "mg/5mL; mg/5mL", ""),
    (RX, "Tylenol 3", "TABLET", "ORAL", "ANDA", "ACETAMINOPHEN; CODEINE PHOSPHATE", "300; 30", "mg/1; mg/1", ""),
    (
        RX,
        "Lomotil",
        "TABLET",
        "ORAL",
        "NDA",
        "DIPHENOXYLATE HYDROCHLORIDE; ATROPINE SULFATE",
        "2.5; .025",
        "mg/1; mg/1",
        "CII",
    ),
    (
        RX,
        "Donnatal",
        "TABLET",
        "ORAL",
        "UNAPPROVED DRUG OTHER",
        DONNATAL,
        "16; .1; .1; .1",
        "mg/1; mg/1; mg/1; mg/1",
        "",
    ),
    (RX, "Duragesic", "PATCH, EXTENDED RELEASE", "TRANSDERMAL", "NDA", "FENTANYL", "25", "ug/1", "CII"),
    (RX, "Methadone", "TABLET", "ORAL", "ANDA", "METHADONE HYDROCHLORIDE", "10", "mg/1001", "CII"),
    (RX, "Hydrocodone", "SOLUTION", "ORAL", "ANDA", APAP, "7.5; 325", "mg/120mL; mg/120mL", "CII"),
    ("HUMAN OTC DRUG", "Aspirin", "TABLET", "ORAL", "OTC MONOGRAPH FINAL", "ASPIRIN", "325", "mg/1", "CII"),
    ("HUMAN OTC DRUG", "Morphinum", "PELLET", "ORAL", "UNAPPROVED HOMEOPATHIC", "MORPHINE", "6", "[hp_C]/1", "CII"),
    (RX, "Lisinopril", "TABLET", "ORAL", "ANDA", "LISINOPRIL", "5", "mg/1", ""),
)


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    rows = [(f"id{n}", f"{n:04}-0001", *listing) for n, listing in enumerate(LISTINGS, 1)]
    products = pl.DataFrame(
        [[value or None for value in row] for row in rows],
        schema=dict.fromkeys(PRODUCT_COLUMNS, pl.String),
        orient="row",
    )
    codes = [(f"id{n}", f"{n:04}-0001-{package:02}") for n in range(1, len(LISTINGS) + 1) for package in range(1, 9)]
    packages = pl.DataFrame(codes, schema=["PRODUCTID", "NDCPACKAGECODE"], orient="row")
    return build(products, packages)


def listed(table: pl.DataFrame, name: str) -> dict[str, object]:
    return table.filter(pl.col("name").str.starts_with(name)).row(0, named=True)


@pytest.mark.parametrize(
    ("name", "schedule"),
    [
        ("Lortab", "II"),  # stale in the directory
        ("Lyrica", "V"),  # missing in the directory
        ("Cough (Codeine", "V"),  # missing; a dilute liquid
        ("Tylenol", "III"),  # missing; a tablet with another drug
        ("Lomotil", "V"),  # wrong in the directory
        ("Donnatal", None),  # an exempted combination
        ("Lisinopril", None),
    ],
)
def test_schedules_are_settled_by_the_ingredients(table: pl.DataFrame, name: str, schedule: str | None) -> None:
    assert listed(table, name)["schedule"] == schedule


def test_unborne_schedules_and_homeopathics_stay_out(table: pl.DataFrame) -> None:
    assert table.filter(pl.col("name").str.contains("Aspirin|Morph")).is_empty()


def test_all_packages_of_a_scheduled_product_and_six_of_an_ordinary_one(table: pl.DataFrame) -> None:
    assert table.filter(pl.col("name").str.starts_with("Lortab")).height == 8
    assert table.filter(pl.col("name") == "Lisinopril").height == 6


@pytest.mark.parametrize(
    ("name", "strength", "factor", "per_unit"),
    [
        ("Lortab", "5 mg/325 mg", 1.0, 5.0),
        ("Duragesic", "25 mcg/hr", 2.4, 25.0),
        ("Cough", "10 mg/100 mg per 5 mL", 0.15, 2.0),  # the controlled ingredient first
        ("Methadone", "10 mg", 4.7, None),  # "per 1001" is a slip
        ("Hydrocodone", "7.5 mg/325 mg per 120 mL", 1.0, None),  # per bottle
    ],
)
def test_strengths(table: pl.DataFrame, name: str, strength: str, factor: float, per_unit: float | None) -> None:
    found = listed(table, name)
    assert (found["strength"], found["mme_factor"], found["mme_strength"]) == (strength, factor, per_unit)


@pytest.mark.parametrize("ndc", ["0002-1200", "0002-1200-1-2"])
def test_an_ndc_has_three_parts(ndc: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        canonical_ndc(ndc)


def test_directory_files_are_windows_1252_and_unquoted(tmp_path: Path) -> None:
    path = tmp_path / "product.txt"
    path.write_bytes('NAME\tUNIT\nDr. Müller"s\tmg\n'.encode("windows-1252"))
    assert read_directory(path).row(0) == ('Dr. Müller"s', "mg")


def test_a_new_edition_is_written_from_the_two_files(tmp_path: Path, table: pl.DataFrame) -> None:
    columns = "\t".join((*PRODUCT_COLUMNS,))
    listing = "\t".join(("id1", "0001-0001", *LISTINGS[0]))
    (tmp_path / "product.txt").write_text(f"{columns}\n{listing}\n", encoding="windows-1252")
    (tmp_path / "package.txt").write_text("PRODUCTID\tNDCPACKAGECODE\nid1\t0001-0001-01\n", encoding="windows-1252")
    out = tmp_path / "products.csv"
    assert main([str(tmp_path / "product.txt"), str(tmp_path / "package.txt")], out) == 0
    assert pl.read_csv(out, schema=DRUG_SCHEMA).equals(table.filter(pl.col("ndc") == "00001000101"))
