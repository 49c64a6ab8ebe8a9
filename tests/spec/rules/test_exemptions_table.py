"""What the law does not want: drawn rows in, exempt or kept out; with the days on which the law changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest
from specimens import DRUGS, context, register, specimen

from validation.exemptions import EXEMPTIONS
from validation.judge import judge


EXEMPT, NOT_REPORTABLE, KEPT = "exempt", "not_reportable", "accepted"

HOSPITAL = {"kind": "institutional_pharmacy", "licence_class": "hospital"}
DRUG_ROOM = {"kind": "institutional_pharmacy", "licence_class": "health_care_facility"}
ASSISTED_LIVING = {"kind": "institutional_pharmacy", "licence_class": "assisted_living"}
CLINIC = {"kind": "opioid_treatment_program", "licence_class": "substance_use_clinic"}
PROGRAM = {"kind": "opioid_treatment_program", "licence_class": "practitioner"}
FACILITY = {"kind": "pharmacy", "licence_class": "health_care_facility"}
PHARMACY = {"kind": "pharmacy", "licence_class": "pharmacy"}
PRACTITIONER = {"kind": "dispensing_practitioner", "licence_class": "practitioner"}
VETERINARIAN = {"kind": "veterinarian", "licence_class": "veterinary"}


@dataclass(frozen=True)
class Row:
    """One drawn row: what is dispensed, by whom, when; and what becomes of it."""

    expected: str
    reason: str | None = None
    drug: str = "oxycodone"
    filled: str = "20240305"
    by: dict[str, str] | None = None  # the register's entry; None is an offline check without register
    version: str = "4.2A"
    elements: dict[str, str | None] = field(default_factory=dict)


def kept(**changes: object) -> Row:
    return Row(KEPT, **changes)  # type: ignore[arg-type]


def let_off(reason: str, **changes: object) -> Row:
    return Row(EXEMPT if reason.startswith("X") else NOT_REPORTABLE, reason, **changes)  # type: ignore[arg-type]


INPATIENT = {"PAT21": "09"}
TWO_DAYS, THREE_DAYS = {"DSP10": "2"}, {"DSP10": "3"}

TABLE = {
    # P-021, P-022
    "inpatient, hospital pharmacy": let_off("X-P021", by=HOSPITAL, elements=INPATIENT),
    "inpatient, drug room": let_off("X-P021", by=DRUG_ROOM, elements=INPATIENT),
    "inpatient, assisted living": kept(by=ASSISTED_LIVING, elements=INPATIENT),
    "inpatient, community pharmacy": kept(by=PHARMACY, elements=INPATIENT),
    "outpatient, hospital pharmacy": kept(by=HOSPITAL, elements={"PAT21": "10"}),
    "nursing home, hospital pharmacy": kept(by=HOSPITAL, elements={"PAT21": "03"}),
    "no location, hospital pharmacy": kept(by=HOSPITAL),
    "inpatient, offline, says it is a hospital": let_off(
        "X-P021", version="5.0", elements=INPATIENT | {"PHA14": "04", "DSP10": "30"}
    ),
    "inpatient, offline, says nothing": kept(version="5.0", elements=INPATIENT),
    "inpatient, registered as a pharmacy but says hospital": kept(
        by=PHARMACY, version="5.0", elements=INPATIENT | {"PHA14": "04"}
    ),
    # P-023 until L-03: the day before, and the day
    "methadone, clinic, last exempt day": let_off("X-P023", drug="methadone", by=CLINIC, filled="20220630"),
    "methadone, clinic, first day of duty": kept(drug="methadone", by=CLINIC, filled="20220701"),
    "buprenorphine, clinic, last exempt day": let_off("X-P023", drug="buprenorphine", by=CLINIC, filled="20220630"),
    "methadone, program, said to be for dependence": let_off(
        "X-P023", drug="methadone", by=PROGRAM, filled="20220630", elements={"DSP24": "02"}
    ),
    "methadone, program, not said": kept(drug="methadone", by=PROGRAM, filled="20220630"),
    "methadone, clinic, said not to be for dependence": kept(
        drug="methadone", by=CLINIC, filled="20220630", elements={"DSP24": "01"}
    ),
    "another opioid of the clinic": kept(drug="oxycodone", by=CLINIC, filled="20220630"),
    "another opioid of the clinic, said to be for dependence": kept(
        drug="oxycodone", by=CLINIC, filled="20220630", elements={"DSP24": "02"}
    ),
    "methadone, pharmacy, for pain": kept(drug="methadone", by=PHARMACY, filled="20220630", elements={"DSP24": "02"}),
    # P-024
    "facility, 48 hours": let_off("X-P024", by=FACILITY, elements=TWO_DAYS),
    "facility, one day": let_off("X-P024", by=FACILITY, elements={"DSP10": "1"}),
    "facility, three days": kept(by=FACILITY, elements=THREE_DAYS),
    "hospital, 48 hours": let_off("X-P024", by=HOSPITAL, elements=TWO_DAYS),
    "pharmacy, 48 hours": kept(by=PHARMACY, elements=TWO_DAYS),
    "clinic, 48 hours, after L-03": kept(drug="methadone", by=CLINIC, elements=TWO_DAYS),
    "assisted living, 48 hours": kept(by=ASSISTED_LIVING, elements=TWO_DAYS),
    # P-025: only 5.0 can say so
    "administered": let_off("X-P025", by=PRACTITIONER, version="5.0", elements={"DSP12": "07"}),
    "administered, offline": let_off("X-P025", version="5.0", elements={"DSP12": "07"}),
    "dispensed at the prescriber's": kept(by=PRACTITIONER, version="5.0", elements={"DSP12": "08"}),
    # P-026: no element marks a sample, so what is sent is kept
    "sample of a practitioner": kept(by=PRACTITIONER, version="5.0", elements={"DSP12": "08", "DSP16": "99"}),
    # L-02: what is collected besides Schedules II to V
    "gabapentin, 48 hours": let_off("N-GABAPENTIN-48H", drug="gabapentin", elements=TWO_DAYS),
    "gabapentin, three days": kept(drug="gabapentin", elements=THREE_DAYS),
    "gabapentin, last day before": let_off("N-BEFORE-2021", drug="gabapentin", filled="20201231"),
    "gabapentin, first day": kept(drug="gabapentin", filled="20210101"),
    "naloxone, one day": kept(drug="naloxone", elements={"DSP10": "1"}),
    "naloxone, last day before": let_off("N-BEFORE-2021", drug="naloxone", filled="20201231"),
    "insulin, pharmacy": kept(drug="insulin", by=PHARMACY),
    "insulin, last day before": let_off("N-BEFORE-2021", drug="insulin", filled="20201231"),
    # PA 21-182: veterinarians' diabetes items
    "insulin, veterinarian, last day of duty": kept(drug="insulin", by=VETERINARIAN, filled="20210627"),
    "insulin, veterinarian, first exempt day": let_off(
        "X-L02-VETERINARY", drug="insulin", by=VETERINARIAN, filled="20210628"
    ),
    "gabapentin, veterinarian": kept(drug="gabapentin", by=VETERINARIAN),
    "naloxone, veterinarian": kept(drug="naloxone", by=VETERINARIAN),
    "oxycodone, veterinarian": kept(by=VETERINARIAN),
    # P-015: the drug decides
    "amoxicillin": let_off("N-UNSCHEDULED", drug="amoxicillin"),
    "amoxicillin, sender calls it C-II": kept(drug="amoxicillin", version="5.0", elements={"DSP34": "02"}),
    "amoxicillin, sender calls it uncontrolled": let_off(
        "N-UNSCHEDULED", drug="amoxicillin", version="5.0", elements={"DSP34": "99"}
    ),
    "oxycodone, 48 hours": kept(elements=TWO_DAYS),
    # corrections are never exempt: they may concern what is stored
    "inpatient, void": Row("held", "H-VOID", by=HOSPITAL, elements=INPATIENT | {"DSP01": "02"}),
    "amoxicillin, revision": Row("held", "H-REVISION", drug="amoxicillin", elements={"DSP01": "01"}),
}


def ruled(row: Row) -> tuple[str, str | None, set[str]]:
    elements = {"DSP03": row.filled, "DSP05": row.filled, "DSP08": DRUGS[row.drug][0], **row.elements}
    file = specimen(row.version).set(**elements)
    knows = {} if row.by is None else {"dispensers": register(row.by)}
    ruling = judge(file.reading(), context(received_on=date(2024, 3, 6), **knows))
    (record,) = ruling.records.iter_rows(named=True)
    return record["disposition"], record["reason"], set(ruling.findings["code"])


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_the_law(row: Row) -> None:
    disposition, reason, codes = ruled(row)
    assert disposition.removesuffix("_with_warnings") == row.expected
    assert reason == row.reason
    if row.reason is not None:
        assert row.reason in codes


def test_every_exemption_that_can_be_seen_is_drawn() -> None:
    drawn = {row.reason for row in TABLE.values()}
    seen = {exemption.rule.code for exemption in EXEMPTIONS if exemption.visible}
    assert seen - drawn == set()


def test_what_cannot_be_seen_lets_nothing_off() -> None:
    unseen = {exemption.rule.code for exemption in EXEMPTIONS if not exemption.visible}
    assert unseen == {"X-P026"}
    assert unseen & {row.reason for row in TABLE.values()} == set()


@pytest.mark.parametrize(
    "broken",
    [{"DSP05": "20240230"}, {"PAT21": "ZZ"}, {"DSP08": "5165508952"}, {"DSP10": "two"}, {"DSP10": "0"}],
    ids=str,
)
@pytest.mark.parametrize("by", [HOSPITAL, FACILITY, CLINIC, VETERINARIAN], ids=lambda by: by["kind"])
def test_what_is_unreadable_lets_nobody_off(by: dict[str, str], broken: dict[str, str | None]) -> None:
    """A wrong value never makes a controlled drug disappear: the row is kept, or goes back."""
    elements = {"PAT21": "09", "DSP10": "30", **broken}
    if "PAT21" not in broken and "DSP05" not in broken and "DSP08" not in broken:
        elements["PAT21"] = None
    if "DSP08" in broken:
        elements["PAT21"] = None
    disposition, _, _ = ruled(Row("", by=by, elements=elements))
    assert disposition in {"accepted", "accepted_with_warnings", "rejected"}


def test_an_unknown_drug_is_kept_with_a_warning() -> None:
    file = specimen().set(DSP08="11111111111")
    ruling = judge(file.reading(), context())
    assert ruling.records["disposition"].to_list() == ["accepted_with_warnings"]
    assert ruling.findings["code"].to_list() == ["R-DRUG-UNKNOWN"]


def test_an_exempt_record_with_errors_is_exempt_and_nothing_is_asked_of_it() -> None:
    """The law does not want it, so its errors need no mending (validation/dispositions.py)."""
    file = specimen().set(PAT21="09", PAT07=None, DSP09="0")
    ruling = judge(file.reading(), context(dispensers=register(HOSPITAL)))
    assert ruling.records["disposition"].to_list() == ["exempt"]
    assert ruling.findings["code"].to_list() == ["X-P021"]
    assert ruling.outcome.value == "accepted"


def test_an_exempt_record_of_a_pharmacy_that_waits_waits_too() -> None:
    file = specimen("5.0").set(DSP12="07")
    ruling = judge(file.reading(), context(dispensers=register({"dea": "AP5836727", "kind": "pharmacy"})))
    assert ruling.records["disposition"].to_list() == ["held"]
    assert ruling.records["reason"].to_list() == ["H-PHARMACY-UNKNOWN"]


def test_an_exempt_record_in_a_part_that_cannot_be_trusted_is_rejected() -> None:
    file = specimen().set(PAT21="09", TP01="1", TT02="1")
    ruling = judge(file.reading(), context(dispensers=register(HOSPITAL)))
    assert ruling.records["disposition"].to_list() == ["rejected"]


def test_nothing_exempt_is_stored() -> None:
    file = specimen().set(PAT21="09")
    reading = file.reading()
    assert judge(reading, context(dispensers=register(HOSPITAL))).accepted_rows(reading).is_empty()
