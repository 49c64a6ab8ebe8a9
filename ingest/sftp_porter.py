"""The porter: takes whole uploads in, lists torn ones, and gives them to the worker at the right moment."""

from __future__ import annotations

import errno
import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog

from ingest.arrivals import Spool
from ingest.names import is_temporary
from ingest.notices import Arrival, Fault, Torn
from ingest.receive import new_submission_id
from ingest.sftp_draft import Draft
from ingest.vault import Vault


log = structlog.get_logger(__name__)

# What a killed door left half written in the vault; no upload lasts so long.
STALE_DRAFT = timedelta(days=1)


@dataclass(frozen=True)
class Label:
    """Whose upload it is, where its sender put it, what he calls it, and how it came."""

    account: str
    folder: str
    name: str
    peer: str
    session: str


class Porter:
    """Works on one spool and one vault; used by many sessions at once."""

    def __init__(self, spool: Spool, vault: Vault, clock: Callable[[], datetime], grace_seconds: float) -> None:
        self.spool = spool
        self.clock = clock
        self._vault = vault
        self._grace_seconds = grace_seconds
        self._due: dict[str, tuple[Arrival, float]] = {}
        self._lock = threading.Lock()
        # Set when the disk could not make bytes durable: nothing may be promised any more.
        self.disk_failed = threading.Event()

    def begin(self, label: Label) -> Draft:
        """A draft for a new upload."""
        path = self.spool.root / "receiving" / secrets.token_hex(16)
        return Draft(path, json.dumps(asdict(label)).encode())

    def take_in(self, label: Label, draft: Draft) -> Arrival:
        """Keep a whole draft: when this returns, its bytes and its notice are durable.

        Raises:
            OSError: the disk is full or failed; nothing was taken.
        """
        now = self.clock()
        try:
            digest = self._vault.keep(draft.reader())
            arrival = Arrival(
                id=new_submission_id(now), digest=digest, size=draft.size, received_at=now, **asdict(label)
            )
            self.spool.close(arrival)
        except OSError as error:
            self._check_disk(error)
            raise
        self._release_later(arrival)
        self._mend(arrival)
        draft.discard()
        return arrival

    def tear(self, label: Label, size: int, fault: Fault) -> None:
        """List an upload as torn; if even that cannot be written, the log says so and the client was refused."""
        now = self.clock()
        try:
            self.spool.tear(
                Torn(new_submission_id(now), label.account, label.folder, label.name, size, torn_at=now, fault=fault)
            )
        except OSError as error:
            self._check_disk(error)
            log.exception("a torn upload could not be listed", fault=fault, errno=error.errno)

    def rename(self, arrival: Arrival, folder: str, name: str) -> Arrival | None:
        """Give an upload its new name; None if the worker has it already, under the old one."""
        with self._lock:
            self._due.pop(arrival.id, None)
        renamed = self.spool.rename(arrival, folder, name)
        if renamed is not None:
            self._release_later(renamed)
            self._mend(renamed)
        return renamed

    def release_due(self) -> None:
        """Give to the worker whatever nobody renamed within the grace."""
        now = time.monotonic()
        self._release(lambda _arrival, due: due <= now)

    def session_over(self, session: str) -> None:
        """Give to the worker what this session sent: it can rename nothing any more."""
        self._release(lambda arrival, _due: arrival.session == session)

    def recover(self) -> None:
        """Put in order what a door that was killed left behind."""
        for note in sorted((self.spool.root / "receiving").glob("*.json")):
            hidden = note.with_suffix("")
            with suppress(ValueError, TypeError, FileNotFoundError):
                label = Label(**json.loads(note.read_bytes()))
                self.tear(label, hidden.stat().st_size, Fault.DOOR_STOPPED)
            hidden.unlink(missing_ok=True)
            note.unlink(missing_ok=True)
        self.spool.recover()

    def forget(self, torn_days: int) -> None:
        """Drop what is too old to be of use to anybody."""
        now = self.clock()
        self.spool.forget(now - timedelta(days=torn_days), now)
        self._vault.sweep_drafts(now - STALE_DRAFT)

    def _mend(self, arrival: Arrival) -> None:
        # The upload is taken; an old notice that cannot be removed must not say otherwise.
        with suppress(OSError):
            self.spool.mend(arrival)

    def _release_later(self, arrival: Arrival) -> None:
        # Under a temporary name it waits for its sender, however long that takes.
        if not is_temporary(arrival.name):
            with self._lock:
                self._due[arrival.id] = (arrival, time.monotonic() + self._grace_seconds)

    def _release(self, ripe: Callable[[Arrival, float], bool]) -> None:
        with self._lock:
            arrivals = [arrival for arrival, due in self._due.values() if ripe(arrival, due)]
            for arrival in arrivals:
                del self._due[arrival.id]
        if arrivals:
            self.spool.release(arrivals)

    def _check_disk(self, error: OSError) -> None:
        """After a failed flush the page cache may lie: the door stops, and nothing more is promised."""
        if error.errno == errno.EIO:
            log.critical("the disk failed; the door stops", errno=error.errno)
            self.disk_failed.set()
