"""The shipped table is what it says: canonical, complete, and true to what the law and the label say."""

from __future__ import annotations

import polars as pl
import pytest

import drugs
from drugs.products import DATA
from drugs.table import DRUG_SCHEMA


TABLE = drugs.load()


def row(ndc: str) -> dict[str, object]:
    return TABLE.row(by_predicate=pl.col("ndc") == ndc, named=True)


def test_schema_and_order() -> None:
    assert TABLE.schema == DRUG_SCHEMA
    assert TABLE["ndc"].is_sorted()
    assert TABLE["ndc"].is_unique().all()
    assert TABLE["ndc"].str.contains(r"^\d{11}$").all()


def test_loaded_once() -> None:
    assert drugs.load() is TABLE


def test_edition_names_both_sources() -> None:
    assert "2019-04-29" in drugs.EDITION
    assert "CDC 2022" in drugs.EDITION


@pytest.mark.parametrize(
    ("ndc", "name", "strength", "form", "schedule", "drug_class", "agonist"),
    [
        # the product of the worked example, asap.md 1.7
        ("65162062750", "Tramadol HCl", "50 mg", "tablet", "IV", "opioid", False),
        ("00406055201", "Oxycodone HCl", "5 mg", "tablet", "II", "opioid", False),
        ("00378912498", "Fentanyl", "100 mcg/hr", "transdermal system", "II", "opioid", False),
        ("00071101568", "Lyrica (Pregabalin)", "100 mg", "capsule", "V", "other", False),
        ("59417010110", "Vyvanse (Lisdexamfetamine Dimesylate)", "10 mg", "capsule", "II", "stimulant", False),
        ("69547035302", "Narcan (Naloxone HCl)", "4 mg/0.1 mL", "nasal spray", None, "naloxone", False),
        ("00071040124", "Neurontin (Gabapentin)", "800 mg", "tablet", None, "gabapentin", False),
        ("00054017713", "Buprenorphine HCl", "8 mg", "sublingual tablet", "III", "buprenorphine", True),
        ("00002821501", "Humulin (Insulin Human)", "100 units/mL", "injection", None, "insulin", False),
        ("00006001954", "Prinivil (Lisinopril)", "5 mg", "tablet", None, "other", False),
        ("00591024001", "Lorazepam", "0.5 mg", "tablet", "IV", "benzodiazepine", False),
    ],
)
def test_products(
    ndc: str, name: str, strength: str, form: str, schedule: str | None, drug_class: str, *, agonist: bool
) -> None:
    found = row(ndc)
    expected = (name, strength, form, schedule, drug_class, agonist)
    assert tuple(found[key] for key in ("name", "strength", "form", "schedule", "drug_class", "agonist")) == expected


def test_every_opioid_of_the_2022_table_is_there_with_its_factor() -> None:
    factors = pl.read_csv(DATA / "mme_factors.csv")
    for ingredient, factor in factors.select("ingredient", "factor").iter_rows():
        found = TABLE.filter((pl.col("ingredients") == ingredient) & pl.col("mme_factor").is_not_null())
        assert found["mme_factor"].unique().to_list() == [factor]


def test_no_other_product_has_a_factor() -> None:
    factored = TABLE.filter(pl.col("mme_factor").is_not_null())
    ten = set(pl.read_csv(DATA / "mme_factors.csv")["ingredient"])
    assert factored["ingredients"].str.split("/").map_elements(lambda names: bool(ten & set(names)), pl.Boolean).all()
    assert set(factored["drug_class"]) == {"opioid"}


@pytest.mark.parametrize(
    ("ingredient", "schedule"),
    [
        ("hydrocodone", "II"),  # 79 FR 49661, although labelers still list III
        ("oxycodone", "II"),
        ("methadone", "II"),
        ("fentanyl", "II"),
        ("buprenorphine", "III"),
        ("tramadol", "IV"),
        ("lorazepam", "IV"),
        ("zolpidem", "IV"),
        ("carisoprodol", "IV"),
        ("amphetamine/dextroamphetamine", "II"),
        ("pregabalin", "V"),
        ("lacosamide", "V"),
        ("diphenoxylate", "V"),
        ("testosterone", "III"),
        ("ketamine", "III"),
        ("gabapentin", None),
        ("naloxone", None),
        ("lisinopril", None),
    ],
)
def test_one_schedule_for_all_packages_of_a_drug(ingredient: str, schedule: str | None) -> None:
    found = TABLE.filter(pl.col("ingredients") == ingredient)
    assert found.height >= 3
    assert found["schedule"].unique().to_list() == [schedule]


def test_only_exempted_combinations_of_a_scheduled_ingredient_are_unscheduled() -> None:
    ingredients = pl.read_csv(DATA / "ingredients.csv")
    scheduled = set(ingredients.filter(pl.col("schedule").is_not_null())["ingredient"])
    bare = TABLE.filter(pl.col("schedule").is_null() & pl.col("ingredients").is_in(list(scheduled)))
    assert set(bare["ingredients"]) == {"butalbital", "phenobarbital", "chlordiazepoxide"}
    assert bare["name"].str.contains("/").all()


def test_pain_only_buprenorphine_is_no_agonist_treatment() -> None:
    table = TABLE.filter(pl.col("drug_class") == "buprenorphine")
    assert not table.filter(pl.col("form") == "transdermal system")["agonist"].any()
    assert not table.filter(pl.col("name").str.starts_with("Belbuca"))["agonist"].any()
    assert table.filter(pl.col("form") == "sublingual film")["agonist"].all()
    assert TABLE.filter(pl.col("ingredients") == "methadone")["agonist"].all()


def test_classes_are_those_of_the_seam() -> None:
    classes = "opioid buprenorphine benzodiazepine stimulant naloxone gabapentin insulin other"
    assert set(TABLE["drug_class"]) == set(classes.split())


def test_not_reportable_is_decidable() -> None:
    ordinary = TABLE.filter(pl.col("schedule").is_null() & (pl.col("drug_class") == "other"))
    assert ordinary["ingredients"].n_unique() >= 20
