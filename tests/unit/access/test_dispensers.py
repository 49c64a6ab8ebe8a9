from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy.exc import IntegrityError

from access import audit
from access.audit import Actor
from access.database import Database
from access.dispensers import (
    Dispenser,
    add_dispenser,
    change_dispenser,
    close_dispenser,
    list_dispensers,
    register_frame,
)
from access.errors import Conflict, Invalid, NotVisible
from access.register_file import Imported, RegisterRefused, import_dispensers
from access.tables_people import DispenserTable
from schemas.dispenser import REGISTER_SCHEMA, Cadence, DispenserKind, LicenceClass


NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
BY = Actor("a-admin", "administrator", "192.0.2.1")
NORTH = Dispenser(
    "North Pharmacy",
    DispenserKind.PHARMACY,
    Cadence.DAILY,
    LicenceClass.PHARMACY,
    dea="FX1234563",
    ncpdp="0712345",
    npi="1234567893",
    dispenser_id="north",
)
PAWS = Dispenser(
    "Paws",
    DispenserKind.VETERINARIAN,
    Cadence.WEEKLY,
    LicenceClass.VETERINARY,
    dea="BX1234563",
    dispenser_id="vet",
)
HEAD = "dispenser_id,name,dea,ncpdp,npi,kind,cadence,licence_class\n"
LINE = "north,North Pharmacy,FX1234563,0712345,1234567893,pharmacy,daily,pharmacy\n"
VET = "vet,Paws,BX1234563,,,veterinarian,weekly,veterinary\n"


def add(db: Database, dispenser: Dispenser = NORTH) -> str:
    with db.session() as session:
        return add_dispenser(session, dispenser, by=BY, now=NOW)


def take(db: Database, tmp_path: Path, content: str | bytes) -> Imported:
    path = tmp_path / "register.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with db.session() as session:
        return import_dispensers(session, path, by=BY, now=NOW)


def names(db: Database) -> list[str]:
    with db.reading() as session:
        return [dispenser.name for dispenser in list_dispensers(session)]


def test_a_dispenser_is_entered_in_its_one_spelling(db: Database) -> None:
    add(db, replace(NORTH, dea=" fx-1234563", ncpdp="07 12345", npi="1234.567.893"))
    with db.reading() as session:
        assert list_dispensers(session) == [NORTH]
        [event] = audit.search(session)
    assert (event.act, event.object_id) == ("administrator:dispenser:added", "north")


def test_a_dispenser_without_an_id_is_given_one(db: Database) -> None:
    made = add(db, replace(NORTH, dispenser_id=""))
    assert made.startswith("d-")
    with db.reading() as session:
        assert [dispenser.dispenser_id for dispenser in list_dispensers(session)] == [made]


def test_the_judge_reads_the_open_register(db: Database) -> None:
    add(db)
    add(db, PAWS)
    with db.session() as session:
        close_dispenser(session, "vet", closed_on=date(2026, 2, 28), by=BY, now=NOW)
        frame = register_frame(session)
    assert frame.schema == REGISTER_SCHEMA
    assert frame.rows(named=True) == [
        {
            "dispenser_id": "north", "name": "North Pharmacy", "dea": "FX1234563", "ncpdp": "0712345",
            "npi": "1234567893", "kind": "pharmacy", "cadence": "daily", "licence_class": "pharmacy",
        }
    ]  # fmt: skip


