"""The sample month is deterministic, obeys the standard where it should, and tells the truth about itself."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest

import drugs
from sample_data.formulary import FORMULARY
from sample_data.make import SampleFile, make_world, month
from sample_data.mistakes import RECORD_MISTAKES
from sample_data.names import DATA, towns
from sample_data.world import World
from schemas.asap import specification
from schemas.dispenser import REGISTER_SCHEMA, Cadence, DispenserKind, LicenceClass


FIRST_DAY = date(2026, 9, 1)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(7)


@pytest.fixture(scope="module")
def files(world: World) -> list[SampleFile]:
    return list(month(world, FIRST_DAY))


def segments(file: SampleFile) -> Iterator[list[str]]:
    """The test's own reading: the terminator is the character after the ninth separator."""
    text = file.data.decode("latin-1")
    ninth = [found.end() for found in re.finditer(r"\*", text)][8]
    terminator = text[ninth]
    pieces = text.splitlines() if terminator in "\r\n" else text.split(terminator)
    yield from (piece.strip().split("*") for piece in pieces if piece.strip())


def whole(files: list[SampleFile]) -> list[SampleFile]:
    return [file for file in files if not any(each.disposition == "refused" for each in file.planted)]


def test_the_same_seed_makes_the_same_bytes(files: list[SampleFile]) -> None:
    assert [file.data for file in month(make_world(7), FIRST_DAY)] == [file.data for file in files]
    assert make_world(8).patients != make_world(7).patients


def test_a_world_has_what_the_demo_promises(world: World) -> None:
    assert (len(world.pharmacies), len(world.veterinarians), len(world.hospitals)) == (12, 2, 1)
    assert len(world.methadone_clinics) == 1
    assert sum(not patient.animal for patient in world.patients) >= 500
    assert len(world.never_reports) == len(world.stops_reporting) == 1
    register = world.register()
    assert register.schema == REGISTER_SCHEMA
    assert register["dispenser_id"].is_unique().all()
    assert register["dea"].is_unique().all()
    assert set(register["kind"]) <= set(DispenserKind)
    assert set(register["licence_class"]) <= set(LicenceClass)
    assert set(register.filter(pl.col("cadence") == Cadence.WEEKLY)["kind"]) == {DispenserKind.VETERINARIAN}


def test_fewer_than_ten_pharmacies_make_no_world() -> None:
    with pytest.raises(ValueError, match="at least 10 pharmacies"):
        make_world(1, pharmacies=9)


@pytest.mark.parametrize("pharmacies", [10, 24])
def test_other_sizes_make_a_month_too(pharmacies: int) -> None:
    small = make_world(3, pharmacies=pharmacies, veterinary_clinics=0, hospitals=2, methadone_clinics=0, patients=40)
    assert len(list(month(small, FIRST_DAY, days=3))) > pharmacies


def test_towns_are_connecticuts_and_patients_live_there(world: World) -> None:
    assert all(re.fullmatch(r"06\d{3}", town.zip) for town in towns())
    places = {(town.name, town.zip) for town in towns()}
    assert {(patient.town, patient.zip) for patient in world.patients} <= places


def test_every_ndc_of_the_formulary_is_in_the_drug_table() -> None:
    with FORMULARY.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    table = drugs.load()
    found = table.filter(pl.col("ndc").is_in([row["ndc"] for row in rows]))
    assert set(found["ndc"]) == {row["ndc"] for row in rows}
    ordinary = {row["ndc"] for row in rows if row["pattern"] == "not_reportable"}
    watched = found.filter(~pl.col("ndc").is_in(list(ordinary)))
    assert watched.filter(pl.col("schedule").is_null() & (pl.col("drug_class") == "other")).is_empty()
    assert found.filter(pl.col("ndc").is_in(list(ordinary)))["schedule"].null_count() == len(ordinary)


def test_counts_are_right_but_for_the_planted_one(files: list[SampleFile]) -> None:
    for file in whole(files):
        lines = list(segments(file))
        assert lines[-1][0] == "TT"
        assert int(lines[-1][2]) == len(lines)
        assert lines[-1][1] == lines[0][2]
        start, wrong = 0, 0
        for place, line in enumerate(lines):
            if line[0] == "PHA":
                start = place
            elif line[0] == "TP":
                wrong += int(line[1]) != place - start + 1
        assert wrong == sum(each.kind == "wrong_count" for each in file.planted)


def test_values_fit_the_standard_and_required_ones_are_there(files: list[SampleFile]) -> None:
    planted = {each.element for mistake in files for each in mistake.planted}
    for file in whole(files):
        if file.zero:
            continue
        lines = list(segments(file))
        standard = specification.load(lines[0][1].upper())
        for line in lines:
            for element in standard.segments[line[0]].elements:
                value = line[element.position] if element.position < len(line) else ""
                assert len(value) <= element.max_length, element.id
                if element.codes and value and element.id not in planted:
                    assert value in element.codes, (element.id, value)
                required = element.usage == "R" and element.id not in planted
                # A newline-terminated sender leaves TH09 empty; PAT13 is a slip of the 4.2 table (asap.md 2).
                if required and element.id not in {"TH09", "PAT13"}:
                    assert value, (file.name, element.id)


