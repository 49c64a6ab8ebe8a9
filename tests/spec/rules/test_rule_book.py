"""Every rule speaks where it is broken, in its place, with its effect, and is silent where it is not."""

from __future__ import annotations

import polars as pl
import pytest
from hand_drawn_examples import BY_HAND
from rule_examples import Example, of_elements
from specimens import Specimen, context

from ingest.rows import read
from schemas.asap.specification import VERSIONS
from schemas.finding import Scope, Severity
from validation.catalogue import all_rules, catalogue, rule
from validation.judge import judge
from validation.rules.elements import TYPED
from validation.ruling import Ruling


def judged(example: Example, which: str) -> Ruling:
    file = example.start(example.version)
    getattr(example, which)(file)
    return judge(file.reading(), context(**example.knows))


@pytest.mark.long
def test_the_examples_are_judged_alike_on_what_the_reader_read() -> None:
    """The specimens' plain reading stands in for the reader; here the reader itself reads the same files."""
    differ = []
    for example in BY_HAND:
        if example.code == "S-TT-MISSING":
            continue  # the reader refuses it as torn
        for which in ("broken", "repaired"):
            file = example.start(example.version)
            getattr(example, which)(file)
            by_hand, by_reader = (judge(it, context(**example.knows)) for it in (file.reading(), read(file.text())))
            if codes(by_hand) != codes(by_reader) or not by_hand.records.equals(by_reader.records):
                differ.append((example.code, which))
    assert differ == []


def codes(ruling: Ruling) -> set[str]:
    return set(ruling.findings["code"])


@pytest.mark.parametrize("example", BY_HAND, ids=lambda example: f"{example.code}-{example.version}")
def test_a_rule_drawn_by_hand(example: Example) -> None:
    its = rule(example.code)
    broken, repaired = judged(example, "broken"), judged(example, "repaired")

    assert example.code in codes(broken)
    assert example.code not in codes(repaired)
    assert codes(broken) - {example.code} <= example.beside
    assert codes(repaired) <= example.beside

    found = broken.findings.filter(pl.col("code") == example.code)
    assert set(found["severity"]) == {its.severity.value}
    assert set(found["tier"]) == {its.tier.value}
    assert set(found["element"]) == {its.element}
    if its.severity is Severity.ERROR and its.segment != "STRAY":
        assert (
            "accepted" not in set(broken.records["disposition"])
            or its.code == "S-DSP-MISSING"
            or its.code.startswith("R-")
        )
        assert broken.outcome.value != "accepted"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rules_made_from_the_specification(version: str) -> None:
    """All of a version at once: each example is a transaction of its own, so its findings are its own too."""
    values = list(of_elements(version))
    broken = judge(_together([each.example for each in values], "broken").reading(), context())
    repaired = judge(_together([each.example for each in values], "repaired").reading(), context())

    silent, loud, mild = [], [], []
    for number, each in enumerate(values, 1):
        its = next(its for its in catalogue(version) if its.code == each.code)
        found = broken.findings.filter((pl.col("transaction") == number) & (pl.col("code") == each.code))
        if found.height != 1 or found["element"][0] != each.element.id or found["segment"][0] != each.element.segment:
            silent.append(each.code)
        if repaired.findings.filter((pl.col("transaction") == number) & (pl.col("code") == each.code)).height:
            loud.append(each.code)
        record = broken.records.filter(pl.col("record") == number)["disposition"]
        if its.severity is Severity.ERROR and record.to_list() != ["rejected"]:
            mild.append(each.code)
        if its.severity is Severity.WARNING and its.scope in {Scope.PATIENT, Scope.RECORD}:
            assert record[0] != "accepted"
    assert (silent, loud, mild) == ([], [], [])


def _together(examples: list[Example], which: str) -> Specimen:
    """One file of many transactions, each with a prescription number of its own."""
    together = Specimen(examples[0].version)
    for number, example in enumerate(examples):
        file = example.start(example.version).set(DSP02=f"7{number:05}")
        getattr(example, which)(file)
        together.segments += file.segments
    return together


@pytest.mark.parametrize("version", VERSIONS)
def test_all_values_of_an_element_rule(version: str) -> None:
    """The expression alone, on a table of values: each broken one fails it, no right one does."""
    wrong = []
    for each in of_elements(version):
        its = next(its for its in catalogue(version) if its.code == each.code)
        if each.code.endswith("REQUIRED"):
            continue
        # The typed column of the row, where the rule looks at it: as if the reader had read any value.
        others = {
            name: pl.lit(0 if name in TYPED.values() else None)
            for name in its.fails.meta.root_names()
            if name != each.element.id
        }
        table = pl.DataFrame({each.element.id: [*each.broken, *each.right]}, schema={each.element.id: pl.String})
        fails = table.with_columns(**others).select(its.fails.fill_null(value=False).alias("fails"))["fails"].to_list()
        expected = [True] * len(each.broken) + [False] * len(each.right)
        wrong += [
            (each.code, value)
            for value, is_, should in zip(table[each.element.id], fails, expected, strict=True)
            if is_ is not should
        ]
    assert wrong == []


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    rules = {its.code for its in all_rules() if its.segment not in {"REFUSAL", "EXEMPTION", "TELLING"}}
    examples = {example.code for example in BY_HAND}
    examples |= {each.code for version in VERSIONS for each in of_elements(version)}
    assert rules - examples == set()
    assert examples - rules == set()


def test_every_record_of_a_rule_is_drawn_in_every_version_it_is_asked_in() -> None:
    """A rule whose limits differ by version is several records: each is drawn."""
    drawn = {(each.code, version) for version in VERSIONS for each in of_elements(version)}
    by_hand = {example.code for example in BY_HAND}
    asked = {(its.code, version) for version in VERSIONS for its in catalogue(version)}
    missing = {
        (code, version)
        for code, version in asked - drawn
        if code not in by_hand and rule(code).segment not in {"REFUSAL", "EXEMPTION", "TELLING"}
    }
    assert missing == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_specimen_has_nothing_to_find(version: str) -> None:
    ruling = judge(Example("", version, lambda _: None, lambda _: None).start(version).reading(), context())
    assert ruling.findings.is_empty()
    assert ruling.records["disposition"].to_list() == ["accepted"]
