"""How a ruling is told: totals, sentences, the verdict of `pdmp check`, the rule book's page."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import polars as pl
import pytest
from specimens import Segment, context, dispensing, register, specimen, zero_report

from ingest.read_refusals import REFUSALS
from ingest.rows import read
from schemas.asap.specification import VERSIONS
from schemas.finding import FINDING_SCHEMA
from validation.catalogue import RULE_SET, all_rules, catalogue, rule
from validation.dispensers import shown
from validation.evaluation import ask
from validation.evidence import gather
from validation.explain import explain, sentences
from validation.findings import findings_of
from validation.judge import judge
from validation.rulebook import CHAPTERS, rule_table_markdown
from validation.rules.refusals import WORDS
from validation.rules.telling import MOST_FINDINGS
from validation.totals import Totals, totals, totals_by_pharmacy
from validation.verdict import check_result


HOSPITAL = register({"kind": "institutional_pharmacy", "licence_class": "hospital"})


def one_of_each() -> bytes:
    """A file with a record of every disposition, and a duplicate."""
    files = [
        specimen(),
        specimen(),  # duplicate
        specimen().set(DSP02="2", PAT19="Q"),  # with a warning
        specimen().set(DSP02="3", DSP09="0"),  # rejected
        specimen().set(DSP02="4", PAT21="09"),  # exempt
        specimen().set(DSP02="5", DSP08="00093310905"),  # not reportable
        specimen().set(DSP02="6", DSP01="02"),  # held
    ]
    return b"".join(file.text() for file in files)


# TOTALS ----------------------------------------------------------------------------------------
def test_every_record_is_counted_once() -> None:
    counts = totals(judge(read(one_of_each()), context(dispensers=HOSPITAL)))
    assert counts == Totals(
        records=7, accepted=3, with_warnings=1, rejected=1, exempt=1, not_reportable=1, held=1, duplicates=1
    )
    assert counts.records == counts.accepted + counts.rejected + counts.exempt + counts.not_reportable + counts.held


def test_what_the_store_already_had_is_a_duplicate_too() -> None:
    ruling = judge(read(one_of_each()), context(dispensers=HOSPITAL))
    assert totals(ruling, known=[1, 3]).duplicates == 3
    assert totals(ruling, known=[4]).duplicates == 1  # a rejected record is no duplicate


def test_each_pharmacy_has_its_own_counts() -> None:
    file = specimen()
    second = [segment.copy() for segment in file.segments[2:7]]
    second[0][3], second[0][1], second[2][2], second[2][9] = "AP5836727", None, "2", "0"
    file.after("TP", *second)
    ruling = judge(file.reading(), context())
    assert totals_by_pharmacy(ruling) == {3: Totals(records=1, accepted=1), 8: Totals(records=1, rejected=1)}


def test_a_pharmacy_without_records_has_zeros() -> None:
    assert totals_by_pharmacy(judge(zero_report().reading(), context())) == {3: Totals()}


def test_an_empty_file_counts_nothing() -> None:
    assert totals(judge(read(b""), context())) == Totals()


# SENTENCES -------------------------------------------------------------------------------------
def test_a_finding_says_what_is_wrong_and_what_to_do() -> None:
    (told,) = sentences(judge(specimen().set(DSP05="20240230").reading(), context()).findings)
    assert told["message"] == "Date Filled (DSP05) is not a real date."
    assert told["remedy"] == "Send the date as CCYYMMDD, such as 20240305."
    assert [name for name in told if name not in {"message", "remedy"}] == list(FINDING_SCHEMA)


def test_a_refusal_is_worded_by_the_reader_and_without_it_by_its_code() -> None:
    reading = read(b"")
    findings = judge(reading, context()).findings
    assert sentences(findings, reading.refusals)[0]["message"].startswith("The file is empty. (")
    assert sentences(findings)[0]["message"] == "The file is empty."


def test_refusals_are_worded_alike_by_reader_and_rule_book() -> None:
    by_reader = {code: (its.fault, its.remedy) for code, its in REFUSALS.items()}
    assert by_reader == WORDS


def test_a_code_of_an_earlier_rule_set_is_said_to_be_one() -> None:
    assert explain("E-OLD").source == "an earlier rule set"
    assert "E-OLD" in explain("E-OLD").message


@pytest.mark.parametrize("its", all_rules(), ids=lambda its: its.code)
def test_every_rule_speaks_plainly(its: object) -> None:
    words = explain(its.code)  # type: ignore[attr-defined]
    for text in (words.message, words.remedy):
        assert text[0].isupper() or text.startswith("99999")
        assert text.endswith(".")
        assert len(text) <= 250
        assert not re.search(r"[{}]|None|  ", text)
    assert not words.title.endswith(".")
    assert words.source


def test_records_of_one_code_differ_in_nothing_that_is_told() -> None:
    for its in all_rules():
        first = rule(its.code)
        assert (its.title, its.message, its.remedy, its.severity, its.scope, its.tier, its.element) == (
            *(first.title, first.message, first.remedy, first.severity, first.scope, first.tier, first.element),
        )


def test_a_version_has_one_record_of_a_code() -> None:
    for version in VERSIONS:
        codes = [its.code for its in catalogue(version)]
        assert len(codes) == len(set(codes))


def test_there_are_no_rules_for_a_version_that_is_not_read() -> None:
    with pytest.raises(ValueError, match=r"there are rules for 4\.1, 4\.2, 4\.2A, 4\.2B, 5\.0"):
        catalogue("4.0")


# THE VERDICT -----------------------------------------------------------------------------------
def test_the_contract_of_check() -> None:
    reading = read(one_of_each())
    verdict = check_result("day.dat", reading, judge(reading, context(dispensers=HOSPITAL)))
    assert list(verdict) == ["file", "versions", "kind", "test", "outcome", "totals", "findings"]
    assert {name: verdict[name] for name in ("file", "versions", "kind", "test", "outcome")} == {
        "file": "day.dat",
        "versions": ["4.2A"],
        "kind": "mixed",
        "test": False,
        "outcome": "accepted_with_errors",
    }
    assert list(verdict["totals"]) == [
        *("records", "accepted", "with_warnings", "rejected", "exempt", "not_reportable", "held", "duplicates"),
    ]
    for finding in verdict["findings"]:
        assert list(finding) == [
            *("code", "severity", "tier", "transaction", "pharmacy", "segment", "element", "record", "position"),
            "message",
        ]
    assert json.loads(json.dumps(verdict)) == verdict


def test_a_refused_file_says_why_and_what_next() -> None:
    reading = read(b"PK\x03\x04 not text")
    verdict = check_result("day.zip", reading, judge(reading, context()))
    assert (verdict["outcome"], verdict["kind"], verdict["versions"]) == ("refused", "unreadable", [])
    assert verdict["totals"] == asdict(Totals())
    (finding,) = verdict["findings"]
    assert "compressed" in finding["message"]
    assert "Unpack" in finding["message"]


# NO VALUE IS EVER TOLD -------------------------------------------------------------------------
def test_no_value_of_the_file_is_told() -> None:
    """A canary in every element: one transaction each, and all of them at once."""
    canary = "ZZCANARYZZ"
    singles = [
        specimen("5.0").set(**{f"{name}{position:02}": f"{canary}{position}"})
        for name, width in (("IS", 5), ("PHA", 15), ("PAT", 29), ("DSP", 36), ("PRE", 15), ("TP", 1), ("TT", 2))
        for position in range(1, width + 1)
    ]
    everything = specimen("5.0")
    for segment in everything.segments[1:]:
        for position in range(1, 45):
            segment[position] = f"{canary}{position}"
    for files in (singles, [everything]):
        reading = read(b"".join(file.text() for file in files))
        assert reading.transactions.height == len(files)
        ruling = judge(reading, context(dispensers=HOSPITAL))
        assert ruling.findings.height >= len(files) // 2
        told = json.dumps(check_result("day.dat", reading, ruling)) + str(ruling.findings.rows())
        assert canary not in told + str(ruling.pharmacies.rows())


# THE PAGE --------------------------------------------------------------------------------------
def test_the_page_lists_every_rule_once() -> None:
    page = rule_table_markdown()
    assert RULE_SET in page
    for code in {its.code for its in all_rules()}:
        assert page.count(f"| `{code}` |") == 1


def test_every_rule_has_a_chapter() -> None:
    assert {its.code.split("-")[0] for its in all_rules()} == set(CHAPTERS)


def test_totals_of_a_frame_without_pharmacy_are_left_out() -> None:
    ruling = judge(specimen().reading(), context())
    assert ruling.pharmacies["pha_position"].to_list() == list(totals_by_pharmacy(ruling))
    assert isinstance(ruling.findings, pl.DataFrame)


# A BOUND ON WHAT IS LISTED ---------------------------------------------------------------------
def test_a_rule_lists_a_bounded_number_of_findings_and_says_so() -> None:
    reading = read(b"".join(specimen().set(DSP02=str(number), DSP09="0").text() for number in range(5)))
    found = ask(gather(reading, context()), dict.fromkeys(range(1, 6), "4.2A"))
    pharmacies = shown(gather(reading, context())["PHA"])
    bounded = findings_of(found, pharmacies, reading.strays, most=3)
    assert bounded["code"].to_list() == ["S-MORE", *["R-QUANTITY-ZERO"] * 3]
    assert bounded["record"].to_list() == [None, 1, 2, 3]
    assert findings_of(found, pharmacies, reading.strays, most=5)["code"].to_list() == ["R-QUANTITY-ZERO"] * 5


def test_the_bound_changes_no_disposition() -> None:
    file = specimen()
    file.only("PRE")[2] = "AB1234564"
    file.after("PRE", *(its for number in range(MOST_FINDINGS) for its in _fill(str(number))))
    ruling = judge(read(file.text()), context())
    assert ruling.findings.height == MOST_FINDINGS + 1
    assert ruling.findings["severity"].value_counts().sort("severity").rows() == [("error", MOST_FINDINGS), ("info", 1)]
    assert totals(ruling).rejected == MOST_FINDINGS + 1


def _fill(rx_number: str) -> tuple[Segment, Segment]:
    return dispensing("4.2A", rx_number), Segment("PRE", {1: "1234567893", 2: "AB1234564"})
