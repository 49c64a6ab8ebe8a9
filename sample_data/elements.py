"""A dispensation of the sample state as ASAP elements, by version."""

from __future__ import annotations

from sample_data.courses import Fill
from sample_data.segments import Elements, Record, day
from sample_data.world import Dispenser, Patient, Prescriber


def pharmacy_elements(dispenser: Dispenser, version: str) -> dict[int, str]:
    """PHA of a dispenser."""
    elements = {
        1: dispenser.npi,
        2: dispenser.ncpdp,
        3: dispenser.dea,
        4: dispenser.name.upper(),
        5: dispenser.address.upper(),
        7: dispenser.town.upper(),
        8: "CT",
        9: dispenser.zip,
        10: dispenser.phone,
        12: dispenser.store,
    }
    if version == "5.0":
        elements |= {14: dispenser.type_code, 15: "02"}
    return elements


def patient_elements(patient: Patient, location: str, version: str) -> dict[int, str]:
    """PAT of a patient; of an animal, as its veterinarian writes it. Location is PAT21."""
    first, last = patient.first, patient.last
    if patient.animal_first:
        first = patient.animal
    elements = {
        7: last.upper(),
        8: first.upper(),
        9: "" if patient.animal else patient.middle,
        12: patient.address.upper(),
        14: patient.town.upper(),
        15: "CT",
        16: patient.zip,
        17: patient.phone,
        18: day(patient.birth),
        19: patient.gender,
        20: "02" if patient.animal else "01",
        21: location,
        23: patient.animal.upper(),
    }
    if patient.license:
        elements |= {1: "CT", 2: "06", 3: patient.license}
    if patient.animal and version == "5.0":
        elements |= {28: "02", 29: "01"}
    return elements


def record(fill: Fill, version: str) -> Record:
    """DSP and PRE of a fill, with its deliberate changes."""
    prescriber = prescriber_elements(fill.course.prescriber, version)
    return Record(changed(dispensing_elements(fill, version), "DSP", fill), changed(prescriber, "PRE", fill))


def dispensing_elements(fill: Fill, version: str) -> dict[int, str]:
    """DSP of a fill."""
    course, drug = fill.course, fill.course.drug
    # 4.1 knows only yes (01) and no (02); later versions number the partial fills.
    partial = ("01" if fill.partial else "02") if version == "4.1" else f"{fill.partial:02d}"
    elements = {
        1: fill.status,
        2: fill.rx_number,
        3: day(fill.written),
        4: str(drug.refills),
        5: day(fill.filled),
        6: str(fill.number),
        7: "01",
        8: drug.ndc,
        9: f"{fill.quantity:g}",
        10: str(fill.days),
        11: drug.units,
        12: course.origin if version == "5.0" or course.origin != "07" else "99",
        13: partial,
        16: course.payment,
        17: day(fill.filled),
    }
    if version in {"4.2A", "4.2B", "5.0"}:
        elements |= {22: f"{drug.quantity:g}", 24: course.treatment}
    if version == "5.0":
        elements |= {31: "02"} if course.payment in {"01", "04"} else {}
    return elements


def prescriber_elements(prescriber: Prescriber, version: str) -> dict[int, str]:
    """PRE of a prescriber."""
    elements = {1: prescriber.npi, 2: prescriber.dea, 5: prescriber.last.upper(), 6: prescriber.first.upper()}
    if version != "4.1":
        elements |= {4: prescriber.license, 8: prescriber.clinic.phone}
    return elements


def changed(elements: dict[int, str], name: str, fill: Fill) -> Elements:
    """The elements with the fill's deliberate changes to this segment."""
    changes = {int(key[3:]): value for key, value in fill.changes.items() if key.startswith(name)}
    return elements | changes