def test_every_mistake_and_strange_file_is_there_once(files: list[SampleFile]) -> None:
    kinds = Counter(each.kind for file in files for each in file.planted)
    for mistake in RECORD_MISTAKES:
        assert kinds[mistake.kind] == 1
    for kind in ("wrong_count", "torn", "sent_again", "foreign_pharmacy", "revision", "void"):
        assert kinds[kind] == 1, kind
    assert sum(file.test for file in files) == 1
    for kind in ("inpatient", "facility_48_hours", "administered", "not_reportable"):
        assert kinds[kind] > 1, kind


def test_planted_records_point_at_their_segment(files: list[SampleFile]) -> None:
    seen = 0
    for file in files:
        dispensing = [line for line in segments(file) if line[0] == "DSP"] if whole([file]) else []
        for each in file.planted:
            if each.kind == "quantity_zero" and each.record is not None:
                assert dispensing[each.record - 1][9] == "0"
                seen += 1
            if each.kind == "void" and each.record is not None:
                assert dispensing[each.record - 1][1] == "02"
                seen += 1
    assert seen == 2


def test_every_version_and_habit_is_sent(files: list[SampleFile]) -> None:
    versions = {next(segments(file))[1] for file in files}
    assert versions >= {"4.1", "4.2", "4.2A", "4.2B", "4.2b", "5.0"}
    assert any(b"\\\\" in file.data for file in files)
    assert any(b"\n" in file.data and b"\r" not in file.data for file in files)
    assert any("Muñoz".upper().encode("latin-1") in file.data for file in files)


def test_one_never_reports_and_one_stops(world: World, files: list[SampleFile]) -> None:
    (never,), (stops,) = world.never_reports, world.stops_reporting
    assert not any(never.dispenser_id in file.dispensers for file in files)
    assert max(file.day for file in files if stops.dispenser_id in file.dispensers) == FIRST_DAY + timedelta(days=9)


def test_all_others_cover_every_day(world: World, files: list[SampleFile]) -> None:
    days = {FIRST_DAY + timedelta(days=number) for number in range(30)}
    silent = {each.dispenser_id for each in (*world.never_reports, *world.stops_reporting)}
    for dispenser in world.dispensers:
        covered: set[date] = set()
        for file in files:
            if dispenser.dispenser_id in file.dispensers and not file.test and whole([file]):
                since, until = file.covers
                covered |= {since + timedelta(days=number) for number in range((until - since).days + 1)}
        assert dispenser.dispenser_id in silent or covered == days


def test_no_dispensation_is_reported_twice_but_on_purpose(files: list[SampleFile]) -> None:
    keys: Counter[tuple[str, ...]] = Counter()
    for file in whole(files):
        if file.test or file.zero or any(each.kind == "sent_again" for each in file.planted):
            continue
        pharmacy = ""
        for line in segments(file):
            if line[0] == "PHA":
                pharmacy = line[3]
            elif line[0] == "DSP" and line[1] == "00":
                keys[pharmacy, line[2], line[5], line[6], line[13]] += 1
    assert len(keys) > 600
    assert set(keys.values()) == {1}


def test_the_demo_patient_has_a_history_worth_reading(world: World, files: list[SampleFile]) -> None:
    patient = world.demo_patient
    records = []
    for file in whole(files):
        ours = False
        if file.test or any(each.kind == "sent_again" for each in file.planted):
            continue
        for line in segments(file):
            if line[0] == "PAT":
                ours = line[7:9] == [patient.last.upper(), patient.first.upper()]
            elif line[0] in {"DSP", "PRE"} and ours:
                records.append(line)
    fills = [line for line in records if line[0] == "DSP"]
    assert len(fills) == len(patient.courses)
    assert len({line[2] for line in records if line[0] == "PRE"}) >= 4
    classes = drugs.load().filter(pl.col("ndc").is_in([line[8] for line in fills]))["drug_class"].to_list()
    assert {"opioid", "benzodiazepine", "naloxone", "gabapentin"} <= set(classes)
    assert world.demo_prescriber in {course.prescriber for course in patient.courses}
    namesakes = [each for each in world.patients if (each.first, each.last) == (patient.first, patient.last)]
    assert namesakes == [patient]


def test_names_are_of_the_lists_only(world: World) -> None:
    with (DATA / "names.csv").open(encoding="utf-8") as lines:
        invented = {row["name"] for row in csv.DictReader(lines)}
    for patient in world.patients:
        assert patient.first in invented
        assert patient.last in invented or set(patient.last.split("-")) <= invented
