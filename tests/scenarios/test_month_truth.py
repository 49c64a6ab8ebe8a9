"""The judge finds in the sample month what was planted in it, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest

import drugs
from ingest.rows import read
from sample_data.make import SampleFile, make_world, month
from schemas.submission import Disposition, Outcome
from validation.context import Context
from validation.judge import judge
from validation.ruling import Ruling


FIRST_DAY = date(2026, 9, 1)
WORLD = make_world(7)


def ruled(file: SampleFile) -> Ruling:
    """The file as received on the morning after its last day."""
    context = Context(
        received_on=file.day + timedelta(days=1),
        drugs=drugs.load(),
        drug_edition=drugs.EDITION,
        dispensers=WORLD.register(),
        permitted=frozenset(WORLD.senders()[file.sender]),
    )
    return judge(read(file.data), context)


def truth(file: SampleFile) -> list[tuple[str, str | None]]:
    """Disposition and exemption of each record, as planted."""
    expected: list[tuple[str, str | None]] = [(Disposition.ACCEPTED, None)] * file.records
    for each in file.planted:
        if each.record is not None:
            expected[each.record - 1] = (each.disposition, each.reason)
        elif each.disposition == Disposition.HELD:
            expected = [(each.disposition, None)] * file.records
    return expected


def some(files: list[SampleFile]) -> list[SampleFile]:
    """A file or two of each kind: of each thing planted, of each sender's version and habit, of zero reports."""
    chosen: dict[tuple[str, str], SampleFile] = {}
    for file in files:
        chosen.setdefault(("sender", file.sender), file)
        for each in file.planted:
            chosen.setdefault(("planted", each.kind), file)
        if file.zero or file.test:
            chosen.setdefault(("zero" if file.zero else "test", ""), file)
    return [file for file in files if any(file is each for each in chosen.values())]


def check(file: SampleFile) -> list[str]:
    """Compare a file's ruling with the truth; what was met in it."""
    ruling = ruled(file)
    if any(each.disposition == "refused" for each in file.planted):
        assert ruling.outcome is Outcome.REFUSED, file.name
        return ["refused"]
    assert ruling.records.height == file.records, file.name
    assert ruling.test is file.test
    for found, (disposition, exemption) in zip(ruling.records.iter_rows(named=True), truth(file), strict=True):
        place = (file.name, found["record"])
        assert (place, found["disposition"]) == (place, disposition)
        if exemption:
            assert found["reason"] == f"X-{exemption.replace('-', '')}", place
    if file.zero:
        assert ruling.zero_reports["dispenser_id"].to_list() == list(file.dispensers)
        assert set(ruling.zero_reports["disposition"]) == {Disposition.ACCEPTED}
        assert ruling.zero_reports.select("covers_from", "covers_to").unique().rows() == [file.covers]
    return ruling.records["disposition"].to_list()


@pytest.mark.parametrize("choose", [some, pytest.param(list, marks=pytest.mark.long)], ids=["some", "all"])
def test_every_record_of_the_month_is_ruled_as_planted(
    choose: Callable[[list[SampleFile]], list[SampleFile]],
) -> None:
    met: Counter[str] = Counter()
    for file in choose(list(month(WORLD, FIRST_DAY))):
        met.update(check(file))
    assert set(met) == {*(each.value for each in Disposition), "refused"}


@pytest.mark.parametrize("kind", ["bad_prescriber_dea", "missing_birth_date", "quantity_zero", "unknown_ndc"])
def test_the_finding_names_the_planted_element(kind: str) -> None:
    file, planted = next((file, each) for file in month(WORLD, FIRST_DAY) for each in file.planted if each.kind == kind)
    findings = ruled(file).findings
    assert planted.element in findings.filter(findings["severity"] != "info")["element"].to_list()
