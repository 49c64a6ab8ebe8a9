"""A small installation for tests: one pharmacy and its sender, a prescriber, an administrator, and files to send."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from access.accounts import Status, create_account
from access.audit import SYSTEM
from access.dispensers import Dispenser, add_dispenser
from access.feeds import give_sftp_name, set_feed_password
from access.organisations import create_organisation, permit_dispenser
from access.passwords import HashCost, Passwords
from pdmp.processes import Address, announced
from pdmp.settings import load
from pdmp.wiring import now, opened
from schemas.dispenser import Cadence, DispenserKind, LicenceClass


PHARMACY = "FX1234563"
SENDER = "feed@example.org"
PRESCRIBER = "doctor@example.org"
ADMINISTRATOR = "admin@example.org"
PASSWORD = "Correct-horse-9"
SFTP_NAME = "feed"
REPOSITORY = Path(__file__).parents[2]


def fill(rx: int, *, last: str = "SAMPLE", first: str = "ALEX", quantity: int = 30, born: str = "19800101") -> str:
    """PAT, DSP and PRE of one dispensation."""
    return (
        f"PAT*******{last}*{first}****2 EXAMPLE ST**HARTFORD*CT*06103**{born}*U*01~"
        f"DSP*00*{rx}*20260304*0*20260305*0*01*00406055201*{quantity}*7*01*05*00***01~"
        "PRE*1234567893*AB1234563***SAMPLE*ROBIN~"
    )


def asap(control: str, fills: Sequence[str], *, pharmacy: str = PHARMACY, file_type: str = "P") -> bytes:
    """A 4.2B file of one pharmacy, its counts right."""
    segments = 2 + 3 * len(fills)
    return (
        f"TH*4.2B*{control}*01**20260306*0115*{file_type}**~~IS*5550000000*EXAMPLE PHARMACY*#20260305#-#20260305#~"
        f"PHA***{pharmacy}*EXAMPLE PHARMACY*1 EXAMPLE ST**HARTFORD*CT*06103~"
        f"{''.join(fills)}TP*{segments}~TT*{control}*{segments + 3}~"
    ).encode()


@dataclass(frozen=True)
class Settled:
    """What `settle` made."""

    sender: str
    dispenser: str


def settle(home: Path, *, settings: str = "") -> Settled:
    """Make an installation at `home` with its people and an empty lake."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.toml").write_text(f"buckets = 2\nsftp_port = 0\nweb_port = 0\n{settings}", encoding="utf-8")
    cheap = Passwords(cost=HashCost(passes=1, memory_kib=64, lanes=1)).new(PASSWORD, PASSWORD)
    with opened(load(home)) as installation, installation.lake(threads=1), installation.database.session() as session:
        dispenser = add_dispenser(
            session,
            Dispenser("Example", DispenserKind.PHARMACY, Cadence.DAILY, LicenceClass.PHARMACY, dea=PHARMACY),
            by=SYSTEM,
            now=now(),
        )
        organisation = create_organisation(session, "Example", by=SYSTEM, now=now())
        permit_dispenser(session, organisation.id, dispenser, by=SYSTEM, now=now())
        accounts = {}
        for email, role, belongs in (
            (SENDER, "dispenser", organisation.id),
            (PRESCRIBER, "prescriber", None),
            (ADMINISTRATOR, "administrator", None),
        ):
            accounts[role] = create_account(
                session,
                email=email,
                display_name=role.capitalize(),
                role=role,
                by=SYSTEM,
                now=now(),
                password=cheap,
                status=Status.ACTIVE,
                organisation_id=belongs,
            )
        sender = accounts["dispenser"].id
        give_sftp_name(session, sender, SFTP_NAME, by=SYSTEM, now=now())
        set_feed_password(session, sender, cheap, by=SYSTEM, now=now())
    return Settled(sender, dispenser)


def environment() -> dict[str, str]:
    """What a program of ours needs of an environment: next to nothing, and no HOME."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}


def pdmp(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pdmp", *arguments],
        env=environment(),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@contextmanager
def serving(home: Path, log: Path) -> Iterator[dict[str, Address]]:
    """`pdmp serve` on a home; the addresses of its processes."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "pdmp", "--home", str(home), "serve"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
        try:
            yield _addresses(home, process)
        finally:
            process.terminate()
            process.wait(60)


def _addresses(home: Path, process: subprocess.Popen[bytes]) -> dict[str, Address]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        found = {name: announced(home / "run", name) for name in ("worker", "sftp", "web")}
        if all(found.values()):
            return {name: address for name, address in found.items() if address is not None}
        time.sleep(0.05)
    raise TimeoutError("the server did not come up")


def wait_for_report(folder: Path, name: str, seconds: float = 120) -> dict[str, object]:
    """The JSON status report of the file of this name, once it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = sorted(folder.glob(f"{name}.*.json"))
        if found:
            report: dict[str, object] = json.loads(found[-1].read_text(encoding="utf-8"))
            return report
        time.sleep(0.05)
    raise TimeoutError(f"no report for {name}")
