"""F8: the rules, as polars expressions, and the oracle, in plain Python, find the same in any file."""

from __future__ import annotations

import pytest
from drawn_files import files
from hypothesis import given, settings
from plain_rules import broken_rules
from specimens import Specimen, context

from ingest.rows import read
from schemas.reading import Reading
from validation.catalogue import all_rules
from validation.evaluation import ask
from validation.evidence import gather


def found(reading: Reading) -> set[tuple[str, int]]:
    versions = dict(reading.transactions.select("transaction", "version").iter_rows())
    hits = ask(gather(reading, context()), versions)
    return {(all_rules()[number].code, position) for number, position in hits.select("rule", "position").iter_rows()}


@given(files())
def test_rules_equal_oracle_on_a_plain_reading(file: Specimen) -> None:
    assert found(file.reading()) == broken_rules(file)


@given(files())
def test_rules_equal_oracle_on_what_the_reader_read(file: Specimen) -> None:
    reading = read(file.text())
    assert not reading.refused
    assert found(reading) == broken_rules(file)


@pytest.mark.long
@settings(max_examples=2000)
@given(files(most_patients=4))
def test_rules_equal_oracle_at_length(file: Specimen) -> None:
    assert found(read(file.text())) == broken_rules(file)
