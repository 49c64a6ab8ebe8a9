"""What a person gets: candidates of a search, and the patient report.

Every type here is a value that is serialised once, at the counter. The `Attributes` sections are also
the field descriptions of the published interface: web/openapi.py reads them from here.

Three kinds of not knowing are kept apart everywhere: a field is null where the sender gave nothing;
`drug.known` is false where our drug table has no such product; and a dose or an active state that
cannot be computed is null beside the reason why, never 0.
"""

# Annotations are read at run time (the counter serialises these types), so they are not postponed.
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from schemas.criteria import PatientCriteria, Period


# CANDIDATES ------------------------------------------------------------------------------------
class Grade(StrEnum):
    """How well a search was answered."""

    EXACT = "exact"  # one identity has this very name and date of birth
    SEVERAL = "several"  # more than one identity has them: the person who asked must choose
    POSSIBLE = "possible"  # none has them; some come close
    NONE = "none"  # nobody comes close


class Match(StrEnum):
    """Why a candidate is shown; names are compared without case, accents and punctuation."""

    SAME = "same"  # same names, same date of birth
    SPELLING = "spelling"  # names spelt alike or cut short, same date of birth
    NAMES_EXCHANGED = "names_exchanged"  # first and last name exchanged
    BIRTH_DATE = "birth_date"  # same names; one digit of the date of birth differs, or day and month are exchanged
    SPELLING_AND_BIRTH_DATE = "spelling_and_birth_date"  # names spelt alike, and day and month exchanged
    FIRST_NAME = "first_name"  # same last name and date of birth, another first name: a nickname, or somebody else


@dataclass(frozen=True)
class Candidate:
    """One identity that a search found: enough to recognise a patient, not enough to find one.

    Attributes:
        reference: sealed; hand it to the report. Only the account that searched can use it, and only for a while.
        match: why it is shown.
        species: "human" or "animal". For an animal, the names and the date are as its owner gave them.
        last_name: as a dispenser sent it.
        first_name: as a dispenser sent it.
        middle_name: as a dispenser sent it.
        name_suffix: Jr, Sr, III …
        date_of_birth: as a dispenser sent it.
        gender: F, M, U, N or X; null where no dispenser sent one.
        animal_name: the animal's name.
        address: street of the latest fill, masked to its first characters.
        city: city of the latest fill.
        state: state of the latest fill.
        last_fill: month of the latest fill, as YYYY-MM.
    """

    reference: str
    match: Match
    species: str
    last_name: str | None
    first_name: str | None
    middle_name: str | None
    name_suffix: str | None
    date_of_birth: date | None
    gender: str | None
    animal_name: str | None
    address: str | None
    city: str | None
    state: str | None
    last_fill: str | None


@dataclass(frozen=True)
class SearchResult:
    """The answer to a search.

    Attributes:
        search_id: the permit under which it was made; also in the audit trail.
        grade: how well the people found fit; animals do not count.
        candidates: people, best first.
        animals: animals whose owner fits; never linked with people.
        more: true where more came close than are shown.
        expires_at: when the references end.
    """

    search_id: str
    grade: Grade
    candidates: tuple[Candidate, ...]
    animals: tuple[Candidate, ...]
    more: bool
    expires_at: datetime


# THE REPORT ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Stamp:
    """What a report was made from, so that it can be made again.

    Attributes:
        report_id: of this report; also in the audit trail.
        search_id: the search that its candidates come from.
        generated_at: when it was made, UTC.
        as_of: it shows what was recorded up to this moment, UTC.
        account_id: who asked.
        role: in which role.
        on_behalf_of: for whom.
        reason: why.
        attested: the sentences attested to, by policy number.
        program_version: version of this program.
        drug_edition: edition of the drug table.
        mme_edition: edition of the conversion factors.
        disclaimers_version: version of the disclaimers.
    """

    report_id: str
    search_id: str
    generated_at: datetime
    as_of: datetime
    account_id: str
    role: str
    on_behalf_of: str
    reason: str
    attested: tuple[str, ...]
    program_version: str
    drug_edition: str
    mme_edition: str
    disclaimers_version: str


