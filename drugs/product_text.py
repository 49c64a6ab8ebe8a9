"""How the NDC directory's shouted words become the words a clinician reads: names, strengths, forms."""

from __future__ import annotations

import re


# What follows an ingredient's name in a substance name, and is not the drug.
SALTS = frozenset(
    [
        "hydrochloride",
        "sulfate",
        "tartrate",
        "bitartrate",
        "phosphate",
        "citrate",
        "mesylate",
        "dimesylate",
        "maleate",
        "besylate",
        "saccharate",
        "aspartate",
        "cypionate",
        "enanthate",
        "undecanoate",
        "decanoate",
        "polistirex",
        "hydrobromide",
        "methylbromide",
        "bromide",
        "anhydrous",
        "monohydrate",
        "dihydrate",
        "trihydrate",
        "hemihydrate",
        "sodium",
        "potassium",
        "dipotassium",
        "calcium",
        "magnesium",
        "succinate",
        "fumarate",
        "oxalate",
        "camsylate",
    ]
)
# Names that end in such a word and are the drug all the same.
WHOLE = frozenset({"sodium oxybate"})

ABBREVIATED = {"hydrochloride": "HCl", "hydrobromide": "HBr"}

FORMS = (
    ("TABLET, ORALLY DISINTEGRATING", "orally disintegrating tablet"),
    ("TABLET, CHEWABLE, EXTENDED RELEASE", "extended-release chewable tablet"),
    ("TABLET, CHEWABLE", "chewable tablet"),
    ("SUSPENSION, EXTENDED RELEASE", "extended-release oral suspension"),
    ("TABLET", "tablet"),
    ("CAPSULE", "capsule"),
    ("PATCH", "transdermal system"),
    ("INJECT", "injection"),
    ("FILM", "film"),
    ("SPRAY", "spray"),
    ("AEROSOL", "spray"),
    ("LOZENGE", "lozenge"),
    ("TROCHE", "lozenge"),
    ("SUPPOSITORY", "suppository"),
    ("GEL", "gel"),
    ("IMPLANT", "implant"),
    ("PELLET", "pellet"),
    ("SOLUTION, CONCENTRATE", "concentrate"),
    ("CONCENTRATE", "concentrate"),
    ("SOLUTION", "solution"),
    ("SYRUP", "syrup"),
    ("ELIXIR", "elixir"),
    ("SUSPENSION", "suspension"),
    ("TINCTURE", "tincture"),
    ("LIQUID", "liquid"),
    ("KIT", "kit"),
)
LIQUIDS = frozenset({"concentrate", "solution", "syrup", "elixir", "suspension", "tincture", "liquid"})
PARENTERAL = ("INTRAVENOUS", "INTRAMUSCULAR", "SUBCUTANEOUS", "EPIDURAL", "INTRATHECAL", "PARENTERAL")


def salt_free(substance: str) -> str:
    """The ingredient of a substance, lower case and without its salt.

    >>> salt_free("AMPHETAMINE ASPARTATE MONOHYDRATE")
    'amphetamine'
    """
    words = substance.lower().split()
    while len(words) > 1 and words[-1] in SALTS and " ".join(words) not in WHOLE:
        words.pop()
    return " ".join(words)


def name_of(proprietary: str, substances: list[str]) -> str:
    """A product's name: its substances, behind the brand where it has one.

    >>> name_of("OXYCONTIN", ["OXYCODONE HYDROCHLORIDE"])
    'OxyContin (Oxycodone HCl)'
    >>> name_of("Hydrocodone and Acetaminophen", ["HYDROCODONE BITARTRATE", "ACETAMINOPHEN"])
    'Hydrocodone Bitartrate/Acetaminophen'
    """
    bases = [salt_free(substance) for substance in substances]
    if len(substances) > 1 and all(base.endswith("amphetamine") for base in bases):
        generic = "Amphetamine mixed salts"
    else:
        generic = "/".join(dict.fromkeys(_title(substance) for substance in substances))
    stems = {word[:7] for base in bases for word in re.findall("[a-z]+", base)}
    brand = proprietary.strip()
    words = re.findall("[a-z]+", brand.lower())
    if not words or any(word[:7] in stems for word in words):
        return generic
    brand = _title(brand) if brand.isupper() or brand.islower() else brand
    return f"{BRANDS.get(brand.lower(), brand)} ({generic})"