def test_an_empty_register_has_the_same_columns(db: Database) -> None:
    with db.reading() as session:
        frame = register_frame(session)
    assert frame.equals(pl.DataFrame(schema=REGISTER_SCHEMA))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"dea": "FX1234564"}, "dea: its form or check digit"),
        ({"npi": "1234567890"}, "npi: its form or check digit"),
        ({"ncpdp": "123"}, "seven digits"),
        ({"ncpdp": "٠٧١٢٣٤٥"}, "seven digits"),
        ({"dea": None, "ncpdp": None, "npi": " "}, "at least one of"),
        ({"name": " "}, "A name needs"),
        ({"dispenser_id": "../x"}, "dispenser_id may hold"),
    ],
)
def test_what_does_not_hold_up_is_refused(db: Database, change: dict[str, str], fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        add(db, replace(NORTH, **change))
    assert names(db) == []


@pytest.mark.parametrize("shared", ["dea", "ncpdp", "npi"])
def test_a_number_leads_to_one_open_dispenser(db: Database, shared: str) -> None:
    """Else a file that names its pharmacy by that number could be either's."""
    add(db)
    other = Dispenser(
        "Second",
        NORTH.kind,
        NORTH.cadence,
        NORTH.licence_class,
        dispenser_id="second",
        **{shared: getattr(NORTH, shared)},
    )
    with pytest.raises(Conflict, match="the open dispenser north has this number"):
        add(db, other)
    with db.session() as session:
        close_dispenser(session, "north", closed_on=date(2026, 2, 28), by=BY, now=NOW)
    assert add(db, other) == "second"


def test_the_database_itself_keeps_a_number_to_one_open_dispenser(db: Database) -> None:
    add(db)
    twin = {name: getattr(NORTH, name) for name in ("name", "dea", "kind", "cadence", "licence_class")}
    with pytest.raises(IntegrityError), db.session() as session:
        session.add(DispenserTable(**twin, dispenser_id="twin", added_at=NOW))


def test_an_id_is_never_used_again(db: Database) -> None:
    add(db)
    with db.session() as session:
        close_dispenser(session, "north", closed_on=date(2026, 2, 28), by=BY, now=NOW)
    with pytest.raises(Conflict, match="has a dispenser north"):
        add(db)


def test_an_entry_is_changed_and_its_event_names_the_fields(db: Database) -> None:
    add(db)
    with db.session() as session:
        assert change_dispenser(session, replace(NORTH, name="North Rx", cadence=Cadence.WEEKLY), by=BY, now=NOW)
        assert not change_dispenser(session, replace(NORTH, name="North Rx", cadence=Cadence.WEEKLY), by=BY, now=NOW)
        [event, _] = audit.search(session)
    assert event.detail == {"fields": ["name", "cadence"]}
    assert names(db) == ["North Rx"]


def test_only_an_open_dispenser_is_changed_or_closed(db: Database) -> None:
    add(db)
    with db.session() as session:
        close_dispenser(session, "north", closed_on=date(2026, 2, 28), by=BY, now=NOW)
        assert [dispenser.dispenser_id for dispenser in list_dispensers(session, closed_too=True)] == ["north"]
    for change in (
        lambda session: close_dispenser(session, "north", closed_on=date(2026, 2, 28), by=BY, now=NOW),
        lambda session: change_dispenser(session, NORTH, by=BY, now=NOW),
    ):
        with pytest.raises(NotVisible, match="no open dispenser 'north'"), db.session() as session:
            change(session)


# A REGISTER FILE -------------------------------------------------------------------------------
def test_a_register_file_is_taken_and_taken_again(db: Database, tmp_path: Path) -> None:
    assert take(db, tmp_path, HEAD + LINE + VET) == Imported(("north", "vet"), (), ())
    assert take(db, tmp_path, HEAD + LINE + VET) == Imported((), (), ("north", "vet"))
    assert take(db, tmp_path, HEAD + VET.replace("weekly", "daily")) == Imported((), ("vet",), ())
    assert names(db) == ["North Pharmacy", "Paws"]


def test_columns_come_in_any_order_with_a_bom_and_crlf(db: Database, tmp_path: Path) -> None:
    content = '\ufeffKind,Name,Cadence,Licence_Class,dea\r\nPharmacy,"North, Pharmacy",daily,pharmacy,fx1234563\r\n'
    taken = take(db, tmp_path, content)
    assert len(taken.added) == 1
    assert names(db) == ["North, Pharmacy"]


def test_one_bad_line_and_nothing_is_taken_and_every_fault_told(db: Database, tmp_path: Path) -> None:
    bad = (
        LINE
        + VET.replace("weekly", "monthly")
        + "x,Third,FX1234560,,,pharmacy,daily,pharmacy\n"
        + LINE.replace("north", "again")
    )
    with pytest.raises(RegisterRefused, match="Nothing was imported: 3 faults") as caught:
        take(db, tmp_path, HEAD + bad)
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["Line 3", "Line 4", "Line 5"]
    assert "cadence must be one of daily, weekly" in caught.value.faults[0]
    assert names(db) == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "heading line lacks cadence, kind, licence_class, name"),
        ("name,kind,cadence\n", "lacks licence_class"),
        (HEAD.strip() + ",colour\n", r"does not know: \['colour'\]"),
        (HEAD + LINE.strip() + ",more\n", "Line 2: it has more or fewer fields"),
        (HEAD + "north,North\n", "Line 2: it has more or fewer fields"),
        (b"\xff\xfe" + (HEAD + LINE).encode("utf-16-le"), "not UTF-8 text"),
        (HEAD + '"north', "comma-separated"),
    ],
)
def test_a_file_that_is_no_register_is_refused(db: Database, tmp_path: Path, content: str | bytes, fault: str) -> None:
    with pytest.raises(RegisterRefused, match=fault):
        take(db, tmp_path, content)
    assert names(db) == []
