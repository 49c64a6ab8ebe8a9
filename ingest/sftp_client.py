"""The other end of the door: send files over SFTP as a dispenser's software does, and fetch reports.

The demo and the tests are its users. It trusts one host key, the one it is given.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

import paramiko  # type: ignore[import-untyped]  # it ships no types


class Outgoing(Protocol):
    """A file to send."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def data(self) -> bytes:
        """Its bytes."""
        ...


Sent = TypeVar("Sent", bound=Outgoing)


@dataclass(frozen=True)
class Door:
    """Where a door is, and the host key that proves it is the one.

    Attributes:
        host: its address.
        port: its port.
        host_key: its public host key, as one line of an authorized_keys file.
    """

    host: str
    port: int
    host_key: str


class WrongDoorError(Exception):
    """The host key is not the expected one; nothing was sent. Not worth a retry."""


@contextmanager
def session(door: Door, name: str, password: str, *, timeout: float = 30) -> Iterator[paramiko.SFTPClient]:
    """An SFTP session, ended when the block ends.

    Raises:
        WrongDoorError: another host key than the expected one.
        paramiko.AuthenticationException: name or password is wrong.
        OSError: nobody listens there.
    """
    kind, material, *_ = door.host_key.split()
    with socket.create_connection((door.host, door.port), timeout=timeout) as connection:
        transport = paramiko.Transport(connection)
        try:
            transport.get_security_options().key_types = (kind,)
            transport.start_client(timeout=timeout)
            if transport.get_remote_server_key().get_base64() != material:
                raise WrongDoorError(f"{door.host}:{door.port} shows another host key than the expected one.")
            transport.auth_password(name, password)
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                raise OSError("the door opened no SFTP session")
            yield client
        finally:
            transport.close()


def send(door: Door, name: str, password: str, files: Sequence[Sent], *, sent: Callable[[Sent], None]) -> list[Sent]:
    """Upload files into /incoming in one session.

    Args:
        door: where to.
        name: the sender's name at the door.
        password: its password.
        files: in the order in which to send them.
        sent: told of each file once it is over, taken or not.

    Returns:
        The files that the door did not take as whole. A door says so when the file is closed, and then
        does not list it among the files that came.
    """
    refused = []
    with session(door, name, password) as client:
        for file in files:
            path = f"/incoming/{file.name}"
            with client.open(path, "wb") as remote:
                remote.set_pipelined(True)
                remote.write(file.data)
            try:
                whole = client.stat(path).st_size == len(file.data)
            except FileNotFoundError:
                whole = False
            if not whole:
                refused.append(file)
            sent(file)
    return refused


def fetch_reports(door: Door, name: str, password: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The status reports that wait for this sender and whose file names are `wanted`, by file name."""
    reports = {}
    with session(door, name, password) as client:
        for entry in filter(wanted, client.listdir("/reports")):
            with client.open(f"/reports/{entry}", "rb") as remote:
                remote.prefetch()
                reports[entry] = remote.read()
    return reports
