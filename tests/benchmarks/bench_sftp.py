"""How fast the SFTP door takes files: one large one from OpenSSH, many small ones from one session and from ten."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from tests.functional.door import OpenDoor, asap, open_door


BIG_RECORDS = 330_000
SMALL_FILES = 300
SENDERS = 10


def run() -> dict[str, dict[str, float | str]]:
    """Megabytes a second for one file of some 50 MB, and files a second for files of 100 dispensations."""
    found: dict[str, dict[str, float | str]] = {}
    with tempfile.TemporaryDirectory() as folder, open_door(Path(folder)) as door:
        if shutil.which("sftp"):
            found["one large file over OpenSSH sftp"] = {"value": _large(door, Path(folder)), "unit": "MB/s"}
        files = [asap(100, control=f"C{number}") for number in range(SMALL_FILES)]
        began = time.perf_counter()
        _send(door, files)
        found["small files, one session"] = {"value": SMALL_FILES / (time.perf_counter() - began), "unit": "files/s"}
        senders = [threading.Thread(target=_send, args=(door, files[number::SENDERS])) for number in range(SENDERS)]
        began = time.perf_counter()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        seconds = time.perf_counter() - began
        found[f"small files, {SENDERS} connections"] = {"value": SMALL_FILES / seconds, "unit": "files/s"}
        assert len(door.arrivals(2 * SMALL_FILES, 20)) >= 2 * SMALL_FILES
    return found


def _large(door: OpenDoor, folder: Path) -> float:
    big = folder / "big.dat"
    big.write_bytes(asap(BIG_RECORDS))
    command = ["sftp", *door.ssh_options(door.give_key("mainstreet")), "-b", "-", "mainstreet@127.0.0.1"]
    began = time.perf_counter()
    subprocess.run(command, input=f"put {big} incoming/\n".encode(), capture_output=True, check=True)
    return big.stat().st_size / 1e6 / (time.perf_counter() - began)


def _send(door: OpenDoor, files: list[bytes]) -> None:
    with door.client() as client:
        for number, data in enumerate(files):
            client.putfo(io.BytesIO(data), f"/incoming/{number}.dat")
