"""Make the sample state from a seed: who reports, who prescribes, who takes what."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sample_data import identifiers
from sample_data.demo_patient import demo_patient
from sample_data.names import Town, full_name, names, street_address, towns
from sample_data.population import SPECIALTY, animal_of, clinic_patient, inpatient, outpatient
from sample_data.segments import Habit
from sample_data.world import Clinic, Dispenser, Prescriber, World
from schemas.dispenser import Cadence, DispenserKind, LicenceClass


CHAIN = "Charter Oak Pharmacy"
CHAIN_STORES = 4
INDEPENDENTS = (
    "Nutmeg Apothecary",
    "Lighthouse Drug",
    "Quinnipiac Family Pharmacy",
    "Mountain Laurel Pharmacy",
    "Thimble Islands Drug",
    "Old Quarry Apothecary",
    "Saltmarsh Pharmacy",
    "Harvest Moon Drug",
    "Candlewood Pharmacy",
    "Steamboat Drug",
    "Meadowlark Pharmacy",
    "Pequot Bluff Drug",
)

# How the independents' software writes, in turn: every version and every habit the reader must know.
INDEPENDENT_HABITS: tuple[tuple[str, Habit], ...] = (
    ("4.2B", Habit(line_end="\n", trailing="trimmed")),
    ("4.2A", Habit(terminator="\\", line_end="\r\n")),
    ("4.1", Habit(terminator="", line_end="\r\n")),
    ("4.2B", Habit(line_end="", trailing="stray", lower_case=True)),
    ("5.0", Habit(line_end="\n", trailing="trimmed")),
    ("4.2", Habit()),
    ("4.2A", Habit(encoding="latin-1")),
)


SPECIALTIES = ("family medicine", "internal medicine", "dentistry", *dict.fromkeys(SPECIALTY.values()))


def make_world(
    seed: int,
    pharmacies: int = 12,
    veterinary_clinics: int = 2,
    hospitals: int = 1,
    methadone_clinics: int = 1,
    patients: int = 500,
) -> World:
    """The sample state of a seed.

    Args:
        seed: the same seed makes the same world, always.
        pharmacies: at least 10: four stores of a chain, an assisted-living facility's drug room, one that
            never reports, one that falls silent after ten days, and independents.
        veterinary_clinics: weekly reporters.
        hospitals: whose inpatients are exempt (P-021).
        methadone_clinics: which must report since 2022-07-01 (L-03).
        patients: people; their pets come on top.

    Raises:
        ValueError: fewer than ten pharmacies.
    """
    fewest = CHAIN_STORES + 6
    if pharmacies < fewest:
        raise ValueError(f"a world needs at least {fewest} pharmacies, not {pharmacies}")
    random = Random(seed)  # noqa: S311  repeatable on purpose, and no secret
    shops = _pharmacies(random, pharmacies)
    clinics = tuple(_clinic(random, serial) for serial in range(max(6, patients // 40)))
    prescribers = [_prescriber(random, serial, clinics) for serial in range(max(len(SPECIALTIES) * 2, patients // 12))]
    veterinarians = [_veterinarian(random, serial) for serial in range(veterinary_clinics)]
    special = _institutions(random, hospitals, methadone_clinics)
    vets = [prescriber for _, prescriber in veterinarians]
    writers = (*prescribers, *vets)

    serials = iter(range(1, 10**6))
    people = [outpatient(random, serials, shops, prescribers, vets) for _ in range(patients)]
    people += [inpatient(random, serials, hospital, prescribers) for hospital in special[0] for _ in range(30)]
    people += [clinic_patient(random, serials, clinic, prescribers) for clinic in special[1] for _ in range(40)]
    people += [
        animal_of(random, serials, vet, prescriber, animal_first=number % 2 == 0)
        for number, (vet, prescriber) in enumerate(veterinarians)
        for _ in range(15)
    ]
    reporting = tuple(shop for shop in shops if shop.silent_from is None and shop.habit.terminator != "")
    shown, colleague = demo_patient(serials, reporting, prescribers)
    return World(
        seed=seed,
        pharmacies=shops,
        veterinarians=tuple(dispenser for dispenser, _ in veterinarians),
        hospitals=special[0],
        methadone_clinics=special[1],
        clinics=clinics,
        prescribers=writers,
        patients=(*people, shown),
        demo_patient=shown,
        demo_prescriber=colleague,
    )


def _pharmacies(random: Random, count: int) -> tuple[Dispenser, ...]:
    """A chain, an assisted-living drug room, and independents of which one never and one hardly reports."""
    places = random.sample(towns(), count)
    shops = []
    for number, place in enumerate(places):
        if number < CHAIN_STORES:
            store = str(101 + number)
            shop = _dispenser(random, number, f"{CHAIN} #{store}", place, "charteroak", "4.2B", Habit())
            shops.append(replace(shop, store=store, type_code="02", closed_on_sunday=number == CHAIN_STORES - 1))
        elif number == CHAIN_STORES:
            shop = _dispenser(random, number, "Elm Crossing Assisted Living", place, "elmcrossing", "4.2", Habit())
            kind, licence = DispenserKind.INSTITUTIONAL_PHARMACY, LicenceClass.ASSISTED_LIVING
            shops.append(replace(shop, kind=kind, licence_class=licence, type_code="03"))
        else:
            independent = number - CHAIN_STORES - 1
            version, habit = INDEPENDENT_HABITS[independent % len(INDEPENDENT_HABITS)]
            name = INDEPENDENTS[independent % len(INDEPENDENTS)]
            shop = _dispenser(random, number, name, place, name.split()[0].lower(), version, habit)
            # The last two: one that never reports, and one that stops after ten days.
            silent_from = {count - 1: 0, count - 2: 10}.get(number)
            sunday = independent % 2 == 0
            shops.append(replace(shop, type_code="01", closed_on_sunday=sunday, silent_from=silent_from))
    return tuple(shops)


def _dispenser(
    random: Random, serial: int, name: str, place: Town, sender: str, version: str, habit: Habit
) -> Dispenser:
    return Dispenser(
        dispenser_id=f"D{serial + 1:03d}",
        name=name,
        dea=identifiers.dea("G", "9" if name.startswith(CHAIN) else name[0], 100 + serial),
        ncpdp=identifiers.ncpdp(serial),
        npi=identifiers.npi(serial),
        kind=DispenserKind.PHARMACY,
        licence_class=LicenceClass.PHARMACY,
        cadence=Cadence.DAILY,
        address=street_address(random),
        town=place.name,
        zip=place.zip,
        phone=identifiers.phone(place.area_code, serial),
        type_code="01",
        sender=sender,
        version=version,
        habit=habit,
    )


def _institutions(
    random: Random, hospitals: int, methadone_clinics: int
) -> tuple[tuple[Dispenser, ...], tuple[Dispenser, ...]]:
    """Hospitals' institutional pharmacies, and opioid treatment programs."""
    places = random.sample(towns(), hospitals + methadone_clinics)
    wards = []
    for number, place in enumerate(places[:hospitals]):
        suffix = "" if number == 0 else str(number + 1)
        ward = _dispenser(
            random,
            700 + number,
            f"Sachem General Hospital {suffix}".strip(),
            place,
            f"sachem{suffix}",
            "5.0",
            Habit(line_end="\n"),
        )
        kind, licence = DispenserKind.INSTITUTIONAL_PHARMACY, LicenceClass.HOSPITAL
        wards.append(replace(ward, kind=kind, licence_class=licence, type_code="04"))
    programs = []
    for number, place in enumerate(places[hospitals:]):
        suffix = "" if number == 0 else str(number + 1)
        program = _dispenser(
            random,
            800 + number,
            f"Stone Wall Recovery Clinic {suffix}".strip(),
            place,
            f"stonewall{suffix}",
            "4.2B",
            Habit(),
        )
        kind, licence = DispenserKind.OPIOID_TREATMENT_PROGRAM, LicenceClass.SUBSTANCE_USE_CLINIC
        dea = identifiers.dea("R", "S", 800 + number)
        programs.append(
            replace(program, kind=kind, licence_class=licence, dea=dea, type_code="05", closed_on_sunday=True)
        )
    return tuple(wards), tuple(programs)


