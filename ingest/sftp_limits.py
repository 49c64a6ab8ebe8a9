"""How much one sender, one connection and one file may take; each limit once, with why."""

from __future__ import annotations

from dataclasses import dataclass


MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of the SFTP door.

    Attributes:
        file_bytes: of one file; a chain's day is some ten MB.
        session_bytes: of all files in one session.
        session_files: files in one session.
        day_files: files of one account in 24 hours, counted since the door started.
        handles: open files and folders in one session.
        packet_bytes: of one SFTP request; clients write 32 KiB, some 256 KiB, and paramiko alone would buffer 16 MiB.
        listed: entries shown of one folder, the newest.
        free_bytes: below this much free disk nothing is taken; a file lies twice on it for a moment.
        connections: in all, authenticated or not.
        account_connections: of one account.
        strangers: connections that have not logged in. One more puts out the oldest, of the address that has
            most of them: silent connections cannot keep the others out.
        sessions: SFTP sessions that one connection may start.
        auth_tries: failed log-ins in one connection.
        auth_seconds: from connecting to being logged in.
        idle_seconds: without a request, then the connection is closed.
        keepalive_seconds: between keep-alives; they find connections whose other end is gone.
        dead_seconds: unanswered by the other end's TCP, then it is gone.
        grace_seconds: after its close an upload may be renamed so long; then it is the worker's.
        hashing: password checks at the same time; each takes 64 MiB for a moment. Fewer than the tries a name
            has before it waits, so that right passwords given at once do not lock each other out.
        torn_days: torn uploads are listed so long.
    """

    file_bytes: int = 256 * MIB
    session_bytes: int = 4096 * MIB
    session_files: int = 5000
    day_files: int = 20_000
    handles: int = 8
    packet_bytes: int = MIB
    listed: int = 1000
    free_bytes: int = 512 * MIB
    connections: int = 300
    account_connections: int = 100
    strangers: int = 64
    sessions: int = 32
    auth_tries: int = 5
    auth_seconds: float = 30
    idle_seconds: float = 900
    keepalive_seconds: int = 30
    dead_seconds: int = 90
    grace_seconds: float = 2
    hashing: int = 2
    torn_days: int = 7
