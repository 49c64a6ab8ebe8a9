"""The paths a client sees. There is no real folder behind them, so there is none to break out of.

`/incoming` takes uploads, and what a sender puts in `/` is taken too; `/CT` and `/incoming/CT` serve the
habit of one sub-folder per state; `/reports` holds the status reports, read-only.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from ingest.names import display_name


INCOMING = "/incoming"
REPORTS = "/reports"


class Kind(Enum):
    """What a path names."""

    FOLDER = "folder"
    REPORTS = "reports"
    UPLOAD = "upload"
    REPORT = "report"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Spot:
    """Where a path leads: `folder` is the path of the folder, `name` of the file in it."""

    kind: Kind
    folder: str = ""
    name: str = ""


NOWHERE = Spot(Kind.NOTHING)


def canonical(path: str) -> str:
    """The path from the root, without dots; what climbs above the root stays there.

    >>> canonical("incoming/../../../etc/passwd"), canonical("//reports/./x")
    ('/etc/passwd', '/reports/x')
    """
    return "/" + posixpath.normpath("/" + path).lstrip("/")


def upload_folders(states: Collection[str]) -> list[str]:
    """The folders that take uploads."""
    return ["/", INCOMING, *(f"/{state}" for state in states), *(f"{INCOMING}/{state}" for state in states)]


def locate(path: str, states: Collection[str]) -> Spot:
    """Where a client's path leads.

    >>> locate("incoming/CT/day.dat", ["CT"])
    Spot(kind=<Kind.UPLOAD: 'upload'>, folder='/incoming/CT', name='day.dat')
    >>> locate("/etc/passwd", ["CT"]).kind
    <Kind.NOTHING: 'nothing'>
    """
    place = canonical(path)
    folders = {folder.lower(): folder for folder in upload_folders(states)}
    if place.lower() in folders:
        return Spot(Kind.FOLDER, folders[place.lower()])
    if place == REPORTS:
        return Spot(Kind.REPORTS, REPORTS)
    parent, name = posixpath.split(place)
    if parent == REPORTS:
        # Whatever it says: it is only ever compared with the names that are there.
        return Spot(Kind.REPORT, REPORTS, name)
    shown = display_name(name)
    if shown is None or parent.lower() not in folders:
        return NOWHERE
    return Spot(Kind.UPLOAD, folders[parent.lower()], shown)
