"""The demo, in order: a state is founded, a month arrives over SFTP, a prescriber reads a report."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rich.progress import Progress

from ingest.sftp_client import Door, fetch_reports
from ingest.sftp_keys import host_keys
from pdmp.console import err, headline, out, say
from pdmp.demonstration.figures import came_in, exempt, not_reported, rejected
from pdmp.demonstration.home import fresh_home
from pdmp.demonstration.people import Cast, settle
from pdmp.demonstration.reading import ask, readable
from pdmp.demonstration.sending import send_month
from pdmp.exit_codes import CommandError, ExitCode
from pdmp.processes import SUPERVISED, Address, announced
from pdmp.settings import Settings, load
from pdmp.supervisor import PROGRAM
from pdmp.wiring import Installation, opened
from sample_data.make import SampleFile, make_world, month
from schemas.submission import SubmissionState


SEED = 7
DAYS = 30
PROCESSES = ("worker", "sftp", "web")
# A cold start imports and opens everything; a slow machine may need most of it.
START_SECONDS = 60
# Without any submission finishing; the whole month takes seconds.
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Running:
    """The demo's server."""

    door: Door
    base_url: str


def tell(into: Path, last_day: date) -> None:
    """Play the demo into `into` and print it."""
    world = make_world(SEED)
    files = list(month(world, last_day - timedelta(days=DAYS - 1), DAYS))
    settings = load(fresh_home(into, last_day))
    with opened(settings) as installation:
        with installation.lake():
            pass
        cast = settle(installation, world)
        headline(
            "[bold]A synthetic state[/bold]",
            f": {len(world.dispensers)} dispensers, {len(world.patients)} patients, "
            f"{DAYS} days until {last_day}. Nobody in it exists.",
        )
        with _server(settings) as server:
            _send(installation, server, files, cast)
            _figures(installation, cast, last_day + timedelta(days=1))
            _status_report(server, cast, files)
            patient = world.demo_patient
            headline("\n[bold]A prescriber looks before prescribing[/bold]: log in, search, attest, read.\n")
            report = ask(server.base_url, cast.prescriber, patient)
            out.print(readable(report), soft_wrap=False)
    _farewell(settings, cast)


def _send(installation: Installation, server: Running, files: list[SampleFile], cast: Cast) -> None:
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Uploading over SFTP", total=len(files))
        refused = send_month(server.door, files, cast, lambda: progress.advance(task))
        expected = len(files) - len(refused)
        progress.update(task, description="Reading, ruling, storing, answering", total=expected, completed=0)
        for done in _answered(installation, expected):
            progress.update(task, completed=done)
    say(f"{len(files)} files were uploaded over SFTP by {len(cast.senders)} senders; {expected} arrived whole.")
    for one in refused:
        say(f"  {one.file.name}: the door refused it, and its sender saw the error: {one.file.shows}.")


def _answered(installation: Installation, expected: int) -> Iterator[int]:
    done, since = 0, time.monotonic()
    while done < expected:
        counts = installation.ledger.counts()
        now_done = counts.get(SubmissionState.ANSWERED, 0) + counts.get(SubmissionState.FAILED, 0)
        if now_done > done:
            done, since = now_done, time.monotonic()
        elif time.monotonic() - since > PATIENCE_SECONDS:
            raise CommandError(
                f"only {done} of {expected} files were answered; {installation.settings.home / 'serve.log'} says why.",
                ExitCode.INTERNAL,
            )
        yield done
        time.sleep(0.1)


def _figures(installation: Installation, cast: Cast, today: date) -> None:
    names = {login.account_id: login.name for login in cast.senders.values()}
    for table in (
        came_in(installation.ledger, names),
        rejected(installation.ledger),
        exempt(installation.ledger),
        not_reported(installation, today),
    ):
        say()
        out.print(table, soft_wrap=False)


def _status_report(server: Running, cast: Cast, files: list[SampleFile]) -> None:
    """One status report, fetched as its sender would: that of the first file with a record to correct."""
    wrong = next(file for file in files if any(one.disposition == "rejected" for one in file.planted))
    login = cast.senders[wrong.sender]
    reports = fetch_reports(server.door, login.name, login.password, lambda name: name.startswith(wrong.name))
    text = next(content for name, content in sorted(reports.items()) if name.endswith(".txt"))
    headline(f"\n[bold]What {login.name} found in /reports[/bold]", f" seconds after sending {wrong.name}:\n")
    say("\n".join(f"  {line}" for line in text.decode().splitlines()))


@contextmanager
def _server(settings: Settings) -> Iterator[Running]:
    """`pdmp serve` on the demo's home, as its own processes; ended when the block ends, whatever happens."""
    # Nothing of the caller's installation may reach the demo's.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PDMP_")}
    command = (*PROGRAM, "--home", str(settings.home), "serve")
    with (settings.home / "serve.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own command
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, env={**environment, SUPERVISED: "1"}
        )
        try:
            addresses = _wait(settings, process)
            sftp, web = addresses["sftp"], addresses["web"]
            yield Running(
                Door(sftp.host, sftp.port, host_keys(settings.host_keys).public_lines()[0]),
                f"{web.scheme}://{web.host}:{web.port}",
            )
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(settings: Settings, process: subprocess.Popen[bytes]) -> dict[str, Address]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = {name: announced(settings.run, name) for name in PROCESSES}
        ready = {name: address for name, address in found.items() if address is not None}
        if len(ready) == len(PROCESSES):
            return ready
        time.sleep(0.05)
    raise CommandError(f"the demo's server did not come up; {settings.home / 'serve.log'} says why.", ExitCode.INTERNAL)


def _farewell(settings: Settings, cast: Cast) -> None:
    program = Path(sys.executable).with_name("pdmp")
    headline(
        "\n[bold]Look around yourself[/bold]: this line starts the demo's server again; it says where it listens.\n"
    )
    say(f'    "{program}" --home "{settings.home}" serve\n')
    for login in (cast.prescriber, cast.pharmacist, cast.administrator):
        say(f"  {login.what:<14}{login.name:<30}{login.password}")
    first = next(iter(cast.senders.values()))
    say(f"  {'SFTP sender':<14}{first.name:<30}{first.password}")
    say("These log-ins work in this demo home only.")
