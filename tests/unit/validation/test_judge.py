"""The ruling of a file: kind, outcome, what is held, what is refused, what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from specimens import DRUGS, TODAY, Segment, Specimen, context, register, specimen, zero_report

from ingest.rows import read
from schemas.finding import FINDING_SCHEMA
from schemas.reading import Reading, Refusal
from schemas.submission import Kind, Outcome
from validation.catalogue import RULE_SET
from validation.judge import judge
from validation.ruling import COVERAGE_SCHEMA, PHARMACY_SCHEMA, RECORD_SCHEMA, Ruling


OXYCODONE, AMOXICILLIN = DRUGS["oxycodone"][0], DRUGS["amoxicillin"][0]


def ruled(file: Specimen, **knows: object) -> Ruling:
    return judge(read(file.text()), context(**knows))


def joined(*files: Specimen) -> Reading:
    return read(b"".join(file.text() for file in files))


def void_of_a_file() -> Specimen:
    return specimen().drop("IS", "PHA", "PAT", "DSP", "PRE", "TP").set(TH03="04")


# WHAT IT IS ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ([specimen()], Kind.DISPENSING),
        ([specimen().set(DSP01="01")], Kind.DISPENSING),
        ([specimen().set(DSP01="02")], Kind.VOID),
        ([void_of_a_file()], Kind.VOID),
        ([zero_report()], Kind.ZERO),
        ([specimen(), zero_report()], Kind.MIXED),
        ([specimen(), void_of_a_file()], Kind.MIXED),
        ([specimen(), specimen().set(DSP01="02")], Kind.MIXED),
        ([specimen().drop("PAT", "DSP", "PRE")], Kind.UNREADABLE),
    ],
    ids=["new", "revision", "void", "batch void", "zero", "new+zero", "new+batch void", "new+void", "nothing"],
)
def test_the_kind_of_a_file_is_its_content(files: list[Specimen], kind: Kind) -> None:
    assert judge(joined(*files), context()).kind is kind


def test_a_good_file_is_accepted_and_stamped() -> None:
    ruling = ruled(specimen())
    assert (ruling.outcome, ruling.test) == (Outcome.ACCEPTED, False)
    assert (ruling.rule_set, ruling.drug_edition) == (RULE_SET, "specimens")


@pytest.mark.parametrize("file", [specimen(), specimen().set(DSP09="0"), zero_report(), specimen().set(TH03="02")])
def test_a_ruling_keeps_to_its_schemas(file: Specimen) -> None:
    ruling = ruled(file)
    assert ruling.records.schema == RECORD_SCHEMA
    assert ruling.findings.schema == FINDING_SCHEMA
    assert ruling.zero_reports.schema == COVERAGE_SCHEMA
    assert ruling.pharmacies.schema == PHARMACY_SCHEMA


# REFUSED ---------------------------------------------------------------------------------------
def test_what_cannot_be_read_is_refused() -> None:
    ruling = judge(read(b""), context())
    assert (ruling.outcome, ruling.kind) == (Outcome.REFUSED, Kind.UNREADABLE)
    assert ruling.findings.select("code", "severity", "tier").rows() == [("F-EMPTY", "error", "standard")]
    assert ruling.findings.schema == FINDING_SCHEMA
    assert ruling.records.is_empty()


def test_a_file_whose_only_transaction_cannot_be_trusted_is_refused() -> None:
    ruling = ruled(specimen().set(TH03="03"))
    assert ruling.outcome is Outcome.REFUSED
    assert ruling.records["disposition"].to_list() == ["rejected"]


def test_a_good_transaction_beside_a_bad_one_is_taken() -> None:
    ruling = judge(joined(specimen().set(TH03="03", DSP02="7"), specimen()), context())
    assert ruling.outcome is Outcome.ACCEPTED_WITH_ERRORS
    assert ruling.records["disposition"].to_list() == ["rejected", "accepted"]


def test_a_transaction_that_could_not_be_read_shows_in_the_outcome() -> None:
    reading = replace(specimen().reading(), refusals=(Refusal("F-TORN", "segment 9", "It is torn.", "Again.", 9),))
    ruling = judge(reading, context())
    assert ruling.outcome is Outcome.ACCEPTED_WITH_ERRORS
    assert ruling.records["disposition"].to_list() == ["accepted"]
    assert ruling.findings.select("code", "position").rows() == [("F-TORN", 9)]


def test_many_bad_records_do_not_refuse_the_good_one() -> None:
    bad = [specimen().set(DSP02=f"9{number}", DSP09="0") for number in range(9)]
    ruling = judge(joined(specimen(), *bad), context())
    assert ruling.outcome is Outcome.ACCEPTED_WITH_ERRORS
    assert ruling.records["disposition"].to_list() == ["accepted", *["rejected"] * 9]


# LET OFF -----------------------------------------------------------------------------------------
def two_fills(**first: str) -> Specimen:
    """Two fills of one patient whose gender is no code; the first one changed."""
    file = specimen().set(PAT19="Q", **first)
    second = [file.only("DSP").copy(), file.only("PRE").copy()]
    second[0][2], second[0][8], second[0][9] = "100002", OXYCODONE, "30"
    return file.after("PRE", *second)


def test_what_is_only_about_unwanted_records_is_not_told() -> None:
    both = two_fills(DSP08=AMOXICILLIN)
    both.all("DSP")[1][8] = AMOXICILLIN
    assert set(ruled(both).findings["code"]) == {"N-UNSCHEDULED"}


def test_what_is_about_a_wanted_record_too_is_told() -> None:
    ruling = ruled(two_fills(DSP08=AMOXICILLIN, DSP09="0"))
    assert ruling.findings["code"].to_list() == ["E-PAT19-CODE", "N-UNSCHEDULED"]
    assert ruling.records["disposition"].to_list() == ["not_reportable", "accepted_with_warnings"]


# HELD ------------------------------------------------------------------------------------------
ONE = register({"kind": "pharmacy"})
OTHER = "AP5836727"


@pytest.mark.parametrize(
    ("elements", "permitted", "disposition", "reason"),
    [
        ({}, None, "accepted", None),
        ({}, frozenset({"d1"}), "accepted", None),
        ({}, frozenset(), "held", "H-PHARMACY-NOT-PERMITTED"),
        ({"PHA03": "fx-1234563"}, None, "accepted", None),
        ({"PHA03": OTHER}, None, "held", "H-PHARMACY-UNKNOWN"),
        ({"PHA03": OTHER}, frozenset({"d1"}), "held", "H-PHARMACY-UNKNOWN"),
        ({"PHA03": OTHER, "DSP09": "0"}, None, "rejected", None),
        ({"PHA03": None, "PHA01": None}, None, "rejected", None),
        ({"DSP01": "01"}, None, "held", "H-REVISION"),
        ({"DSP01": "02"}, None, "held", "H-VOID"),
        ({"DSP01": "02", "DSP05": None}, None, "rejected", None),
    ],
)
def test_held_by_the_register(
    elements: dict[str, str | None], permitted: frozenset[str] | None, disposition: str, reason: str | None
) -> None:
    ruling = ruled(specimen().set(**elements), dispensers=ONE, permitted=permitted)
    assert ruling.records.select("disposition", "reason").rows() == [(disposition, reason)]


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"PHA03": "AP5836728"}, "I-PHA03-CHECK"),
        ({"PHA03": OTHER, "TP01": "1", "TT02": "1"}, "S-COUNTS"),
        ({"PHA03": OTHER, "TH03": "02"}, "S-TH03-ANSWER"),
        ({"DSP01": "02", "DSP09": "0"}, "R-QUANTITY-ZERO"),
    ],
)
def test_nobody_is_told_that_what_was_turned_away_waits(elements: dict[str, str], code: str) -> None:
    """Do not send again, and send it again: only one of the two can be right."""
    ruling = ruled(specimen().set(**elements), dispensers=ONE)
    assert ruling.records["disposition"].to_list() == ["rejected"]
    assert ruling.findings["code"].to_list() == [code]


def test_nobody_asks_offline() -> None:
    assert ruled(specimen().set(PHA03=OTHER)).outcome is Outcome.ACCEPTED


def test_a_sender_without_register_is_asked() -> None:
    ruling = ruled(specimen(), permitted=frozenset({"d1"}))
    assert ruling.records["reason"].to_list() == ["H-PHARMACY-UNKNOWN"]


def test_a_known_pharmacy_is_named_in_records_and_pharmacies() -> None:
    ruling = ruled(specimen(), dispensers=ONE)
    assert ruling.records["dispenser_id"].to_list() == ["d1"]
    assert ruling.pharmacies.rows() == [(3, "FX1234563", None, "1234567893", "d1")]


def test_an_entry_is_found_by_any_identifier() -> None:
    by_npi = register({"kind": "pharmacy", "dea": None, "npi": "1234567893"})
    assert ruled(specimen(), dispensers=by_npi).records["dispenser_id"].to_list() == ["d1"]


def test_an_identifier_that_two_entries_share_tells_neither() -> None:
    shared = register({"dea": None, "npi": "1234567893"}, {"dispenser_id": "d2", "dea": None, "npi": "1234567893"})
    assert ruled(specimen(), dispensers=shared).records["reason"].to_list() == ["H-PHARMACY-UNKNOWN"]


def test_an_entry_with_another_dea_number_is_a_conflict() -> None:
    entry = register({"kind": "pharmacy", "dea": OTHER, "npi": "1234567893"})
    ruling = ruled(specimen(), dispensers=entry)
    assert ruling.records.select("reason", "dispenser_id").rows() == [("H-PHARMACY-CONFLICT", None)]


def test_the_void_of_a_file_is_held_without_records() -> None:
    ruling = ruled(void_of_a_file())
    assert ruling.outcome is Outcome.ACCEPTED
    assert ruling.findings["code"].to_list() == ["H-VOID-FILE"]


def test_records_under_the_void_of_a_file_are_held() -> None:
    ruling = ruled(specimen().set(TH03="04"))
    assert ruling.records.select("disposition", "reason").rows() == [("held", "H-VOID-FILE")]


# ZERO REPORTS ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("elements", "knows", "disposition"),
    [
        ({}, {}, "accepted"),
        ({"TH03": "02"}, {}, "rejected"),
        ({"PHA03": None, "PHA01": None}, {}, "rejected"),
        ({"IS03": "#20240107#-#20240101#"}, {}, "rejected"),
        ({}, {"dispensers": ONE}, "accepted"),
        ({"PHA03": OTHER}, {"dispensers": ONE}, "held"),
        ({}, {"dispensers": ONE, "permitted": frozenset()}, "held"),
    ],
)
def test_zero_reports(elements: dict[str, str | None], knows: dict[str, object], disposition: str) -> None:
    ruling = ruled(zero_report().set(**elements), **knows)
    assert ruling.zero_reports["disposition"].to_list() == [disposition]
    assert ruling.records.is_empty()


def test_a_zero_report_covers_its_days() -> None:
    (covered,) = ruled(zero_report(), dispensers=ONE).zero_reports.iter_rows(named=True)
    assert (covered["dispenser_id"], covered["covers_from"], covered["covers_to"]) == (
        "d1",
        date(2024, 1, 1),
        date(2024, 1, 7),
    )


# STORED ----------------------------------------------------------------------------------------
def test_what_is_stored_is_what_was_accepted_once() -> None:
    reading = joined(
        specimen(),
        specimen(),  # the same dispensation again
        specimen().set(DSP02="2", DSP09="0"),  # rejected
        specimen().set(DSP02="3", DSP01="02"),  # held
        specimen().set(DSP02="4", DSP08="11111111111"),  # with a warning
    )
    ruling = judge(reading, context(dispensers=ONE))
    rows = ruling.accepted_rows(reading)
    assert rows["record"].to_list() == [1, 5]
    assert rows["record_key"].to_list() == ["FX1234563|100001|20240305|0|0", "FX1234563|4|20240305|0|0"]
    assert rows["dispenser_id"].to_list() == ["d1", "d1"]
    assert rows.columns == [*reading.rows.columns, "dispenser_id", "record_key"]


def test_nothing_of_a_test_file_is_stored() -> None:
    reading = read(specimen().set(TH07="T").text())
    ruling = judge(reading, context())
    assert ruling.test
    assert ruling.records["disposition"].to_list() == ["accepted"]
    assert ruling.accepted_rows(reading).is_empty()


def test_one_test_transaction_makes_the_file_a_test() -> None:
    reading = joined(specimen(), specimen().set(TH07="T", DSP02="2"))
    assert judge(reading, context()).accepted_rows(reading).is_empty()


def test_a_refused_file_stores_nothing() -> None:
    reading = read(specimen().set(TH03="03").text())
    assert judge(reading, context()).accepted_rows(reading).is_empty()


def key(file: Specimen, **knows: object) -> str:
    return ruled(file, **knows).records["record_key"][0]


def test_a_record_key_does_not_hang_on_how_the_pharmacy_is_written() -> None:
    usual = key(specimen(), dispensers=ONE)
    assert key(specimen().set(PHA03="fx-1234563"), dispensers=ONE) == usual
    by_npi = register({"kind": "pharmacy", "npi": "1234567893"})
    assert key(specimen().set(PHA03=None), dispensers=by_npi) == usual


def test_a_record_key_does_not_hang_on_which_identifiers_a_file_names() -> None:
    """An entry without a DEA number: a file that names one and a file that does not report the same dispensation."""
    entry = register({"kind": "pharmacy", "dea": None, "ncpdp": "0712345", "npi": "1234567893"})
    usual = key(specimen().set(PHA02="0712345"), dispensers=entry)
    assert key(specimen().set(PHA02="0712345", PHA03=None), dispensers=entry) == usual
    assert key(specimen().set(PHA03=None), dispensers=entry) == usual


def test_a_filler_is_no_pharmacy() -> None:
    """0000000 in PHA02 (asap.md 1.7) must not make one pharmacy of all that send it."""
    assert key(specimen().set(PHA03=None)) == "1234567893|100001|20240305|0|0"


# REPEATED --------------------------------------------------------------------------------------
def test_a_rejected_record_is_not_what_a_later_one_repeats() -> None:
    """The first is mended by the second: both have one key, and only the second is taken."""
    ruling = judge(joined(specimen().set(DSP09="0"), specimen()), context())
    assert ruling.records.select("disposition", "duplicate").rows() == [("rejected", False), ("accepted", False)]


@pytest.mark.parametrize(
    "changed", [{"PAT07": "OTHER"}, {"PAT08": "ROBIN"}, {"PAT18": "19800102"}, {"DSP09": "31"}, {"DSP08": OXYCODONE}]
)
def test_another_patient_drug_or_quantity_under_the_same_number_is_no_duplicate(changed: dict[str, str]) -> None:
    ruling = judge(joined(specimen(), specimen().set(**changed)), context())
    assert ruling.records["disposition"].to_list() == ["accepted", "rejected"]
    assert ruling.findings["code"].to_list() == ["R-CONTRADICTION"]


@pytest.mark.parametrize("changed", [{"PAT07": "Sample"}, {"PAT08": "alex"}, {"DSP08": "65162-0627-50"}])
def test_another_spelling_is_no_other_patient_or_drug(changed: dict[str, str]) -> None:
    ruling = judge(joined(specimen(), specimen().set(**changed)), context())
    assert ruling.records["duplicate"].to_list() == [False, True]


def test_three_of_a_kind_are_one_and_two_duplicates() -> None:
    ruling = judge(joined(specimen(), specimen(), specimen()), context())
    assert ruling.records["duplicate"].to_list() == [False, True, True]


# WHERE -----------------------------------------------------------------------------------------
def test_findings_stand_in_file_order_and_name_the_pharmacy() -> None:
    file = specimen().set(TH02=None, PAT19="Q", DSP10="0", PRE02="AB1234564", TT01="x")
    findings = ruled(file).findings
    assert findings["position"].to_list() == sorted(findings["position"].to_list())
    assert set(findings.filter(pl.col("position").is_between(3, 7))["pharmacy"]) == {"FX1234563"}


def test_an_identifier_that_cannot_be_one_is_not_shown() -> None:
    ruling = ruled(specimen().set(PHA01=None, PHA03="SAMPLE ALEX"))
    assert ruling.pharmacies.select("dea", "ncpdp", "npi").rows() == [(None, None, None)]
    assert set(ruling.findings["pharmacy"]) == {None}


def test_a_second_prescriber_rejects_the_record_it_stands_behind() -> None:
    file = specimen()
    file.after("PRE", Segment("PRE", {1: "1234567893"}))
    ruling = ruled(file)
    assert ruling.records["disposition"].to_list() == ["rejected"]
    assert ruling.findings.select("code", "segment", "record", "position").rows() == [
        ("S-STRAY-PRESCRIBER", "PRE", 1, 7)
    ]


def test_a_stray_prescriber_of_the_next_patient_leaves_the_record_before_alone() -> None:
    file = specimen()
    file.after("PRE", Segment("PAT", dict(file.only("PAT"))), Segment("PRE", {1: "1234567893"}))
    ruling = ruled(file)
    assert ruling.records["disposition"].to_list() == ["accepted"]
    assert set(ruling.findings["code"]) == {"S-STRAY-PRESCRIBER", "S-DSP-MISSING"}


def test_what_stands_behind_the_end_of_a_pharmacy_leaves_its_records_alone() -> None:
    file = specimen()
    file.after("TP", *(segment.copy() for segment in file.segments if segment.name in {"PAT", "DSP", "PRE"}))
    ruling = judge(read(file.text()), context())
    assert ruling.records["disposition"].to_list() == ["accepted"]
    assert ruling.findings["code"].to_list() == ["S-STRAY-RECORD", "S-STRAY-RECORD", "S-STRAY-PRESCRIBER"]


def test_each_version_is_asked_its_own_rules() -> None:
    """DSP13 03 is no code in 4.1; DSP01 may be empty there, and not in 4.2A."""
    reading = joined(
        specimen("4.1").set(DSP13="03", DSP02="1"),
        specimen("4.2A").set(DSP13="03", DSP02="2"),
        specimen("4.1").set(DSP01=None, DSP02="3"),
        specimen("4.2A").set(DSP01=None, DSP02="4"),
    )
    ruling = judge(reading, context())
    assert ruling.records["disposition"].to_list() == ["rejected", "accepted", "accepted", "rejected"]
    assert ruling.findings.select("transaction", "code").rows() == [(1, "E-DSP13-CODE"), (4, "E-DSP01-REQUIRED")]


def test_pseudo_identifiers_need_no_check_digit() -> None:
    """Issued by the department to cannabis dispensaries (asap.md 9.3)."""
    file = specimen("5.0").set(PHA01=None, PHA03="CANNABIS1", DSP07="01", DSP08="CTMM-0001")
    assert set(ruled(file).findings["code"]) == {"I-PHA03-CHECK", "I-DSP08-FORM"}
    issued = frozenset({"CANNABIS1", "CTMM-0001"})
    assert ruled(file, pseudo_identifiers=issued).findings.is_empty()


def test_tomorrow_is_after_the_day_it_came() -> None:
    file = specimen().set(DSP05="20240306")
    assert ruled(file, received_on=TODAY).outcome is Outcome.ACCEPTED
    assert ruled(file, received_on=date(2024, 3, 5)).outcome is Outcome.ACCEPTED_WITH_ERRORS


def test_without_a_drug_table_nothing_is_known_or_unknown() -> None:
    ruling = ruled(specimen(), drugs=context().drugs.clear())
    assert ruling.outcome is Outcome.ACCEPTED
    assert ruling.findings.is_empty()
