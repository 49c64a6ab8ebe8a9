"""From the FDA's NDC directory to our drug table: how a new edition is made.

THE DIRECTORY IS NOT CLEAN. It holds what labelers wrote: hydrocodone tablets still marked C-III ten
years after they became C-II, Lyrica and some lorazepam without any schedule, blood bags marked C-II. A
drug that slips out of its schedule slips out of the patient's history, so a product's schedule is taken
from the directory only as far as its ingredients (data/ingredients.csv) bear it out.

To make a new edition: fetch the directory's ``product.txt`` and ``package.txt`` from the FDA, run
``python -m drugs.directory product.txt package.txt``, set data/edition.toml, read the difference.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from drugs.product_text import form_of, name_of, salt_free, strength_of
from drugs.table import DRUG_SCHEMA


DATA = Path(__file__).parent / "data"

PRODUCT_TYPES = ("HUMAN PRESCRIPTION DRUG", "HUMAN OTC DRUG")
SCHEDULES = {"CII": "II", "CIII": "III", "CIV": "IV", "CV": "V"}

# Where a product has several ingredients, the first of these is its class.
CLASS_ORDER = ("buprenorphine", "opioid", "benzodiazepine", "stimulant", "insulin", "gabapentin", "naloxone", "other")

# Combinations that are exempted prescription products (21 CFR 1308.32) although an ingredient is
# scheduled: for these alone, no schedule in the directory means no schedule.
EXEMPTED = (
    frozenset({"butalbital", "acetaminophen"}),
    frozenset({"butalbital", "acetaminophen", "caffeine"}),
    frozenset({"phenobarbital", "hyoscyamine", "atropine", "scopolamine"}),
    frozenset({"chlordiazepoxide", "clidinium"}),
    frozenset({"estrogens, esterified", "methyltestosterone"}),
)

# Where the directory contradicts the law: hydrocodone is II in every product (79 FR 49661, from
# 2014-10-06); diphenoxylate with atropine is V (21 CFR 1308.15), whatever a labeler wrote.
SETTLED = ((frozenset({"hydrocodone"}), "II"), (frozenset({"diphenoxylate", "atropine"}), "V"))

# The strengths in which fentanyl patches are made, in mcg/hr: some labelers list "25 mcg" or "25 mcg/72 h".
PATCH_STRENGTHS = frozenset({12.0, 12.5, 25.0, 37.5, 50.0, 62.5, 75.0, 87.5, 100.0})

# Listings whose strength cannot be right (codeine 50 mg where every such capsule holds 30): they stay in the
# table, without a morphine equivalent.
DOUBTFUL_STRENGTH = frozenset({"0023-6010"})

# What a liquid's strength is stated per, in mL; any other number is the size of a bottle.
STATED_PER = frozenset({"", "2.5", "5", "7.5", "10", "15", "100"})

# How many packages of each ordinary drug the table keeps; they stand for "known and not reportable".
ORDINARY_PACKAGES = 6


def read_directory(path: Path) -> pl.DataFrame:
    """The rows of the directory's product.txt or package.txt, every column as text."""
    return pl.read_csv(path, separator="\t", infer_schema=False, encoding="windows-1252", quote_char=None)


def canonical_ndc(package_code: str) -> str:
    """The 11-digit form of a hyphenated NDC.

    >>> canonical_ndc("0574-4072-05"), canonical_ndc("51655-089-52"), canonical_ndc("58118-1397-3")
    ('00574407205', '51655008952', '58118139703')
    """
    labeler, product, package = package_code.split("-")
    return labeler.rjust(5, "0") + product.rjust(4, "0") + package.rjust(2, "0")


def build(products: pl.DataFrame, packages: pl.DataFrame) -> pl.DataFrame:
    """The drug table of a directory.

    Args:
        products: the rows of product.txt.
        packages: the rows of package.txt.

    Returns:
        A row per package of every scheduled or watched product, and of a few ordinary ones, of
        `DRUG_SCHEMA`, sorted by ndc.
    """
    ingredients = {row["ingredient"]: row for row in pl.read_csv(DATA / "ingredients.csv").iter_rows(named=True)}
    ordinary = set(pl.read_csv(DATA / "ordinary.csv")["ingredient"])
    factors = {row["ingredient"]: row for row in pl.read_csv(DATA / "mme_factors.csv").iter_rows(named=True)}

    listed = products.filter(
        pl.col("PRODUCTTYPENAME").is_in(PRODUCT_TYPES)
        & ~pl.col("MARKETINGCATEGORYNAME").str.contains("HOMEOPATHIC")
        & pl.col("SUBSTANCENAME").is_not_null()
    )
    described = []
    kept: dict[str, int] = {}
    codes = packages.select("PRODUCTID", "NDCPACKAGECODE").rows_by_key("PRODUCTID")
    for product in listed.sort("PRODUCTNDC", "PRODUCTID").iter_rows(named=True):
        substances = product["SUBSTANCENAME"].split("; ")
        bases = [salt_free(substance) for substance in substances]
        known = [base for base in dict.fromkeys(bases) if base in ingredients]
        if not known and not (len(bases) == 1 and bases[0] in ordinary):
            continue
        description = _describe(product, substances, bases, known, ingredients, factors)
        for (code,) in codes.get(product["PRODUCTID"], ()):
            if not known:
                kept[bases[0]] = kept.get(bases[0], 0) + 1
                if kept[bases[0]] > ORDINARY_PACKAGES:
                    continue
            described.append({"ndc": canonical_ndc(code), **description})
    return pl.DataFrame(described, schema=DRUG_SCHEMA).unique("ndc", keep="first", maintain_order=True).sort("ndc")


