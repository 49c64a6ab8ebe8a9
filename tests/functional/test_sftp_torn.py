"""Torn uploads (R6, R7, R11): never the worker's, listed as torn, and made good by sending again."""

import errno
import io
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest

from ingest.arrivals import Spool
from ingest.errors import DiskFailedError
from ingest.notices import Fault
from ingest.vault import Vault
from tests.functional.door import PASSWORDS, ROOMY, OpenDoor, asap, open_door, wait_until


OPEN, CLOSE, WRITE = 3, 4, 6
WRITING = 0x2 | 0x8 | 0x10  # WRITE, CREAT, TRUNC
STATUS, HANDLE = 101, 102


@pytest.fixture
def door(tmp_path: Path) -> Iterator[OpenDoor]:
    with open_door(tmp_path) as opened:
        yield opened


def raw_open(client: paramiko.SFTPClient, path: str = "/incoming/day.dat", flags: int = WRITING) -> bytes:
    kind, message = client._request(OPEN, path, flags, paramiko.SFTPAttributes())
    assert kind == HANDLE
    return bytes(message.get_binary())


def raw_write(client: paramiko.SFTPClient, handle: bytes, offset: int, data: bytes) -> None:
    client._request(WRITE, handle, paramiko.sftp.int64(offset), data)


def raw_close(client: paramiko.SFTPClient, handle: bytes) -> None:
    client._request(CLOSE, handle)


def torn(door: OpenDoor, seconds: float = 10) -> tuple[str, Fault]:
    """The one torn upload, once it is listed; nothing has come through to the worker, nor lies around."""
    wait_until(lambda: len(door.spool.torn()) == 1, seconds)
    wait_until(lambda: not list((door.home / "spool" / "receiving").iterdir()), 5)
    (one,) = door.spool.torn()
    assert door.spool.of_account(one.account) == []
    assert one.account == "acct-mainstreet"
    return one.name, one.fault


# THE ORDER OF PIECES -----------------------------------------------------------------------------------
def test_pieces_out_of_order_and_overlapping_make_the_file(door: OpenDoor) -> None:
    data = asap(200)
    pieces = [(at, data[at : at + 1200]) for at in range(0, len(data), 1000)]
    with door.client() as client:
        handle = raw_open(client)
        for at, piece in [*pieces[1::2], *reversed(pieces[::2])]:
            raw_write(client, handle, at, piece)
        raw_close(client, handle)
    assert door.bytes_of(door.arrivals()[0]) == data


def test_a_hole_is_found(door: OpenDoor) -> None:
    data = asap(200)
    with door.client() as client:
        handle = raw_open(client)
        raw_write(client, handle, 0, data[:5000])
        raw_write(client, handle, 6000, data[6000:])
        with pytest.raises(OSError, match=r"Parts of the file never came\. Send the whole file again"):
            raw_close(client, handle)
        assert torn(door) == ("day.dat", Fault.HOLE)


@pytest.mark.parametrize("offset", [1 << 60, (1 << 64) - 1, 1 << 63, ROOMY.file_bytes])
def test_a_piece_far_out_is_refused_and_takes_no_room(door: OpenDoor, offset: int) -> None:
    with door.client() as client:
        handle = raw_open(client)
        raw_write(client, handle, 0, asap())
        with pytest.raises(OSError, match="Failure"):
            raw_write(client, handle, offset, b"x")
        with pytest.raises(OSError, match="larger than this door takes"):
            raw_close(client, handle)
    assert torn(door) == ("day.dat", Fault.TOO_BIG)


def test_a_file_one_byte_too_big_is_refused_and_the_biggest_is_taken(tmp_path: Path) -> None:
    biggest = asap(300)
    with open_door(tmp_path, replace(ROOMY, file_bytes=len(biggest))) as door:
        with door.client() as client:
            with pytest.raises(OSError, match=r"Failure|No such file"):
                client.putfo(io.BytesIO(biggest + b"\n"), "/incoming/day.dat")
            assert torn(door) == ("day.dat", Fault.TOO_BIG)
            client.putfo(io.BytesIO(biggest), "/incoming/day.dat")
        assert door.bytes_of(door.arrivals()[0]) == biggest


@pytest.mark.parametrize("size", [0, 10, 1 << 40])
def test_a_size_that_was_set_but_never_written_is_a_hole(door: OpenDoor, size: int) -> None:
    with door.client() as client:
        file = client.open("/incoming/a.dat", "w")
        with nullcontext() if size < ROOMY.file_bytes else pytest.raises(OSError, match="Failure"):
            file.truncate(size)
        file.close()  # paramiko's client does not say that the closing was refused
        assert torn(door) == ("a.dat", {0: Fault.EMPTY, 10: Fault.HOLE}.get(size, Fault.TOO_BIG))


