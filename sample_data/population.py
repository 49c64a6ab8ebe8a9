"""Who takes what: the people and animals of the sample state, and their courses of drugs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from sample_data import identifiers
from sample_data.formulary import Drug, drugs_for
from sample_data.names import full_name, names, street_address, towns
from sample_data.world import Course, Dispenser, Patient, Prescriber


# What patients take, and how many of a hundred; the rest take something for a few days now and then.
PATTERNS = (
    ("chronic_opioid", 11),
    ("benzodiazepine", 16),
    ("stimulant", 14),
    ("neuropathic", 12),
    ("sleep", 8),
    ("buprenorphine", 7),
    ("cancer", 3),
    ("other_controlled", 5),
    ("diabetes", 4),
    ("pet", 5),
)
SPECIALTY = {
    "chronic_opioid": "pain medicine",
    "cancer": "oncology",
    "buprenorphine": "addiction medicine",
    "stimulant": "psychiatry",
    "acute_opioid": "emergency medicine",
}

# A fill's rhythm is counted from here; any day before the first month will do.
EPOCH = date(2020, 1, 1).toordinal()


def invented_person(random: Random) -> Patient:
    """An adult, not yet on anything."""
    gender = random.choice("FFM")
    first, last = full_name(random, gender)
    place = random.choice(towns())
    born = date(2006, 1, 1) - timedelta(days=random.randint(0, 66 * 365))
    middle = random.choice("ABCDEFGHJKLMNPRSTW") if random.random() < 0.5 else ""  # noqa: PLR2004  half have one
    license_ = f"99{random.randint(0, 9_999_999):07d}" if random.random() < 0.7 else ""  # noqa: PLR2004  seven in ten
    number = identifiers.phone(place.area_code, random.randint(0, 99))
    return Patient(
        first, last, middle, born, gender, street_address(random), place.name, place.zip, number, license_, ()
    )


def _course(
    random: Random,
    serial: int,
    drug: Drug,
    prescriber: Prescriber,
    dispenser: Dispenser,
    cycle: int = 0,
) -> Course:
    return Course(
        serial=serial,
        drug=drug,
        prescriber=prescriber,
        dispenser=dispenser,
        offset=EPOCH + random.randint(0, 365),
        cycle=cycle or max(drug.days - random.choice((0, 0, 0, 1, 2)), 5),
        payment=random.choices(("01", "02", "03", "04", "06"), (8, 25, 22, 42, 3))[0],
        origin=random.choices(("01", "02", "04", "05"), (6, 3, 4, 87))[0],
    )


def outpatient(
    random: Random,
    serials: Iterator[int],
    shops: tuple[Dispenser, ...],
    prescribers: list[Prescriber],
    veterinarians: list[Prescriber],
) -> Patient:
    """A person on one or two patterns, or an animal whose drug comes from a pharmacy."""
    patient = invented_person(random)
    home = random.choice(shops)
    if random.random() < 0.6:  # noqa: PLR2004  most live where their pharmacy is
        patient = replace(patient, town=home.town, zip=home.zip)
    courses = []
    for pattern, share in PATTERNS:
        if random.random() * 100 >= share:
            continue
        drug = random.choice(drugs_for(pattern))
        if pattern == "pet" and veterinarians:
            prescriber = random.choice(veterinarians)
        else:
            prescriber = _writer(random, SPECIALTY.get(pattern, "family medicine"), prescribers)
        course = _course(random, next(serials), drug, prescriber, home)
        partial = not drug.refills and random.random() < 0.05  # noqa: PLR2004  one in twenty C-II courses
        courses.append(replace(course, partial=partial, treatment="03" if pattern == "cancer" else ""))
        if pattern == "pet":
            return replace(
                patient,
                courses=(courses[-1],),
                animal=random.choice(names("pet")),
                birth=_animal_birth(random),
            )
    if len(courses) < 2 and random.random() < 0.6:  # noqa: PLR2004  the others come now and then
        drug = random.choice(drugs_for("acute_opioid"))
        shop = home if random.random() < 0.7 else random.choice(shops)  # noqa: PLR2004  most stay at home
        prescriber = _writer(random, random.choice(("emergency medicine", "dentistry")), prescribers)
        courses.append(_course(random, next(serials), drug, prescriber, shop, cycle=random.randint(45, 120)))
    if random.random() < 0.06:  # noqa: PLR2004  naloxone beside opioids, or for the cupboard
        prescriber = _writer(random, "family medicine", prescribers)
        rescue = _course(random, next(serials), drugs_for("rescue")[0], prescriber, home, cycle=180)
        courses.append(replace(rescue, origin="99"))
    return replace(patient, courses=tuple(courses))


def _writer(random: Random, specialty: str, prescribers: list[Prescriber]) -> Prescriber:
    return random.choice([each for each in prescribers if each.specialty == specialty])


def inpatient(random: Random, serials: Iterator[int], hospital: Dispenser, prescribers: list[Prescriber]) -> Patient:
    """Somebody on a ward (exempt, P-021), sent home with two days' supply (P-024), or given a dose (P-025)."""
    prescriber = _writer(random, "emergency medicine", prescribers)
    drug = random.choice(drugs_for("inpatient"))
    course = _course(random, next(serials), drug, prescriber, hospital, cycle=random.randint(9, 25))
    kind = random.choice(("ward", "ward", "ward", "take_home", "given", "outpatient"))
    if kind == "ward":
        course = replace(course, location="09")
    elif kind == "take_home":
        course = replace(course, location="10", drug=replace(drug, quantity=6, days=2))
    elif kind == "given":
        course = replace(course, location="10", origin="07", drug=replace(drug, quantity=1, days=3))
    else:
        course = replace(course, location="10", drug=replace(drug, quantity=20, days=5))
    return replace(invented_person(random), courses=(course,))


def clinic_patient(random: Random, serials: Iterator[int], clinic: Dispenser, prescribers: list[Prescriber]) -> Patient:
    """Somebody in treatment for an opioid use disorder, with a week's take-home doses of methadone."""
    prescriber = _writer(random, "addiction medicine", prescribers)
    course = _course(random, next(serials), random.choice(drugs_for("methadone_clinic")), prescriber, clinic, cycle=7)
    return replace(invented_person(random), courses=(replace(course, treatment="02", location="10"),))


def _animal_birth(random: Random) -> date:
    return date(2024, 1, 1) - timedelta(days=random.randint(300, 4000))


def animal_of(
    random: Random, serials: Iterator[int], vet: Dispenser, prescriber: Prescriber, *, animal_first: bool
) -> Patient:
    """An animal of a veterinarian that dispenses; the owner's last name, the animal's birthday."""
    owner = invented_person(random)
    course = _course(random, next(serials), random.choice(drugs_for("pet")), prescriber, vet)
    return replace(
        owner,
        animal=random.choice(names("pet")),
        animal_first=animal_first,
        birth=_animal_birth(random),
        license="",
        courses=(course,),
    )
