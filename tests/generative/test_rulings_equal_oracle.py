"""F8 for whole rulings; F9: neither the order of the rules nor how a file lies in memory changes one."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from drawn_files import files
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_dispositions import Dispenser, dispositions
from plain_rules import broken_rules
from specimens import Specimen, context, register

from ingest.rows import read
from schemas.reading import Reading
from validation import evaluation
from validation.context import Context
from validation.judge import judge
from validation.ruling import Ruling


DISPENSERS = st.one_of(
    st.none(),
    st.builds(
        Dispenser,
        st.sampled_from(["pharmacy", "institutional_pharmacy", "veterinarian", "opioid_treatment_program"]),
        st.sampled_from(["pharmacy", "hospital", "health_care_facility", "assisted_living", "substance_use_clinic"]),
        st.sampled_from([True, True, False]),
    ),
)

NO_ORACLE = {"R-DUPLICATE", "R-CONTRADICTION"}


def knows(who: Dispenser | None) -> Context:
    if who is None:
        return context()
    entry = register({"kind": who.kind, "licence_class": who.licence_class})
    return context(dispensers=entry, permitted=frozenset({"d1"} if who.permitted else ()))


@given(files(), DISPENSERS)
def test_rulings_equal_oracle(file: Specimen, who: Dispenser | None) -> None:
    agree(file, who)


@pytest.mark.long
@settings(max_examples=1500)
@given(files(), DISPENSERS)
def test_rulings_equal_oracle_at_length(file: Specimen, who: Dispenser | None) -> None:
    agree(file, who)


def agree(file: Specimen, who: Dispenser | None) -> None:
    file.set(PHA03="FX1234563")
    ruling = judge(read(file.text()), knows(who))
    expected = dispositions(file, broken_rules(file), who)
    contradicting = set(ruling.findings.filter(pl.col("code") == "R-CONTRADICTION")["record"])
    actual = ruling.records.select("record", "disposition", "reason").rows()
    for (record, *became), should in zip(actual, expected, strict=True):
        assert tuple(became) == (("rejected", None) if record in contradicting else should)


def same(one: Ruling, other: Ruling) -> None:
    assert one.records.equals(other.records, null_equal=True)
    assert one.findings.equals(other.findings, null_equal=True)
    assert one.zero_reports.equals(other.zero_reports, null_equal=True)
    assert (one.outcome, one.kind, one.test) == (other.outcome, other.kind, other.test)


def chopped(frame: pl.DataFrame, size: int) -> pl.DataFrame:
    """The same rows in many small chunks of memory."""
    if frame.is_empty():
        return frame
    return pl.concat([frame[start : start + size] for start in range(0, frame.height, size)], rechunk=False)


@given(files(), st.integers(1, 3), st.randoms(use_true_random=False))
def test_a_ruling_does_not_hang_on_chunks_or_the_order_of_rules(file: Specimen, size: int, random: object) -> None:
    reading = file.reading()
    usual = judge(reading, context())
    chunked: Reading = replace(
        reading,
        rows=chopped(reading.rows, size),
        segments={name: chopped(frame, size) for name, frame in reading.segments.items()},
    )
    same(usual, judge(chunked, context()))

    rules = evaluation.rules_by_frame(file.version)
    shuffled = {name: tuple(random.sample(its, len(its))) for name, its in rules.items()}  # type: ignore[attr-defined]
    hits = [
        evaluation.hits(frame, rule)
        for name, frame in evaluation_frames(reading).items()
        for rule in evaluation.broken(frame, shuffled.get(name, ()))
    ]
    found = pl.concat(hits) if hits else pl.DataFrame(schema=evaluation.HIT_SCHEMA)
    versions = dict(reading.transactions.select("transaction", "version").iter_rows())
    expected = evaluation.ask(evaluation_frames(reading), versions)
    assert sorted(map(str, found.rows())) == sorted(map(str, expected.rows()))


def evaluation_frames(reading: Reading) -> dict[str, pl.DataFrame]:
    from validation.evidence import gather  # noqa: PLC0415  beside its only use

    return gather(reading, context())


@given(files(), files())
def test_transactions_are_ruled_alone(one: Specimen, other: Specimen) -> None:
    """What stands in one transaction changes nothing in another, whatever their versions."""
    together = judge(read(one.text() + other.text()), context())
    alone = judge(read(one.text()), context())
    first = together.records.head(alone.records.height)
    assert first.drop("disposition", "reason", "duplicate").equals(
        alone.records.drop("disposition", "reason", "duplicate")
    )
    told = together.findings.filter((pl.col("transaction") == 1) & ~pl.col("code").is_in(NO_ORACLE))
    assert sorted(map(str, told.rows())) == sorted(
        map(str, alone.findings.filter(~pl.col("code").is_in(NO_ORACLE)).rows())
    )