@dataclass(frozen=True)
class ReportCriteria:
    """What was asked.

    Attributes:
        patient: the search as entered.
        period: the days of filling that were asked for.
        states_asked: whose records this report rests on.
        scope: the same in a sentence.
    """

    patient: PatientCriteria
    period: Period
    states_asked: tuple[str, ...]
    scope: str


@dataclass(frozen=True)
class Identity:
    """One of the identities that the person who asked chose; the report is about all of them together.

    Attributes:
        number: stands beside each dispensation that was recorded under it.
        species: "human" or "animal".
        last_name: as a dispenser sent it.
        first_name: as a dispenser sent it.
        middle_name: as a dispenser sent it.
        name_suffix: Jr, Sr, III …
        date_of_birth: as a dispenser sent it.
        age: in completed years, on the day of the report.
        gender: F, M, U, N or X; null where no dispenser sent one.
        animal_name: the animal's name.
        address: lines of the latest address.
        city: of the latest address.
        state: of the latest address.
        zip: of the latest address.
    """

    number: int
    species: str
    last_name: str | None
    first_name: str | None
    middle_name: str | None
    name_suffix: str | None
    date_of_birth: date | None
    age: int | None
    gender: str | None
    animal_name: str | None
    address: tuple[str, ...]
    city: str | None
    state: str | None
    zip: str | None


@dataclass(frozen=True)
class ClassCount:
    """Counts for one drug class.

    Attributes:
        drug_class: opioid, buprenorphine, benzodiazepine, stimulant …; "unknown" where the drug is not in our table.
        dispensations: fills.
        prescriptions: distinct prescriptions.
        active: fills active on the day of the report.
    """

    drug_class: str
    dispensations: int
    prescriptions: int
    active: int


@dataclass(frozen=True)
class Summary:
    """Counts over the dispensations listed.

    Attributes:
        dispensations: fills.
        prescriptions: distinct prescriptions: pharmacy and prescription number.
        prescribers: distinct prescribers, counted as persons.
        pharmacies: distinct pharmacies.
        active: fills active on the day of the report.
        active_unknown: fills without a days supply, so nobody can say whether they are active.
        private_pay: fills whose payment type is private pay.
        opioid_mme_per_day: sum over the active fills that have a dose; null where none has.
        opioid_mme_missing: active opioid fills whose dose is not computable, so not in that sum.
        buprenorphine_active: active fills of buprenorphine, which has no morphine equivalent.
        first_fill: the earliest fill listed.
        last_fill: the latest fill listed.
        outside_period: fills on record that the period asked for leaves out.
        classes: counts per drug class.
    """

    dispensations: int
    prescriptions: int
    prescribers: int
    pharmacies: int
    active: int
    active_unknown: int
    private_pay: int
    opioid_mme_per_day: float | None
    opioid_mme_missing: int
    buprenorphine_active: int
    first_fill: date | None
    last_fill: date | None
    outside_period: int
    classes: tuple[ClassCount, ...]


@dataclass(frozen=True)
class Drug:
    """What was dispensed.

    Attributes:
        known: true where our drug table has it; otherwise nothing below is said but what the sender sent.
        name: the drug's name, or what is known of it.
        strength: such as "5 mg/325 mg".
        form: such as "tablet".
        schedule: "II" to "V"; null where not federally scheduled.
        drug_class: opioid, buprenorphine …; "unknown" or "compound".
        ndc: 11 digits, 5-4-2; null where the sender's code is none or ambiguous.
        product_id: the product code as sent.
        product_kind: what kind of code that is, in words.
        ingredients: a compound's reportable ingredients, in words.
    """

    known: bool
    name: str
    strength: str | None
    form: str | None
    schedule: str | None
    drug_class: str
    ndc: str | None
    product_id: str | None
    product_kind: str | None
    ingredients: tuple[str, ...]


@dataclass(frozen=True)
class Prescriber:
    """Who prescribed, as the dispenser sent it.

    Attributes:
        name: last name, first name.
        dea: DEA number.
        dea_suffix: suffix under an institution's DEA number.
        npi: National Provider Identifier.
        phone: telephone, for questions (P-190).
    """

    name: str | None
    dea: str | None
    dea_suffix: str | None
    npi: str | None
    phone: str | None