@pytest.mark.parametrize("flags", [WRITING | 0x4, 0x2 | 0x8 | 0x4, 0x2, 0x3])
def test_appending_and_resuming_are_refused(door: OpenDoor, flags: int) -> None:
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
        with pytest.raises(OSError, match="Operation unsupported"):
            raw_open(client, flags=flags)
    assert len(door.arrivals()) == 1


def test_pieces_strewn_about_without_end_are_refused(door: OpenDoor) -> None:
    with door.client() as client:
        handle = raw_open(client)
        with pytest.raises(OSError, match="Failure"):  # noqa: PT012  which of them is too many is the door's affair
            for number in range(2000):
                raw_write(client, handle, 10 * number, b"x")
        with pytest.raises(OSError, match="Parts of the file never came"):
            raw_close(client, handle)
    assert torn(door) == ("day.dat", Fault.HOLE)


# THE CONNECTION ----------------------------------------------------------------------------------------
def test_a_clean_close_of_a_partial_file_is_torn(door: OpenDoor) -> None:
    """Ctrl-C in OpenSSH's sftp: what was sent so far is closed politely, and the session goes on."""
    data = asap(2000)
    with door.client() as client:
        handle = raw_open(client)
        raw_write(client, handle, 0, data[:30_000])
        with pytest.raises(OSError, match="does not end with its TT segment"):
            raw_close(client, handle)
        assert client.listdir("/incoming") == ["day.dat.torn"]
        assert torn(door) == ("day.dat", Fault.CUT)
        client.putfo(io.BytesIO(data), "/incoming/day.dat")
    assert door.bytes_of(door.arrivals()[0]) == data


def test_the_connection_cut_in_the_middle(door: OpenDoor) -> None:
    with door.transport() as transport:
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        raw_write(client, raw_open(client), 0, asap())  # whole, as it happens; but never closed
        transport.sock.shutdown(socket.SHUT_RDWR)
    assert torn(door) == ("day.dat", Fault.CONNECTION_LOST)


def test_the_session_ended_without_closing_the_file(door: OpenDoor) -> None:
    with door.client() as client:
        raw_write(client, raw_open(client), 0, asap())
        client.close()
    assert torn(door) == ("day.dat", Fault.CONNECTION_LOST)


