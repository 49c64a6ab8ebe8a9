"""The SFTP door: listens, lets in, and takes files. The one speaker of SFTP, in a process of its own.

    socket → connection (`Guard`: who is it?) → session (`Tree`, `Session`: what may he see and send?)
           → upload (`Upload`, `Draft`: is it whole?) → `Porter` → vault and spool → the worker

Two threads of our own: one accepts connections; one, the warden, closes those that are too slow, too
idle or out of tries, and gives uploads to the worker when their time has come. paramiko adds one thread
for each connection and one for each session. What the door guards against stands in `sftp_limits`,
`sftp_guard`, `sftp_keys`, `sftp_handles` and `sftp_paths`, each with its reason.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ingest.arrivals import Spool
from ingest.errors import DiskFailedError
from ingest.sftp_accounts import Accounts
from ingest.sftp_connections import WIRE_LOG, Connections
from ingest.sftp_guard import Gate
from ingest.sftp_keys import host_keys
from ingest.sftp_limits import Limits
from ingest.sftp_porter import Porter
from ingest.sftp_premises import DayCount, Premises
from ingest.sftp_throttle import Backoff, Throttle
from ingest.vault import Vault


BANNER = (
    "Prescription drug monitoring program: authorised reporters only. Use is recorded.\r\n"
    "Upload to /incoming; find your status reports in /reports.\r\n"
)


@dataclass(frozen=True)
class SftpSettings:
    """The settings of the door.

    Attributes:
        host_keys: the folder of the host keys; they are made at first start.
        spool: where uploads arrive.
        host: the address to listen on.
        port: 0 takes any free one.
        banner: shown before logging in.
        states: the sub-folders that senders may expect, by their two letters.
        limits: how much is allowed.
    """

    host_keys: Path
    spool: Path
    host: str = "127.0.0.1"
    port: int = 2222
    banner: str = BANNER
    states: tuple[str, ...] = ("CT",)
    limits: Limits = field(default_factory=Limits)


def serve_sftp(
    settings: SftpSettings,
    accounts: Accounts,
    vault: Vault,
    *,
    clock: Callable[[], datetime],
    ready: Callable[[int], None],
    stop: threading.Event,
    throttle: Throttle | None = None,
) -> None:
    """Serve until `stop` is set; uploads still coming in then are torn, and their senders told so.

    Args:
        settings: address, folders, limits.
        accounts: who may come in, and where events are written.
        vault: where bytes are kept.
        clock: the time, UTC.
        ready: called with the port once the door is open.
        stop: ends it.
        throttle: slows down guesses; in memory if None.

    Raises:
        SpoolBusyError: another door works on this spool.
        UnsafeHostKeyError: a host key can be read by others.
        DiskFailedError: the disk could not make bytes durable; nothing more was promised.
        OSError: the address is taken or not ours.
    """
    logging.getLogger("paramiko").setLevel(logging.WARNING)
    logging.getLogger(WIRE_LOG).setLevel(logging.CRITICAL)
    keys = host_keys(settings.host_keys)
    spool = Spool(settings.spool)
    porter = Porter(spool, vault, clock, settings.limits.grace_seconds)
    premises = Premises(porter, accounts, settings.limits, settings.states, DayCount())
    gate = Gate(accounts, throttle or Backoff(), settings.limits, settings.banner)
    with spool.as_door(), _listen(settings.host, settings.port) as listener:
        porter.recover()
        connections = Connections(premises, gate, keys)
        warden = threading.Thread(target=connections.watch, args=(stop,), name="sftp-warden", daemon=True)
        warden.start()
        ready(listener.getsockname()[1])
        try:
            connections.let_in(listener, stop)
        finally:
            stop.set()
            warden.join()
            connections.end()
    if porter.disk_failed.is_set():
        raise DiskFailedError(
            f"The disk under {settings.spool} or {vault.root} failed to make an upload durable. Its sender was told to "
            "send again. Look at the disk before you start the door again."
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128)