@dataclass(frozen=True)
class Pharmacy:
    """Who dispensed, as sent.

    Attributes:
        name: name of the pharmacy or dispensing practitioner.
        dea: DEA number.
        ncpdp: NCPDP provider id.
        npi: National Provider Identifier.
        city: city.
        state: state.
        phone: telephone, for questions (P-190).
    """

    name: str | None
    dea: str | None
    ncpdp: str | None
    npi: str | None
    city: str | None
    state: str | None
    phone: str | None


@dataclass(frozen=True)
class Provenance:
    """Where a line of the report comes from.

    Attributes:
        submission_id: the file that brought it.
        record: which DSP segment of that file, from 1.
        version: the ASAP version it was written in.
        recorded_at: when it was recorded, UTC.
    """

    submission_id: str
    record: int
    version: str
    recorded_at: datetime


@dataclass(frozen=True)
class Dispensation:
    """One fill of one prescription.

    Attributes:
        identity: number of the identity it was recorded under.
        filled_on: date filled.
        written_on: date the prescriber authorised it.
        sold_on: date it left the pharmacy.
        drug: what.
        quantity: how much, in `units`.
        units: each, millilitres or grams.
        quantity_prescribed: what was prescribed, in `units`.
        days_supply: for how many days.
        rx_number: prescription number.
        fill_number: 0 is the original fill, 1… a refill.
        refills_authorized: refills authorised.
        partial_fill: 0 not partial, 1 first partial fill, 2 second …
        prescriber: who prescribed.
        pharmacy: who dispensed.
        payment: how it was paid, in words.
        private_pay: true where it was paid privately.
        active: whether it is active on the day of the report; null where that cannot be known.
        active_until: the last day on which it is active.
        mme_per_day: morphine milligram equivalents a day.
        mme_note: why there is no such number, where there is none.
        source: where it comes from.
    """

    identity: int
    filled_on: date | None
    written_on: date | None
    sold_on: date | None
    drug: Drug
    quantity: float | None
    units: str | None
    quantity_prescribed: float | None
    days_supply: int | None
    rx_number: str | None
    fill_number: int | None
    refills_authorized: int | None
    partial_fill: int | None
    prescriber: Prescriber
    pharmacy: Pharmacy
    payment: str | None
    private_pay: bool
    active: bool | None
    active_until: date | None
    mme_per_day: float | None
    mme_note: str | None
    source: Provenance


@dataclass(frozen=True)
class Freshness:
    """How complete the data are.

    Attributes:
        sentence: the whole of it, as shown.
        state: whose dispensers are meant.
        dispensers: how many are registered.
        complete_through: the last day for which every one of them has reported; null where one never has.
        overdue: how many are late today.
        never_reported: how many have never reported.
        overdue_here: how many of the late ones dispensed something listed in this report.
        latest_recorded_at: when the newest dispensation in the store was recorded, UTC.
    """

    sentence: str
    state: str
    dispensers: int
    complete_through: date | None
    overdue: int
    never_reported: int
    overdue_here: int
    latest_recorded_at: datetime | None


@dataclass(frozen=True)
class Statement:
    """A sentence that stands on every report: a disclaimer, or how something was computed.

    Attributes:
        id: its policy number or name.
        text: the sentence.
    """

    id: str
    text: str


@dataclass(frozen=True)
class PatientReport:
    """The report: everything the store holds on the identities chosen, for one person, for one reason.

    Attributes:
        stamp: what it was made from.
        criteria: what was asked.
        identities: whom it is about, as chosen.
        summary: counts over people's dispensations; animals are not in it.
        dispensations: people's, newest first.
        animals: animals' dispensations, newest first; they stand in no count.
        freshness: how complete the data are.
        disclaimers: for what the report may be used, and its limits: P-106, P-107, P-188 to P-192.
        definitions: how the counts and doses were computed.
    """

    stamp: Stamp
    criteria: ReportCriteria
    identities: tuple[Identity, ...]
    summary: Summary
    dispensations: tuple[Dispensation, ...]
    animals: tuple[Dispensation, ...]
    freshness: Freshness
    disclaimers: tuple[Statement, ...]
    definitions: tuple[Statement, ...]