@pytest.mark.needs_sftp
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_openssh_struck_down_while_it_sends(door: OpenDoor, tmp_path: Path, blow: signal.Signals) -> None:
    big = tmp_path / "big.dat"
    big.write_bytes(asap(40_000))
    key = door.give_key("mainstreet")
    sftp = subprocess.Popen(
        # Slowed down, so that it is struck in the middle.
        ["sftp", *door.ssh_options(key), "-l", "8000", "-b", "-", "mainstreet@127.0.0.1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert sftp.stdin is not None
    sftp.stdin.write(f"put {big} incoming/day.dat\n".encode())
    sftp.stdin.close()
    receiving = door.home / "spool" / "receiving"
    wait_until(lambda: any(path.stat().st_size > 100_000 for path in receiving.glob("*")), 20)
    # As a terminal does it: to sftp and its ssh alike.
    os.killpg(sftp.pid, blow)
    sftp.wait(20)
    name, fault = torn(door)
    assert name == "day.dat"
    assert fault in {Fault.CONNECTION_LOST, Fault.CUT}
    again = door.sftp(key, f"put {big} incoming/day.dat")
    assert again.returncode == 0, again.stderr
    assert door.bytes_of(door.arrivals()[0]) == big.read_bytes()
    assert door.spool.torn() == []


def test_closing_the_door_tears_what_is_still_coming_in(tmp_path: Path) -> None:
    with open_door(tmp_path) as door, door.transport() as transport:
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        raw_write(client, raw_open(client), 0, asap())
        door.stop.set()
        assert torn(door) == ("day.dat", Fault.CONNECTION_LOST)


# THE DISK ----------------------------------------------------------------------------------------------
def fail(monkeypatch: pytest.MonkeyPatch, name: str, code: int, *, after: int = 0) -> list[int]:
    """Make a system call fail with this error, after so many that went well; the calls it saw."""
    real, calls = getattr(os, name), list[int]()

    def failing(*args: Any, **more: Any) -> Any:
        calls.append(code)
        if len(calls) > after:
            raise OSError(code, os.strerror(code))
        return real(*args, **more)

    monkeypatch.setattr(os, name, failing)
    return calls


@pytest.mark.parametrize(("code", "fault"), [(errno.ENOSPC, Fault.DISK_FULL), (errno.EIO, Fault.WRITE_FAILED)])
def test_a_failed_write_then_a_polite_close_is_torn(
    door: OpenDoor, monkeypatch: pytest.MonkeyPatch, code: int, fault: Fault
) -> None:
    data = asap(1)
    with door.client() as client:
        handle = raw_open(client)
        raw_write(client, handle, 0, data[:100])
        with monkeypatch.context() as patch:
            fail(patch, "pwrite", code)
            with pytest.raises(OSError, match="Failure"):
                raw_write(client, handle, 100, data[100:])
        # The client closes politely all the same, and a lie by omission must not become a short file.
        with pytest.raises(OSError, match="Send it again later; the operator has been told"):
            raw_close(client, handle)
        assert torn(door) == ("day.dat", fault)
        client.putfo(io.BytesIO(data), "/incoming/day.dat")
    assert door.bytes_of(door.arrivals()[0]) == data


@pytest.mark.parametrize("after", range(6))
def test_a_full_disk_at_any_flush_is_told_and_passes(
    door: OpenDoor, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    with door.client() as client:
        with monkeypatch.context() as patch:
            calls = fail(patch, "fsync", errno.ENOSPC, after=after)
            try:
                client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
            except OSError:
                taken = False
            else:
                taken = True
            hit = len(calls) > after
        assert hit or taken
        client.putfo(io.BytesIO(asap(7)), "/incoming/next.dat")
    found = {one.name: door.bytes_of(one) for one in door.arrivals(2 if taken else 1)}
    assert found["next.dat"] == asap(7)
    assert not taken or found["day.dat"] == asap()


def test_a_disk_that_cannot_flush_closes_the_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def send_to_a_failing_disk() -> None:
        with open_door(tmp_path) as door, door.client() as client:
            with monkeypatch.context() as patch:
                fail(patch, "fsync", errno.EIO)
                with pytest.raises((OSError, paramiko.SSHException)):  # refused, or the door is shut already
                    client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
            assert door.spool.of_account("acct-mainstreet") == []
            wait_until(door.stop.is_set, 5)

    with pytest.raises(DiskFailedError, match="Look at the disk before you start the door again"):
        send_to_a_failing_disk()


def test_below_the_floor_of_free_disk_nothing_is_taken(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, free_bytes=1 << 60)) as door, door.client() as client:
        with pytest.raises(OSError, match="Failure"):
            client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
        assert list((door.home / "spool" / "receiving").iterdir()) == []


# THE DOOR ITSELF IS KILLED (R6) ------------------------------------------------------------------------
DOOR_PROCESS = """
    import sys, threading
    from datetime import UTC, datetime
    from pathlib import Path
    from ingest.sftp import SftpSettings, serve_sftp
    from ingest.vault import Vault
    from tests.functional.door import ROOMY, VAULT_KEY, BookOfAccounts
    home = Path(sys.argv[1])
    serve_sftp(
        SftpSettings(host_keys=home / "host-keys", spool=home / "spool", port=0, limits=ROOMY),
        BookOfAccounts(home / "reports"), Vault(home / "vault", VAULT_KEY),
        clock=lambda: datetime.now(UTC), ready=lambda port: print(port, flush=True), stop=threading.Event())
"""


def test_killed_during_twenty_uploads_all_are_torn_and_none_is_lost_after_sending_again(tmp_path: Path) -> None:
    with open_door(tmp_path):
        pass  # makes the home
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DOOR_PROCESS), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    files = {f"day{number}.dat": asap(100 + number) for number in range(20)}
    transports = []
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        for name, data in files.items():
            transport = paramiko.Transport(socket.create_connection(("127.0.0.1", port), timeout=20))
            transports.append(transport)
            transport.connect(username="mainstreet", password=PASSWORDS["mainstreet"])
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            raw_write(client, raw_open(client, f"/incoming/{name}"), 0, data[:8000])
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for transport in transports:
            transport.close()
    receiving = tmp_path / "spool" / "receiving"
    assert len(list(receiving.glob("*.json"))) == 20
    assert all(
        b"EXAMPLE PHARMACY" not in path.read_bytes() for path in (tmp_path / "spool").rglob("*") if path.is_file()
    )
    with open_door(tmp_path) as door:
        assert {(one.name, one.fault, one.size) for one in door.spool.torn()} == {
            (name, Fault.DOOR_STOPPED, 8000) for name in files
        }
        assert list(receiving.iterdir()) == []
        assert door.spool.of_account("acct-mainstreet") == []
        with door.client() as client:
            for name, data in files.items():
                client.putfo(io.BytesIO(data), f"/incoming/{name}")
        arrivals = door.arrivals(20)
        assert {one.name: door.bytes_of(one) for one in arrivals} == files
        assert len(arrivals) == 20
        assert door.spool.torn() == []


# What the client was told "OK" is safe, whichever call the door was killed at. `work` does to one upload what
# the door does between its OPEN and its session's end, and says so; strace kills it at each call in turn.
WORK = """
    import os, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from ingest.arrivals import Spool
    from ingest.sftp_porter import Label, Porter
    from ingest.vault import Vault
    home = Path(sys.argv[1])
    vault = Vault(home / "vault", bytes(range(32)))
    spool = Spool(home / "spool")
    porter = Porter(spool, vault, lambda: datetime.now(UTC), 2)
    porter.recover()
    if sys.argv[2] == "recover":
        sys.exit()
    os.write(1, b"begun\\n")
    label = Label("acct-1", "/incoming", "day.dat", "192.0.2.1", "s1")
    draft = porter.begin(label)
    draft.write(0, b"ZZCANARY" * 100)
    porter.take_in(label, draft)
    os.write(1, b"OK\\n")
    porter.session_over("s1")
"""
CALLS = ["openat", "write", "pwrite64", "fsync", "rename", "unlink", "mkdir", "close"]


def strace(home: Path, call: str, *more: str) -> subprocess.CompletedProcess[bytes]:
    run = ["strace", "-f", "-qq", "-e", f"trace={call}", *more, sys.executable, "-c", textwrap.dedent(WORK)]
    return subprocess.run([*run, str(home), "work"], capture_output=True, check=False)


def kill_points(tmp_path: Path, call: str) -> range:
    """The numbers of the calls that are made from "begun" on, in a run that nobody kills."""
    (tmp_path / "calm").mkdir()
    outcome = strace(tmp_path / "calm", f"{call},write", "-o", str(tmp_path / "calls"))
    assert outcome.stdout == b"begun\nOK\n"
    lines = (tmp_path / "calls").read_text().splitlines()
    begun = next(number for number, line in enumerate(lines) if 'write(1, "begun' in line)
    first, last = (sum(f" {call}(" in line for line in some) for some in (lines[: begun + 1], lines))
    return range(first + 1, last + 1)


@pytest.mark.needs_strace
@pytest.mark.parametrize(
    "call", [call if call in {"fsync", "rename"} else pytest.param(call, marks=pytest.mark.long) for call in CALLS]
)
def test_killed_at_every_system_call_what_was_promised_is_there_once(tmp_path: Path, call: str) -> None:
    points = kill_points(tmp_path, call)
    killed = 0
    for number in points:
        home = tmp_path / str(number)
        home.mkdir()
        outcome = strace(home, call, "-o", os.devnull, "-e", f"inject={call}:signal=KILL:when={number}")
        killed += outcome.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}
        subprocess.run([sys.executable, "-c", textwrap.dedent(WORK), str(home), "recover"], check=True)
        assert_nothing_lost_nor_doubled(home, promised=b"OK" in outcome.stdout)
    assert killed == len(points) > 0


