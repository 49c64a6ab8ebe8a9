"""Which files are complete and new: the spool between the SFTP door and the worker.

THE STATES OF AN UPLOAD. The folder in which its notice lies is its state; every step is one rename or
one flushed write, so a process killed at any moment leaves each upload in exactly one of them.

    receiving/  bytes are coming. They are encrypted with a key that exists only in the door's memory:
                a file left here by a killed door can be read by nobody, and becomes `torn`.
    closed/     the client closed it without an error, it is whole, its bytes are durable in the vault,
                and this notice was durable before the client was told "OK". Its sender may still rename
                it; under a temporary name (`X.filepart`) it waits here until he does.
    arrived/    for the worker: the session ended, or two seconds passed. `Intake.take` enters it in the
                ledger, which knows each id once, and then removes the notice.
    torn/       it never became whole. A notice for its sender's eyes, without bytes.
    damaged/    a notice that cannot be read, for a person.

AT REST there is never a patient's value in the spool: bytes are in the vault, notices carry names,
digests and times. A door that starts again releases what is closed (its session has ended) and lists
as torn what was coming in. Only one door works on a spool, and only it moves notices backwards.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog

from ingest.durable import OWNER_ONLY, flush_folder, make_folder, write_durably
from ingest.errors import SpoolBusyError
from ingest.names import is_temporary
from ingest.notices import Arrival, Fault, Torn, arrival_from, as_json, file_name, tag, torn_from


log = structlog.get_logger(__name__)

Notice = TypeVar("Notice", Arrival, Torn)

FOLDERS = ("receiving", "closed", "arrived", "torn", "damaged")


class Spool:
    """The folders above, at one root. Any process may look; `as_door` makes one of them the door."""

    def __init__(self, root: Path) -> None:
        self.root = root
        make_folder(root)
        for name in FOLDERS:
            make_folder(root / name)
        self._moving = threading.Lock()

    # THE WORKER'S SIDE ---------------------------------------------------------------------------------
    def waiting(self, limit: int) -> list[Arrival]:
        """The oldest arrivals, at most `limit`; a notice that cannot be read is set aside."""
        return self._read("arrived", arrival_from, limit=limit)

    def finish(self, arrival: Arrival) -> None:
        """Remove the notice of an arrival that stands in the ledger."""
        (self.root / "arrived" / file_name(arrival)).unlink(missing_ok=True)

    def set_aside(self, arrival: Arrival) -> None:
        """Put an arrival that cannot be entered where a person finds it, out of the others' way."""
        self._set_aside(self.root / "arrived" / file_name(arrival))

    # THE DOOR'S SIDE -----------------------------------------------------------------------------------
    @contextmanager
    def as_door(self) -> Iterator[None]:
        """Be this spool's one door while the block lasts; the system ends it with the process.

        Raises:
            SpoolBusyError: another door works here.
        """
        descriptor = os.open(self.root / "door.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SpoolBusyError(
                    f"Another SFTP door works on the spool {self.root}. Stop it, or give this one a spool of its own."
                ) from None
            yield
        finally:
            os.close(descriptor)

    def close(self, arrival: Arrival) -> None:
        """Publish a whole upload as closed; when this returns it is durable, and after an error it is not there."""
        try:
            write_durably(self._closed(arrival), as_json(arrival))
        except OSError:
            # In place, perhaps, but not durable: its sender is told "failure", and nobody else may see it.
            with suppress(OSError):
                self._closed(arrival).unlink(missing_ok=True)
            raise

    def release(self, arrivals: Iterable[Arrival]) -> None:
        """Give closed uploads to the worker."""
        moved = False
        with self._moving:
            for arrival in arrivals:
                with suppress(FileNotFoundError):
                    self._closed(arrival).rename(self.root / "arrived" / file_name(arrival))
                    moved = True
            if moved:
                flush_folder(self.root / "arrived")
                flush_folder(self.root / "closed")

    def rename(self, arrival: Arrival, folder: str, name: str) -> Arrival | None:
        """Give an upload another name, and keep it back as closed; None if the worker has it already."""
        renamed = replace(arrival, folder=folder, name=name)
        with self._moving:
            # Whoever moves the notice first has the upload: we take it back, or the worker is done with it.
            with suppress(FileNotFoundError):
                (self.root / "arrived" / file_name(arrival)).rename(self._closed(arrival))
            if not self._closed(arrival).exists():
                return None
            write_durably(self._closed(arrival), as_json(renamed))
        return renamed

    def tear(self, torn: Torn) -> None:
        """List an upload as torn."""
        write_durably(self.root / "torn" / file_name(torn), as_json(torn))

    def mend(self, arrival: Arrival) -> None:
        """Take from the torn ones what this arrival has made good: same sender, same place, same name."""
        for torn in self.torn(arrival.account):
            if (torn.folder, torn.name) == (arrival.folder, arrival.name):
                self._torn(torn).unlink(missing_ok=True)

    def recover(self) -> None:
        """Release what a door that is gone had closed, but what still bears a temporary name."""
        self.release([arrival for arrival in self._read("closed", arrival_from) if not is_temporary(arrival.name)])

    def forget(self, before: datetime, now: datetime) -> None:
        """Drop torn notices from before `before`; list as torn what was never renamed since then."""
        for torn in self.torn():
            if torn.torn_at < before:
                self._torn(torn).unlink(missing_ok=True)
        for arrival in self._read("closed", arrival_from):
            if is_temporary(arrival.name) and arrival.received_at < before:
                self.tear(_torn_for(arrival, Fault.NEVER_RENAMED, now))
                self._closed(arrival).unlink(missing_ok=True)

    # WHAT IS THERE -------------------------------------------------------------------------------------
    def of_account(self, account: str) -> list[Arrival]:
        """What this account sent and the worker has not taken yet, oldest first."""
        ours = [*self._read("closed", arrival_from, account), *self._read("arrived", arrival_from, account)]
        return sorted((arrival for arrival in ours if arrival.account == account), key=lambda arrival: arrival.id)

    def torn(self, account: str | None = None) -> list[Torn]:
        """What is listed as torn, of one account or of all, oldest first."""
        return [torn for torn in self._read("torn", torn_from, account) if account in {None, torn.account}]

    def _closed(self, arrival: Arrival) -> Path:
        return self.root / "closed" / file_name(arrival)

    def _torn(self, torn: Torn) -> Path:
        return self.root / "torn" / file_name(torn)

    def _read(
        self, folder: str, parse: Callable[[bytes], Notice], account: str | None = None, limit: int | None = None
    ) -> list[Notice]:
        """The notices in a folder, oldest first; one that cannot be read is set aside."""
        ending = ".json" if account is None else f".{tag(account)}.json"
        paths = sorted(path for path in (self.root / folder).glob("[!.]*.json") if path.name.endswith(ending))
        found = []
        for path in paths[:limit]:
            try:
                found.append(parse(path.read_bytes()))
            except FileNotFoundError:
                continue  # moved on between the listing and the reading
            except (ValueError, TypeError, KeyError):
                self._set_aside(path)
        return found

    def _set_aside(self, path: Path) -> None:
        log.error("notice set aside; a person has to look", notice=path.name, folder="damaged")
        with suppress(FileNotFoundError):
            path.rename(self.root / "damaged" / path.name)
            flush_folder(self.root / "damaged")


def _torn_for(arrival: Arrival, fault: Fault, now: datetime) -> Torn:
    return Torn(arrival.id, arrival.account, arrival.folder, arrival.name, arrival.size, now, fault)
