"""The connections of the door: let in, watched, and put out when they are too slow, too idle or too many."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import paramiko  # type: ignore[import-untyped]  # it ships no types
import structlog

from ingest.sftp_guard import Gate, Guard, PatientAuth
from ingest.sftp_handles import Requests
from ingest.sftp_keys import HostKeys, speak_strongly
from ingest.sftp_limits import MIB
from ingest.sftp_premises import Premises
from ingest.sftp_session import Session
from ingest.sftp_tree import Tree


log = structlog.get_logger(__name__)

# What paramiko logs of a connection quotes what the client sent, with a traceback for each port scan. It is
# kept quiet; what matters is logged and audited here in our own words.
WIRE_LOG = "paramiko.door"

# Measured: a larger window than paramiko's two MiB speeds uploads up by a tenth; more does not.
WINDOW_BYTES = 4 * MIB
# How often the warden and the listener look around, in seconds.
ROUND = 0.2
TIDY_SECONDS = 3600.0
STOP_SECONDS = 10.0


class DoorTransport(paramiko.Transport):  # type: ignore[misc]  # untyped base
    """A connection that does not hang up at a key of an unknown kind."""

    auth_handler: Any

    def _parse_newkeys(self, message: paramiko.Message) -> None:
        super()._parse_newkeys(message)
        # Once the first keys are exchanged, and not at later exchanges: the handler knows who has logged in.
        if not isinstance(self.auth_handler, PatientAuth):
            self.auth_handler = PatientAuth(self)


@dataclass(eq=False)
class Connection:
    """One client's connection; `since` is monotonic, `shut_out` is set once it is to end."""

    socket: socket.socket
    transport: DoorTransport
    guard: Guard
    peer: str
    since: float
    shut_out: bool = False

    def shut(self) -> None:
        """End it, without waiting for its threads: they find the end of the stream."""
        self.shut_out = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class Connections:
    """The connections of one door: accepts them, watches them, ends them."""

    def __init__(self, premises: Premises, gate: Gate, keys: HostKeys) -> None:
        self._limits = premises.limits
        self._premises = premises
        self._keys = keys
        self._gate = gate
        self._connections: list[Connection] = []
        self._lock = threading.Lock()

    def let_in(self, listener: socket.socket, stop: threading.Event) -> None:
        """Accept connections until `stop`."""
        listener.settimeout(ROUND)
        while not stop.is_set():
            try:
                client, address = listener.accept()
            except TimeoutError:
                continue
            except OSError as error:
                # Out of descriptors, or the client is gone already: wait a little, and go on.
                log.warning("a connection could not be accepted", errno=error.errno)
                stop.wait(ROUND)
                continue
            try:
                self._let_in(client, str(address[0]))
            except Exception:
                log.exception("a connection could not be served")
                client.close()

    def watch(self, stop: threading.Event) -> None:
        """The warden's round, until `stop`."""
        porter, tidied = self._premises.porter, 0.0
        while not stop.wait(ROUND):
            now = time.monotonic()
            try:
                for connection in self._living():
                    if self._outstayed(connection, now):
                        connection.shut()
                porter.release_due()
                if not tidied or now - tidied > TIDY_SECONDS:
                    porter.forget(self._limits.torn_days)
                    tidied = now
            except Exception:
                log.exception("a warden's round failed; the next one tries again")
            if porter.disk_failed.is_set():
                stop.set()

    def end(self) -> None:
        """Shut every connection and wait for their sessions to end."""
        deadline = time.monotonic() + STOP_SECONDS
        for connection in self._living():
            connection.shut()
        while self._living() and time.monotonic() < deadline:
            time.sleep(ROUND / 10)

    def _let_in(self, client: socket.socket, peer: str) -> None:
        connections = self._living()
        if len(connections) >= self._limits.connections:
            log.warning("connection refused: the door is full", connections=len(connections))
            client.close()
            return
        # Threads take a moment to end: who was put out already is not put out again in another's stead.
        strangers = [one for one in connections if not one.shut_out and not one.transport.is_authenticated()]
        if len(strangers) >= self._limits.strangers:
            _crowding_out(strangers).shut()
        self._set_options(client)
        transport = DoorTransport(client, default_window_size=WINDOW_BYTES)
        transport.set_log_channel(WIRE_LOG)
        speak_strongly(transport)
        for key in self._keys.keys:
            transport.add_server_key(key)
        # The warden is the one to lose patience.
        transport.banner_timeout = transport.handshake_timeout = self._limits.auth_seconds + STOP_SECONDS
        transport.set_keepalive(self._limits.keepalive_seconds)
        transport.set_subsystem_handler("sftp", Requests, self._tree)
        guard = Guard(self._gate, peer)
        with self._lock:
            self._connections.append(Connection(client, transport, guard, peer, time.monotonic()))
        transport.start_server(event=threading.Event(), server=guard)

    def _tree(self, guard: Guard) -> Tree:
        return Tree(Session(self._premises, guard.visitor()), self._limits, guard.active)

    def _living(self) -> list[Connection]:
        """The connections whose threads still run; the others are let go."""
        with self._lock:
            living = [one for one in self._connections if one.transport.is_alive() or not one.transport.ident]
            for one in set(self._connections) - set(living):
                one.guard.gone()
                error = one.transport.get_exception()
                if error is not None and not isinstance(error, EOFError | OSError | paramiko.SSHException):
                    log.error("a connection ended in an error of ours", error=type(error).__name__)
            self._connections = living
            return list(living)

    def _outstayed(self, connection: Connection, now: float) -> bool:
        if connection.guard.exhausted:
            return True
        if not connection.transport.is_authenticated():
            return now - connection.since > self._limits.auth_seconds
        return now - connection.guard.last_active > self._limits.idle_seconds

    def _set_options(self, client: socket.socket) -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._limits.dead_seconds * 1000)


def _crowding_out(strangers: list[Connection]) -> Connection:
    """The oldest stranger of the address that has most of them."""
    peers = [one.peer for one in strangers]
    return max(strangers, key=lambda one: (peers.count(one.peer), -one.since))
