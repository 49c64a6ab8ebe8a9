"""THE ORACLE of rulings: what becomes of each record, in plain Python, from the findings and the law's text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from plain_rules import DRUG_CLASS, SCHEDULE, day, whole
from specimens import DRUGS, Segment, Specimen

from schemas.finding import Scope, Severity
from schemas.identifiers import canonical_ndc_number
from validation.catalogue import rule


AGONISTS = {ndc for ndc, _, _, agonist in DRUGS.values() if agonist}


@dataclass(frozen=True)
class Dispenser:
    """The entry of the register for the specimen's pharmacy."""

    kind: str
    licence_class: str
    permitted: bool = True


def exemption(version: str, pha: Segment, pat: Segment, dsp: Segment, who: Dispenser | None) -> str | None:  # noqa: PLR0911  the law, paragraph by paragraph
    """The code of the first exemption that lets a new record off (policy.md P-021 to P-026, L-02, L-03)."""
    filled, days = day(dsp.get(5)), whole(dsp.get(10))
    status = dsp.get(1) or ("00" if version in {"4.1", "4.2"} else None)
    if status != "00" or filled is None:
        return None
    five = version == "5.0"
    says = pha.get(14) if five else None
    treatment = dsp.get(24) if version in {"4.2A", "4.2B", "5.0"} else None
    kind, licence = (who.kind, who.licence_class) if who else (None, None)
    ndc = canonical_ndc_number(dsp[8]) if dsp.get(7) == "01" and dsp.get(8) else None
    two_days = days in {1, 2}

    institutional = kind == "institutional_pharmacy" if who else says == "04"
    if institutional and pat.get(21) == "09" and licence != "assisted_living":
        return "X-P021"
    program = kind == "opioid_treatment_program" if who else says == "05"
    dependence = treatment == "02" or (treatment is None and licence == "substance_use_clinic")
    if program and ndc in AGONISTS and dependence and filled < date(2022, 7, 1):
        return "X-P023"
    facility = licence in {"hospital", "health_care_facility"} if who else says == "04"
    if facility and two_days:
        return "X-P024"
    if five and dsp.get(12) == "07":
        return "X-P025"
    if ndc not in SCHEDULE or SCHEDULE[ndc] is not None:
        return None
    veterinarian = kind == "veterinarian" if who else says == "07"
    drug = DRUG_CLASS[ndc]
    if veterinarian and drug == "insulin" and filled >= date(2021, 6, 28):
        return "X-L02-VETERINARY"
    if drug == "gabapentin" and two_days and filled >= date(2021, 1, 1):
        return "N-GABAPENTIN-48H"
    if drug in {"gabapentin", "naloxone", "insulin"}:
        return "N-BEFORE-2021" if filled < date(2021, 1, 1) else None
    designated = five and (dsp.get(34) or "") in {"01", "02", "03", "04", "05", "06", "07"}
    return None if designated else "N-UNSCHEDULED"


def _born_after_written(pat: Segment, dsp: Segment) -> bool:
    """About one record, though the finding names the place of the patient, who may have others."""
    born, written = day(pat.get(18)), day(dsp.get(3))
    return born is not None and written is not None and born > written and pat.get(20) != "02"


def dispositions(file: Specimen, found: set[tuple[str, int]], who: Dispenser | None) -> list[tuple[str, str | None]]:  # noqa: C901  one pass, in file order
    """Disposition and reason of each record, in file order, before records are compared with each other."""
    codes_at: dict[int, set[str]] = {}
    for code, position in found:
        codes_at.setdefault(position, set()).add(code)

    def any_of(positions: set[int], severity: Severity, *scopes: Scope) -> bool:
        codes = set().union(*(codes_at.get(position, set()) for position in positions))
        return any(rule(code).severity is severity and rule(code).scope in scopes for code in codes)

    segments = list(enumerate(file.segments, 1))
    outside = {position for position, its in segments if its.name in {"TH", "IS", "TT", "PHA", "TP"}}
    pha = file.only("PHA")
    if any_of(outside, Severity.ERROR, Scope.TRANSACTION):
        return [("rejected", None) for its in file.all("DSP")]
    told, patient, own = [], 0, set()
    pat = dsp = None

    def close() -> None:
        if dsp is None or pat is None:
            return
        law = exemption(file.version, pha, pat, dsp, who)
        waits = who is not None and not who.permitted
        codes = set().union(*(codes_at.get(position, set()) for position in own | outside))
        if any_of(outside, Severity.ERROR, Scope.PHARMACY):
            told.append(("rejected", None))
        elif law:
            kind = "exempt" if law.startswith("X") else "not_reportable"
            told.append(("held", "H-PHARMACY-NOT-PERMITTED") if waits else (kind, law))
        elif (
            any_of({patient}, Severity.ERROR, Scope.PATIENT)
            or any_of(own, Severity.ERROR, Scope.RECORD)
            or _born_after_written(pat, dsp)
        ):
            told.append(("rejected", None))
        elif waits:
            told.append(("held", "H-PHARMACY-NOT-PERMITTED"))
        elif corrections := sorted(codes & {"H-REVISION", "H-VOID"}) or sorted(codes & {"H-VOID-FILE"}):
            told.append(("held", corrections[0]))
        elif any_of({patient}, Severity.WARNING, Scope.PATIENT) or any_of(own, Severity.WARNING, Scope.RECORD):
            told.append(("accepted_with_warnings", None))
        else:
            told.append(("accepted", None))

    for position, its in segments:
        if its.name in {"PAT", "DSP", "TP"}:
            close()
            dsp = None
        if its.name == "PAT":
            patient, pat, own = position, its, set()
        elif its.name == "DSP":
            dsp, own = its, {position}
        elif its.name in {"PRE", "CDI", "AIR"}:
            own.add(position)
    return told
