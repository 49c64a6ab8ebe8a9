"""What the intake kill tests kill: three uploads, from the door's hands to the answers. Run as a program:

    HOME_FOLDER UPLOADS ACKNOWLEDGED

It does in one process and one thread what the door and the worker do in two: each upload that is not yet
acknowledged is taken in, and acknowledged in a file of its own, as the client would remember it; then the
worker's rounds run until nothing waits.
"""

from __future__ import annotations

import sys
from pathlib import Path

from access.accounts import find_account
from ingest.sftp_porter import Label, Porter
from ingest.worker import run_round
from pdmp.doors import intake
from pdmp.settings import load
from pdmp.wiring import Installation, now, opened
from tests.functional.homes import SENDER
from tests.functional.killing import wait_to_be_traced


def work(home: Path, uploads: Path, acknowledged: Path) -> None:
    """Send, take, rule, store and answer; doing it again changes nothing."""
    with opened(load(home)) as installation:
        send(installation, uploads, acknowledged)
        with installation.lake(threads=1) as lake:
            stations = installation.stations(lake)
            while not run_round(intake(installation), stations, now, batch=10, attempts=4).idle:
                pass


def send(installation: Installation, uploads: Path, acknowledged: Path) -> None:
    """Hand each upload to the door as a client does that sends again whatever was not acknowledged."""
    spool = intake(installation).spool
    porter = Porter(spool, installation.vault, now, grace_seconds=2)
    with spool.as_door():
        porter.recover()
        for upload in sorted(uploads.iterdir()):
            if (acknowledged / upload.name).exists():
                continue
            label = Label(sender_of(installation), "/incoming", upload.name, "127.0.0.1", "session")
            draft = porter.begin(label)
            draft.write(0, upload.read_bytes())
            arrival = porter.take_in(label, draft)
            (acknowledged / upload.name).write_text(arrival.id)
        porter.session_over("session")


def sender_of(installation: Installation) -> str:
    """The account that sends."""
    with installation.database.reading() as session:
        account = find_account(session, SENDER)
    assert account is not None
    return account.id


if __name__ == "__main__":
    wait_to_be_traced()
    work(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