def assert_nothing_lost_nor_doubled(home: Path, *, promised: bool) -> None:
    arrivals = Spool(home / "spool").waiting(10)
    assert len(arrivals) == 1 if promised else len(arrivals) <= 1
    for arrival in arrivals:
        assert Vault(home / "vault", bytes(range(32))).read(arrival.digest) == b"ZZCANARY" * 100
    assert list((home / "spool" / "receiving").iterdir()) == []
    assert list((home / "spool" / "closed").glob("[!.]*")) == []
    assert all(b"ZZCANARY" not in path.read_bytes() for path in home.rglob("*") if path.is_file())


@pytest.mark.needs_strace
def test_every_file_is_flushed_before_it_is_put_in_place_and_its_folder_after(tmp_path: Path) -> None:
    """What killing cannot show: a flush that is missing is only missed when the power goes."""
    (tmp_path / "home").mkdir()
    strace(tmp_path / "home", "rename,fsync,write", "-y", "-o", str(tmp_path / "calls"))
    lines = [line.split(maxsplit=1)[1] for line in (tmp_path / "calls").read_text().splitlines()]
    promised = next(number for number, line in enumerate(lines) if '"OK' in line)
    durable, unflushed = set[str](), set[str]()
    renames = 0
    for number, line in enumerate(lines):
        if line.startswith("fsync("):
            path = line.split("<")[1].split(">")[0]
            durable.add(path)
            unflushed.discard(path)
        elif line.startswith("rename("):
            old, new = line.split('"')[1::2]
            assert old in durable, f"{old} was put in place before it was flushed"
            durable.add(new)
            unflushed.add(str(Path(new).parent))
            renames += 1
        if number == promised:
            assert unflushed == set(), "OK was said before the folder was flushed"
    assert renames >= 3
    assert unflushed == set()
