"""A register file: the dispensers of a state as a CSV table, taken whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from access.audit import Actor
from access.dispensers import COLUMNS, Dispenser, add_dispenser, change_dispenser
from access.errors import Conflict, Invalid, NotVisible
from access.tables_people import DispenserTable
from schemas.dispenser import Cadence, DispenserKind, LicenceClass


Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class Imported:
    """What a register file changed: ids of the dispensers added, changed, and left as they were."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


class RegisterRefused(Invalid):
    """A register file holds lines that do not hold up; nothing of it was taken.

    Attributes:
        faults: one sentence per fault, each with its line.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(
            f"Nothing was imported: {len(faults)} faults. {' '.join(faults[:10])} Mend them and import the file again."
        )
        self.faults = faults


def import_dispensers(session: Session, path: Path, *, by: Actor, now: datetime) -> Imported:
    """Take a register file: CSV with a heading line, columns as in `REGISTER_SCHEMA`; all of it or nothing.

    A line with the id of a dispenser on the register changes that one; any other line adds one. Dispensers
    that the file does not name stay as they are.

    Raises:
        RegisterRefused: lines that do not hold up, each with its number and what is wrong.
    """
    faults: list[str] = []
    outcome: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}
    for line, values in _lines(path):
        try:
            dispenser = _from_text(values)
            known = bool(dispenser.dispenser_id) and session.get(DispenserTable, dispenser.dispenser_id) is not None
            if not known:
                outcome["added"].append(add_dispenser(session, dispenser, by=by, now=now))
            elif change_dispenser(session, dispenser, by=by, now=now):
                outcome["changed"].append(dispenser.dispenser_id)
            else:
                outcome["unchanged"].append(dispenser.dispenser_id)
        except (Invalid, Conflict, NotVisible) as fault:
            faults.append(f"Line {line}: {fault}")
    if faults:
        # The caller's transaction ends with this exception, and with it whatever was entered above.
        raise RegisterRefused(tuple(faults))
    return Imported(*(tuple(outcome[name]) for name in ("added", "changed", "unchanged")))


def _lines(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    """Each line with its number in the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            heading = [name.strip().lower() for name in reader.fieldnames or ()]
            reader.fieldnames = heading
            needed = {"name", "kind", "cadence", "licence_class"}
            if missing := sorted(needed - set(heading)):
                raise RegisterRefused((f"The heading line lacks {', '.join(missing)}.",))
            if surplus := sorted(set(heading) - set(COLUMNS)):
                raise RegisterRefused((f"The heading line has columns the register does not know: {surplus}.",))
            lines: list[tuple[int, Mapping[str, str]]] = []
            for values in reader:
                if None in values or None in values.values():
                    raise RegisterRefused((f"Line {reader.line_num}: it has more or fewer fields than the heading.",))
                lines.append((reader.line_num, values))
            return lines
    except (UnicodeDecodeError, csv.Error) as fault:
        raise RegisterRefused(("The file is not UTF-8 text with comma-separated fields.",)) from fault


def _from_text(values: Mapping[str, str]) -> Dispenser:
    text = {name: (values.get(name) or "").strip() for name in COLUMNS}
    return Dispenser(
        name=text["name"],
        kind=_one_of(DispenserKind, "kind", text["kind"]),
        cadence=_one_of(Cadence, "cadence", text["cadence"]),
        licence_class=_one_of(LicenceClass, "licence_class", text["licence_class"]),
        dea=text["dea"] or None,
        ncpdp=text["ncpdp"] or None,
        npi=text["npi"] or None,
        dispenser_id=text["dispenser_id"],
    )


def _one_of(kind: type[Choice], column: str, value: str) -> Choice:
    try:
        return kind(value.lower())
    except ValueError:
        raise Invalid(f"{column} must be one of {', '.join(kind)}.") from None
