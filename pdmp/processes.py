"""What a long-running process of ours does about itself: say where it is, stop when told, leave no orphan."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


# Set by the supervisor: its children read their standard input, whose end means that it is gone.
SUPERVISED = "PDMP_SUPERVISED"


@dataclass(frozen=True)
class Address:
    """Where a running process listens; ``port`` is 0 for one that does not."""

    name: str
    pid: int
    host: str
    port: int
    scheme: str


def announce(folder: Path, address: Address) -> None:
    """Write `address` to ``<folder>/<name>.json`` in one step."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".{address.name}.{address.pid}"
    draft.write_text(json.dumps(asdict(address)), encoding="utf-8")
    draft.replace(folder / f"{address.name}.json")


def announced(folder: Path, name: str, pid: int | None = None) -> Address | None:
    """The address that a process announced, or None while it has not (`pid`: only that process's)."""
    try:
        address = Address(**json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    return address if pid is None or address.pid == pid else None


def withdraw(folder: Path, name: str) -> None:
    """Remove our announcement; another process's is left alone."""
    address = announced(folder, name)
    if address is not None and address.pid == os.getpid():
        (folder / f"{name}.json").unlink(missing_ok=True)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM, SIGINT, or the supervisor's end sets."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    if os.environ.get(SUPERVISED):
        threading.Thread(target=_watch_supervisor, args=(stop,), daemon=True, name="supervisor-watch").start()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch_supervisor(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()
