"""The people and places of the sample state. Nobody in here exists.

`make_world` makes the same world from the same seed: dispensers with their senders and habits, clinics
with prescribers, patients with the prescriptions they are on. What happens on a day is courses.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from sample_data.formulary import Drug
from sample_data.segments import Habit
from schemas.dispenser import REGISTER_SCHEMA


@dataclass(frozen=True)
class Dispenser:
    """Who reports: the register's facts, and how it sends.

    Attributes:
        dispenser_id: of the register, such as ``"D003"``.
        kind: a `schemas.dispenser.DispenserKind`.
        licence_class: a `schemas.dispenser.LicenceClass`.
        cadence: a `schemas.dispenser.Cadence`.
        type_code: PHA14, sent from 5.0 on.
        sender: the account that uploads its files; a chain's stores share one.
        version: the ASAP version its software writes.
        store: the chain's store number; empty where it is no chain.
        closed_on_sunday: dispenses nothing on Sundays and sends a zero report.
        silent_from: the day of the month, counted from 0, from which it sends nothing; None sends all.
    """

    dispenser_id: str
    name: str
    dea: str
    ncpdp: str
    npi: str
    kind: str
    licence_class: str
    cadence: str
    address: str
    town: str
    zip: str
    phone: str
    type_code: str
    sender: str
    version: str
    habit: Habit
    store: str = ""
    closed_on_sunday: bool = False
    silent_from: int | None = None


@dataclass(frozen=True)
class Clinic:
    """Where prescribers practise."""

    name: str
    address: str
    town: str
    zip: str
    phone: str


@dataclass(frozen=True)
class Prescriber:
    """Who writes prescriptions; a veterinarian's own practice is the dispenser of the same DEA number."""

    first: str
    last: str
    npi: str
    dea: str
    license: str
    specialty: str
    clinic: Clinic


@dataclass(frozen=True)
class Course:
    """One drug that a patient takes: who writes it, where it is filled, in which rhythm.

    Attributes:
        serial: of the course in the world; makes its prescription numbers unique.
        offset: a day number (proleptic Gregorian) on which a fill falls.
        cycle: days between fills.
        payment: DSP16.
        origin: DSP12.
        only_on: fills happen only on these days of the month, counted from 0; empty follows the rhythm.
        partial: the fill comes in two partials, three days apart.
        treatment: DSP24; empty where not sent.
        location: PAT21.
    """

    serial: int
    drug: Drug
    prescriber: Prescriber
    dispenser: Dispenser
    offset: int
    cycle: int
    payment: str
    origin: str = "05"
    only_on: tuple[int, ...] = ()
    partial: bool = False
    treatment: str = ""
    location: str = "01"


@dataclass(frozen=True)
class Patient:
    """A person, or an animal with the person responsible for it.

    Attributes:
        license: PAT03 of qualifier 06 (a driver's licence); empty where none is sent.
        animal: the animal's name; empty for a person.
        animal_first: True writes the animal's name as first name (the Connecticut convention, asap.md 10).
        courses: what is prescribed to them.
    """

    first: str
    last: str
    middle: str
    birth: date
    gender: str
    address: str
    town: str
    zip: str
    phone: str
    license: str
    courses: tuple[Course, ...]
    animal: str = ""
    animal_first: bool = False


@dataclass(frozen=True)
class World:
    """The sample state.

    Attributes:
        seed: what it was made from.
        pharmacies: pharmacies and the assisted-living facility's drug room.
        veterinarians: dispensing veterinarians.
        hospitals: hospitals' institutional pharmacies.
        methadone_clinics: opioid treatment programs.
        demo_patient: a history worth reading: opioids of several prescribers, a benzodiazepine over them.
        demo_prescriber: the family physician who asks for that history.
    """

    seed: int
    pharmacies: tuple[Dispenser, ...]
    veterinarians: tuple[Dispenser, ...]
    hospitals: tuple[Dispenser, ...]
    methadone_clinics: tuple[Dispenser, ...]
    clinics: tuple[Clinic, ...]
    prescribers: tuple[Prescriber, ...]
    patients: tuple[Patient, ...]
    demo_patient: Patient
    demo_prescriber: Prescriber

    @property
    def dispensers(self) -> tuple[Dispenser, ...]:
        """Everybody who reports."""
        return self.pharmacies + self.veterinarians + self.hospitals + self.methadone_clinics

    @property
    def never_reports(self) -> tuple[Dispenser, ...]:
        """The dispensers that send nothing at all."""
        return tuple(dispenser for dispenser in self.dispensers if dispenser.silent_from == 0)

    @property
    def stops_reporting(self) -> tuple[Dispenser, ...]:
        """The dispensers that fall silent during the month."""
        return tuple(dispenser for dispenser in self.dispensers if dispenser.silent_from)

    def senders(self) -> dict[str, tuple[str, ...]]:
        """Sender account -> the dispenser_ids it may report for."""
        rights: dict[str, tuple[str, ...]] = {}
        for dispenser in self.dispensers:
            rights[dispenser.sender] = (*rights.get(dispenser.sender, ()), dispenser.dispenser_id)
        return rights

    def register(self) -> pl.DataFrame:
        """The dispenser register, of `REGISTER_SCHEMA`."""
        columns = REGISTER_SCHEMA.names()
        rows = [{column: getattr(dispenser, column) for column in columns} for dispenser in self.dispensers]
        return pl.DataFrame(rows, schema=REGISTER_SCHEMA)
