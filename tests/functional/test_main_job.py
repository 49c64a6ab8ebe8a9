"""The main job through the real doors: a file over OpenSSH's sftp, a report with curl, and nothing faked."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from access.audit import SYSTEM
from access.feeds import add_ssh_key
from pdmp.processes import Address
from pdmp.settings import load
from pdmp.wiring import now, opened
from tests.functional.homes import (
    ADMINISTRATOR,
    PASSWORD,
    PRESCRIBER,
    SENDER,
    SFTP_NAME,
    Settled,
    asap,
    fill,
    pdmp,
    serving,
    settle,
    wait_for_report,
)


CANARY = "ZZCANARY"
PURPOSE = {"reason": "treatment", "attested": ["P-105", "P-110"]}

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Running:
    """A served installation in a folder with a space in its name."""

    home: Path
    log: Path
    people: Settled
    key: Path
    addresses: dict[str, Address]

    @property
    def api(self) -> str:
        web = self.addresses["web"]
        return f"{web.scheme}://{web.host}:{web.port}"

    @contextmanager
    def client(self, email: str) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.api, timeout=60, trust_env=False) as client:
            answer = client.post("/v1/login", json={"email": email, "password": PASSWORD}).raise_for_status()
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield client

    def sftp(self, *commands: str) -> subprocess.CompletedProcess[str]:
        door = self.addresses["sftp"]
        options = {
            "UserKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "no",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "LogLevel": "ERROR",
        }
        argv = ["sftp", "-q", "-b", "-", "-F", "/dev/null", "-i", str(self.key), "-P", str(door.port)]
        argv += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return subprocess.run(
            [*argv, f"{SFTP_NAME}@{door.host}"],
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("a state")
    home, key = folder / "home", folder / "key"
    people = settle(home)
    if shutil.which("ssh-keygen"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        with opened(load(home)) as installation, installation.database.session() as session:
            add_ssh_key(session, people.sender, key.with_suffix(".pub").read_text(), by=SYSTEM, now=now())
    with serving(home, folder / "serve.log") as addresses:
        yield Running(home, folder / "serve.log", people, key, addresses)


@pytest.mark.needs_sftp
def test_a_file_over_sftp_becomes_a_report_over_http(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "day one.dat"
    path.write_bytes(
        asap("MAIN1", [fill(1, last=CANARY, first="QUINN"), fill(2, last=CANARY, first="QUINN", quantity=0)])
    )
    sent = running.sftp(f'put "{path}" /incoming/day1.dat')
    assert sent.returncode == 0, sent.stderr

    status = wait_for_report(running.home / "reports" / running.people.sender, "day1.dat")
    assert status["outcome"] == "accepted_with_errors"
    listing = running.sftp("ls -1 /reports")
    assert any(line.strip().startswith("/reports/day1.dat.") for line in listing.stdout.splitlines()), listing.stdout

    with running.client(PRESCRIBER) as doctor:
        criteria = {"last_name": CANARY.lower(), "first_name": "Quinn", "date_of_birth": "1980-01-01"}
        found = doctor.post("/v1/patients/search", json={**criteria, **PURPOSE}).raise_for_status().json()
        assert found["grade"] == "exact"
        references = [candidate["reference"] for candidate in found["candidates"]]
        report = doctor.post("/v1/reports", json={"references": references, **PURPOSE}).raise_for_status().json()
    (fill_shown,) = report["dispensations"]
    assert (fill_shown["rx_number"], fill_shown["quantity"], fill_shown["days_supply"]) == ("1", 30, 7)
    assert fill_shown["drug"]["known"]
    assert fill_shown["source"]["submission_id"] == status["submission_id"]
    assert report["freshness"]["dispensers"] >= 1
    assert {statement["id"] for statement in report["disclaimers"]} >= {"P-188", "P-189", "P-190", "P-191"}

    with running.client(SENDER) as dispenser:
        shown = dispenser.get(f"/v1/submissions/{status['submission_id']}").raise_for_status().json()
    assert any(finding["code"] == "R-QUANTITY-ZERO" for finding in shown["findings"])


@pytest.mark.needs_sftp
def test_a_test_file_is_answered_and_not_stored(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "test.dat"
    path.write_bytes(asap("TEST1", [fill(9, last="TESTFILE")], file_type="T"))
    assert running.sftp(f"put {path} /incoming/test.dat").returncode == 0
    status = wait_for_report(running.home / "reports" / running.people.sender, "test.dat")
    assert status["test"] is True
    with running.client(PRESCRIBER) as doctor:
        criteria = {"last_name": "testfile", "first_name": "alex", "date_of_birth": "1980-01-01"}
        found = doctor.post("/v1/patients/search", json={**criteria, **PURPOSE}).raise_for_status().json()
    assert found["grade"] == "none"


@pytest.mark.needs_sftp
def test_a_foreign_pharmacy_is_held_until_an_administrator_lets_it_in(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "foreign.dat"
    path.write_bytes(asap("HELD1", [fill(20, last="HELDBACK")], pharmacy="FH1234563"))
    assert running.sftp(f"put {path} /incoming/foreign.dat").returncode == 0
    folder = running.home / "reports" / running.people.sender
    status = wait_for_report(folder, "foreign.dat")
    assert isinstance(status["totals"], dict)
    assert (status["totals"]["held"], status["totals"]["accepted"]) == (1, 0)
    with running.client(ADMINISTRATOR) as administrator:
        shown = administrator.get(f"/v1/submissions/{status['submission_id']}").raise_for_status().json()
    assert any(finding["code"].startswith("H-") for finding in shown["findings"])

    home = ("--home", str(running.home))
    assert status["submission_id"] in pdmp(*home, "submission", "list", "--held").stdout
    added = pdmp(*home, "dispenser", "add", "Foreign", "--dea", "FH1234563", "--organisation", "Example")
    assert added.returncode == 0, added.stderr
    released = pdmp(*home, "submission", "release", str(status["submission_id"]))
    assert released.returncode == 0, released.stderr
    deadline = time.monotonic() + 60
    while (again := wait_for_report(folder, "foreign.dat"))["totals"] == status["totals"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert isinstance(again["totals"], dict)
    assert (again["totals"]["held"], again["totals"]["accepted"], again["totals"]["duplicates"]) == (0, 1, 0)


def test_no_patient_value_lies_outside_the_store(running: Running) -> None:
    """The canary of engineering.md I7: the name sent above is in no log, report, database or file of the home."""
    found = [
        str(path.relative_to(running.home))
        for path in running.home.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes().upper()
    ]
    assert found == []
    assert CANARY not in running.log.read_text(errors="replace").upper()


@pytest.mark.needs_curl
def test_curl_reads_a_report(running: Running) -> None:
    def curl(path: str, body: dict[str, object], token: str = "") -> dict[str, object]:
        argv = ["curl", "--silent", "--fail-with-body", "--json", "@-", f"{running.api}{path}"]
        argv += ["-H", f"Authorization: Bearer {token}"] if token else []
        done = subprocess.run(argv, input=json.dumps(body), capture_output=True, text=True, check=True, timeout=60)
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    token = str(curl("/v1/login", {"email": PRESCRIBER, "password": PASSWORD})["token"])
    criteria = {"last_name": "NOBODY", "first_name": "NONE", "date_of_birth": "1980-01-01"}
    assert curl("/v1/patients/search", {**criteria, **PURPOSE}, token)["grade"] == "none"