# Brands that carry a capital inside.
BRANDS = {"oxycontin": "OxyContin", "ms contin": "MS Contin", "oxaydo": "Oxaydo"}


def _title(text: str) -> str:
    """Words with a capital each, salts abbreviated."""
    words = [ABBREVIATED.get(word, word if word == "and" else word.capitalize()) for word in text.lower().split()]
    return " ".join(words)


def strength_of(parts: list[tuple[str, str, str]]) -> str | None:
    """The strength as a label prints it.

    Args:
        parts: ingredient, amount and the directory's unit ("mg/5mL") of each substance.

    >>> strength_of([("hydrocodone", "7.5", "mg/15mL"), ("acetaminophen", "325", "mg/15mL")])
    '7.5 mg/325 mg per 15 mL'
    >>> strength_of([("fentanyl", "25", "ug/h")])
    '25 mcg/hr'
    >>> strength_of([("amphetamine", "5", "mg/1"), ("dextroamphetamine", "5", "mg/1")])
    '10 mg'
    """
    parts = [part for part in parts if part[1] and part[2]]
    if not parts:
        return None
    if len(parts) > 1 and all(ingredient.endswith("amphetamine") for ingredient, _, _ in parts):
        units = {unit for _, _, unit in parts}
        if len(units) == 1:
            parts = [("amphetamine", f"{sum(float(amount) for _, amount, _ in parts):g}", units.pop())]
    masses = [f"{_number(amount)} {_mass(unit)}" for _, amount, unit in parts]
    pers = list(dict.fromkeys(_per(unit) for _, _, unit in parts))
    if pers == [""]:
        return "/".join(masses)
    if len(parts) == 1:
        return f"{masses[0]}/{pers[0]}"
    if len(pers) == 1:
        return f"{'/'.join(masses)} per {pers[0]}"
    return "; ".join(f"{mass}/{_per(unit)}".rstrip("/") for mass, (_, _, unit) in zip(masses, parts, strict=True))


def _number(amount: str) -> str:
    return f"{float(amount):.10g}"


def _mass(unit: str) -> str:
    mass = unit.partition("/")[0]
    return {"ug": "mcg", "[iU]": "units", "U": "units", "1": "units", "meq": "mEq"}.get(mass, mass)


def _per(unit: str) -> str:
    """What a strength is per: "" for one piece, "mL", "5 mL", "hr", "24 hr"."""
    per = unit.partition("/")[2]
    if per == "1":
        return ""
    matched = re.fullmatch(r"([\d.]*)(.*)", per)
    if matched is None:
        return per
    count, what = matched.groups()
    if not what:  # "mg/1001" on a tablet: a labeler's slip, and no denominator to print
        return ""
    what = {"h": "hr", "d": "day"}.get(what, what)
    return f"{_number(count)} {what}" if count else what


def form_of(dosage_form: str, routes: set[str]) -> str:
    """The dosage form in words, told apart by route where the directory's word is not enough.

    >>> form_of("TABLET, FILM COATED, EXTENDED RELEASE", {"ORAL"})
    'extended-release tablet'
    >>> form_of("CONCENTRATE", {"ORAL"})
    'oral concentrate'
    """
    form = next((word for start, word in FORMS if dosage_form.startswith(start)), dosage_form.lower())
    if form in {"tablet", "capsule"} and "EXTENDED RELEASE" in dosage_form:
        form = f"extended-release {form}"
    elif form in {"tablet", "capsule"} and "DELAYED RELEASE" in dosage_form:
        form = f"delayed-release {form}"
    if form == "film" and "TRANSDERMAL" in routes:
        return "transdermal system"
    place = next((route for route in ("SUBLINGUAL", "BUCCAL", "NASAL") if route in routes), None)
    if place is None and "TRANSMUCOSAL" in routes:
        place = "BUCCAL"
    if place and form in {"film", "tablet", "spray", "solution"}:
        return f"{place.lower()} {form}"
    if form in LIQUIDS:
        if any(route in PARENTERAL for route in routes):
            return "injection"
        return f"oral {form}" if "ORAL" in routes else form
    return form
