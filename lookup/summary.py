"""The counts at the head of a report: over people's lines only, each by the rule that the report states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from lookup.lines import MME_DECIMALS
from schemas.report import ClassCount, Dispensation, Pharmacy, Prescriber, Summary


OPIOID, BUPRENORPHINE = "opioid", "buprenorphine"


def summarise(lines: Sequence[Dispensation], outside_period: int) -> Summary:
    """The counts over `lines`; `outside_period` is how many fills the period left out."""
    active = [line for line in lines if line.active]
    opioids = [line for line in active if line.drug.drug_class == OPIOID]
    doses = [line.mme_per_day for line in opioids if line.mme_per_day is not None]
    days = [line.filled_on for line in lines if line.filled_on is not None]
    return Summary(
        dispensations=len(lines),
        prescriptions=len({_prescription(line) for line in lines}),
        prescribers=count_prescribers([line.prescriber for line in lines]),
        pharmacies=len({_pharmacy(line.pharmacy) for line in lines} - {()}),
        active=len(active),
        active_unknown=sum(line.active is None for line in lines),
        private_pay=sum(line.private_pay for line in lines),
        opioid_mme_per_day=round(sum(doses), MME_DECIMALS) if doses else None,
        opioid_mme_missing=len(opioids) - len(doses),
        buprenorphine_active=sum(line.drug.drug_class == BUPRENORPHINE for line in active),
        first_fill=min(days, default=None),
        last_fill=max(days, default=None),
        outside_period=outside_period,
        classes=_classes(lines),
    )


def count_prescribers(prescribers: Sequence[Prescriber]) -> int:
    """Distinct prescribers as persons (clinical.md 4.3): one institutional DEA number serves many residents.

    By NPI; without one, by DEA number and suffix, which is the person of an NPI where it came with exactly
    one; without either, by name. Whoever was sent with nothing is not counted.
    """
    npis: dict[tuple[str, str], set[str]] = defaultdict(set)
    for prescriber in prescribers:
        if prescriber.dea and prescriber.npi:
            npis[_registration(prescriber)].add(prescriber.npi)
    persons: set[Hashable] = set()
    for prescriber in prescribers:
        if prescriber.npi:
            persons.add(prescriber.npi)
        elif prescriber.dea:
            registration = _registration(prescriber)
            known = npis.get(registration, set())
            persons.add(next(iter(known)) if len(known) == 1 else registration)
        elif prescriber.name:
            persons.add(("name", prescriber.name))
    return len(persons)


def _registration(prescriber: Prescriber) -> tuple[str, str]:
    return prescriber.dea or "", prescriber.dea_suffix or ""


def _pharmacy(pharmacy: Pharmacy) -> tuple[str, ...]:
    """As the record key knows it: DEA number, else NCPDP id, else NPI."""
    number = pharmacy.dea or pharmacy.ncpdp or pharmacy.npi or pharmacy.name
    return (number.upper(),) if number else ()


def _prescription(line: Dispensation) -> Hashable:
    # Without a number nobody can say that two fills are one prescription.
    if line.rx_number is None:
        return line.source.submission_id, line.source.record
    return _pharmacy(line.pharmacy), line.rx_number


def _classes(lines: Sequence[Dispensation]) -> tuple[ClassCount, ...]:
    by_class: dict[str, list[Dispensation]] = defaultdict(list)
    for line in lines:
        by_class[line.drug.drug_class].append(line)
    return tuple(
        ClassCount(
            drug_class=drug_class,
            dispensations=len(group),
            prescriptions=len({_prescription(line) for line in group}),
            active=sum(line.active is True for line in group),
        )
        for drug_class, group in sorted(by_class.items(), key=lambda item: (-len(item[1]), item[0]))
    )