def _describe(
    product: dict[str, str | None],
    substances: list[str],
    bases: list[str],
    known: list[str],
    ingredients: dict[str, dict[str, str | bool | None]],
    factors: dict[str, dict[str, str | float]],
) -> dict[str, str | bool | float | None]:
    """One product's columns of the drug table, all but its ndc."""
    routes = set((product["ROUTENAME"] or "").split("; "))
    form = form_of(product["DOSAGEFORMNAME"] or "", routes)
    amounts = list(
        zip(
            (product["ACTIVE_NUMERATOR_STRENGTH"] or "").split("; "),
            (product["ACTIVE_INGRED_UNIT"] or "").split("; "),
            strict=False,
        )
    )
    # Controlled ingredients first, as a clinician says them: hydrocodone/acetaminophen.
    scheduled = [base for base in known if ingredients[base]["schedule"]]
    if set(scheduled) == {"amphetamine", "dextroamphetamine"}:  # mixed salts, listed in every order
        scheduled.sort()
    order = sorted(range(len(bases)), key=lambda n: (bases[n] not in scheduled, bases[n] not in known))
    classes = {str(ingredients[base]["drug_class"]) for base in known}
    drug_class = next((each for each in CLASS_ORDER if each in classes), "other")
    if bases == ["fentanyl"] and form == "transdermal system":
        amounts = [(amount, "ug/h" if float(amount) in PATCH_STRENGTHS else unit) for amount, unit in amounts]
    factor, per_unit = _mme(bases, amounts, form, factors)
    if product["PRODUCTNDC"] in DOUBTFUL_STRENGTH:
        factor, per_unit = None, None
    return {
        "name": name_of(product["PROPRIETARYNAME"] or "", [substances[n] for n in order]),
        "ingredients": "/".join(scheduled or known or bases),
        "strength": strength_of([(bases[n], *amounts[n]) for n in order if n < len(amounts)]),
        "form": form,
        "schedule": _schedule(product["DEASCHEDULE"], bases, scheduled, form, ingredients),
        "drug_class": drug_class,
        "agonist": any(ingredients[base]["agonist"] for base in known) and not _for_pain_only(bases, form, amounts),
        "mme_factor": factor,
        "mme_strength": per_unit,
    }


def _schedule(
    listed: str | None,
    bases: list[str],
    scheduled: list[str],
    form: str,
    ingredients: dict[str, dict[str, str | bool | None]],
) -> str | None:
    """A product's federal schedule: the directory's where its ingredients bear it out."""
    if not scheduled:
        return None
    settled = next((schedule for combination, schedule in SETTLED if combination <= set(bases)), None)
    if settled or listed in SCHEDULES:
        return settled or SCHEDULES[str(listed)]
    if frozenset(bases) in EXEMPTED:
        return None
    if scheduled == ["codeine"] and len(bases) > 1:
        # 21 CFR 1308.13(e)(1) and 1308.15(c)(1): tablets with another drug are III, dilute liquids V.
        return "V" if form.endswith(("solution", "syrup", "suspension", "elixir", "liquid")) else "III"
    return min((str(ingredients[base]["schedule"]) for base in scheduled), key=list(SCHEDULES.values()).index)


def _mme(
    bases: list[str],
    amounts: list[tuple[str, str]],
    form: str,
    factors: dict[str, dict[str, str | float]],
) -> tuple[float | None, float | None]:
    """The CDC 2022 factor of a product and its opioid's strength per unit; None where it has none."""
    if len(bases) != len(amounts):
        return None, None
    for base, (amount, unit) in zip(bases, amounts, strict=True):
        factor = factors.get(base)
        if factor is None:
            continue
        if factor["route"] == "transdermal":
            patch = form == "transdermal system" and unit == "ug/h"
            return (float(factor["factor"]), float(amount)) if patch else (None, None)
        if not _is_oral(form):
            return None, None
        return float(factor["factor"]), _milligrams_per_unit(amount, unit)
    return None, None


def _is_oral(form: str) -> bool:
    """True where the form is swallowed: the CDC's table is for these and for fentanyl patches."""
    return form.endswith(("tablet", "capsule")) or form.startswith(("oral", "extended-release oral"))


MILLIGRAMS = {"g": 1000.0, "mg": 1.0, "ug": 0.001}


def _milligrams_per_unit(amount: str, unit: str) -> float | None:
    """Milligrams in one tablet or capsule, or in one mL."""
    mass, _, per = unit.partition("/")
    if mass not in MILLIGRAMS:
        return None
    milligrams = float(amount) * MILLIGRAMS[mass]
    if per == "1":
        return milligrams
    volume = per.removesuffix("mL")
    if per.endswith("mL") and volume in STATED_PER:
        return round(milligrams / float(volume or 1), 6)
    return None


def _for_pain_only(bases: list[str], form: str, amounts: list[tuple[str, str]]) -> bool:
    """True for buprenorphine made for pain: patches, films in micrograms, ampoules of 0.3 mg/mL."""
    if "buprenorphine" not in bases:
        return False
    micrograms = any(unit.startswith("ug/") for _, unit in amounts)
    ampoule = form == "injection" and any(float(amount) < 1 for amount, _ in amounts)
    return form == "transdermal system" or micrograms or ampoule


def main(arguments: list[str], out: Path = DATA / "products.csv") -> int:
    """Write the table from the product.txt and package.txt named."""
    products, packages = (read_directory(Path(each)) for each in arguments)
    build(products, packages).write_csv(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
