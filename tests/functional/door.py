"""A real SFTP door on a free port of this machine, with accounts kept in a dictionary, and real clients for it."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ingest.arrivals import Spool
from ingest.notices import Arrival
from ingest.sftp import SftpSettings, serve_sftp
from ingest.sftp_keys import host_keys
from ingest.sftp_limits import Limits
from ingest.sftp_throttle import Throttle
from ingest.vault import Vault


VAULT_KEY = bytes(range(32))
# Test machines may have less room than a server must.
ROOMY = Limits(free_bytes=1 << 20, grace_seconds=0.3, auth_seconds=10)

PASSWORDS = {"mainstreet": "correct horse 1", "elmstreet": "battery staple 2"}


@dataclass
class BookOfAccounts:
    """Accounts as the door asks for them; the account's id is ``acct-`` and its name."""

    folder: Path
    passwords: dict[str, str] = field(default_factory=lambda: dict(PASSWORDS))
    keys: dict[str, list[str]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    events: list[tuple[str, str | None, dict[str, str]]] = field(default_factory=list)
    audit_fails: bool = False
    password_seconds: float = 0.0
    checks: list[int] = field(default_factory=list)
    _checking: int = 0

    def check_password(self, name: str, password: str, _peer: str) -> str | None:
        self._checking += 1
        self.checks.append(self._checking)
        time.sleep(self.password_seconds)
        self._checking -= 1
        right = name in self.passwords and self.passwords[name] == password
        return self.account_of(name) if right else None

    def public_keys(self, name: str) -> Sequence[str]:
        return [] if name in self.closed else self.keys.get(name, [])

    def account_of(self, name: str) -> str | None:
        return f"acct-{name}" if name in self.passwords and name not in self.closed else None

    def note(self, event: str, account: str | None, _peer: str, detail: Mapping[str, str]) -> None:
        if self.audit_fails:
            raise RuntimeError("the audit trail is out of order")
        self.events.append((str(event), account, dict(detail)))

    def reports(self, account: str) -> Path:
        return self.folder / account


@dataclass
class OpenDoor:
    """A door that is open, and what stands behind it."""

    port: int
    home: Path
    accounts: BookOfAccounts
    spool: Spool
    vault: Vault
    stop: threading.Event

    def arrivals(self, count: int = 1, seconds: float = 10) -> list[Arrival]:
        """The arrivals for the worker, once there are at least `count`."""
        wait_until(lambda: len(self.spool.waiting(10_000)) >= count, seconds)
        return self.spool.waiting(10_000)

    def bytes_of(self, arrival: Arrival) -> bytes:
        return self.vault.read(arrival.digest)

    def events(self, event: str) -> list[dict[str, str]]:
        return [detail for name, _, detail in self.accounts.events if name == event]

    @contextmanager
    def transport(self, name: str = "mainstreet", password: str | None = None) -> Iterator[paramiko.Transport]:
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as OpenSSH does
        transport = paramiko.Transport(wire)
        try:
            transport.connect(username=name, password=PASSWORDS[name] if password is None else password)
            yield transport
        finally:
            transport.close()

    @contextmanager
    def client(self, name: str = "mainstreet", password: str | None = None) -> Iterator[paramiko.SFTPClient]:
        """paramiko's client, logged in with a password."""
        with self.transport(name, password) as transport:
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            client.get_channel().settimeout(20)
            yield client

    def give_key(self, name: str) -> Path:
        """A new key with which `name` may log in; the file for OpenSSH."""
        key = Ed25519PrivateKey.generate()
        path = self.home / f"{name}.{len(self.accounts.keys.get(name, []))}.key"
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        self.accounts.keys.setdefault(name, []).append(line)
        return path

    def ssh_options(self, key: Path) -> list[str]:
        known = self.home / "known_hosts"
        lines = _public_host_keys()
        known.write_text("".join(f"[127.0.0.1]:{self.port} {line}\n" for line in lines))
        options = [
            "IdentitiesOnly=yes",
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            f"UserKnownHostsFile={known}",
            "GlobalKnownHostsFile=none",
            f"IdentityFile={key}",
        ]
        return ["-F", "none", "-P", str(self.port), *(part for option in options for part in ("-o", option))]

    def sftp(
        self, key: Path, *commands: str, name: str = "mainstreet", options: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run commands in OpenSSH's sftp; it stops at the first that fails."""
        return subprocess.run(
            ["sftp", *self.ssh_options(key), *options, "-b", "-", f"{name}@127.0.0.1"],
            input="\n".join(commands),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def scp(
        self, key: Path, source: Path, target: str, *, options: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Copy with OpenSSH's scp."""
        return subprocess.run(
            ["scp", *self.ssh_options(key), *options, str(source), f"mainstreet@127.0.0.1:{target}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@cache
def _some_host_keys() -> dict[str, bytes]:
    """Host keys for all doors of a test run: making an RSA key takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        host_keys(Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@cache
def _public_host_keys() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        _put_host_keys(Path(folder))
        return host_keys(Path(folder)).public_lines()


def _put_host_keys(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, data in _some_host_keys().items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(data)


@contextmanager
def open_door(home: Path, limits: Limits = ROOMY, *, throttle: Throttle | None = None) -> Iterator[OpenDoor]:
    """A door in this process, closed when the block ends."""
    _put_host_keys(home / "host-keys")
    accounts = BookOfAccounts(home / "reports")
    vault = Vault(home / "vault", VAULT_KEY)
    settings = SftpSettings(host_keys=home / "host-keys", spool=home / "spool", port=0, limits=limits)
    stop, ports, failures = threading.Event(), list[int](), list[BaseException]()

    def run() -> None:
        try:
            serve_sftp(
                settings,
                accounts,
                vault,
                clock=lambda: datetime.now(UTC),
                ready=ports.append,
                stop=stop,
                throttle=throttle,
            )
        except BaseException as error:  # noqa: BLE001  carried over to the test's own thread
            failures.append(error)

    thread = threading.Thread(target=run, name="door", daemon=True)
    thread.start()
    wait_until(lambda: bool(ports or failures), 20)
    try:
        if not failures:
            yield OpenDoor(ports[0], home, accounts, Spool(home / "spool"), vault, stop)
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive(), "the door did not close"
    if failures:
        raise failures[0]


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait for something to become true; fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def asap(records: int = 3, control: str = "20261124-0001") -> bytes:
    """A whole ASAP 4.2B file of so many invented dispensations (an animal's, so that no person is meant)."""
    group = (
        "PAT*******SAMPLE*REX****1 EXAMPLE ST**HARTFORD*CT*06103**20200101*U*02~\r\n"
        "DSP*00*{number:07d}*20261123*0*20261124*0*01*00406051201*30*7*01*05*00***01~\r\n"
        "PRE*1234567893*AB1234563***SAMPLE*ROBIN~\r\n"
    )
    body = "".join(group.format(number=number) for number in range(records))
    return (
        f"TH*4.2B*{control}*01**20261124*210500*P**~~\r\n"
        "IS*5550000000*EXAMPLE PHARMACY*#20261124#-#20261124#~\r\n"
        "PHA*1234567893*0000000*FX1234563*EXAMPLE PHARMACY*1 EXAMPLE ST**HARTFORD*CT*06103*5550000000~\r\n"
        f"{body}TP*{3 * records + 2}~\r\nTT*{control}*{3 * records + 5}~\r\n"
    ).encode()