def _clinic(random: Random, serial: int) -> Clinic:
    place = random.choice(towns())
    name = (
        f"{random.choice(names('street'))} {random.choice(('Medical Group', 'Health', 'Primary Care', 'Associates'))}"
    )
    return Clinic(name, street_address(random), place.name, place.zip, identifiers.phone(place.area_code, 40 + serial))


def _prescriber(random: Random, serial: int, clinics: tuple[Clinic, ...]) -> Prescriber:
    first, last = full_name(random, random.choice("FM"))
    return Prescriber(
        first,
        last,
        identifiers.npi(10_000 + serial),
        identifiers.dea("G", last[0], 1000 + serial),
        f"CT9{serial:05d}",
        SPECIALTIES[serial % len(SPECIALTIES)],
        random.choice(clinics),
    )


def _veterinarian(random: Random, serial: int) -> tuple[Dispenser, Prescriber]:
    """A veterinary practice that dispenses under its veterinarian's own DEA number, weekly (P-019)."""
    place = random.choice(towns())
    first, last = full_name(random, random.choice("FM"))
    name = f"{last} Veterinary Clinic"
    practice = _dispenser(random, 600 + serial, name, place, f"vet{serial + 1}", "4.2B", Habit(trailing="trimmed"))
    practice = replace(
        practice,
        kind=DispenserKind.VETERINARIAN,
        licence_class=LicenceClass.VETERINARY,
        cadence=Cadence.WEEKLY,
        ncpdp="",
        type_code="07",
    )
    clinic = Clinic(name, practice.address, place.name, place.zip, practice.phone)
    return practice, Prescriber(
        first, last, practice.npi, practice.dea, f"VT9{serial:05d}", "veterinary medicine", clinic
    )
