"""The month's files over SFTP, in the order of their days, as their senders would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ingest.sftp_client import Door, send
from pdmp.demonstration.people import Cast
from sample_data.make import SampleFile


@dataclass(frozen=True)
class Refused:
    """A file that the door itself did not take."""

    file: SampleFile


def send_month(door: Door, files: Sequence[SampleFile], cast: Cast, sent: Callable[[], None]) -> list[Refused]:
    """Upload every file, one session per sender; those that the door refused as not whole."""
    refused: list[Refused] = []
    by_sender = sorted(files, key=lambda file: file.sender)
    for sender, own in groupby(by_sender, key=lambda file: file.sender):
        login = cast.senders[sender]
        refusals = send(door, login.name, login.password, list(own), sent=lambda _file: sent())
        refused += [Refused(file) for file in refusals]
    return refused
