"""Who gets in: one guard for each connection, and what all guards share.

WHERE A LOG-IN COUNTS. paramiko calls `check_auth_publickey` for unsigned questions too ("would this key
do?"), before anybody has proved to hold it. So nothing is remembered there but the key's fingerprint, as
a label. That somebody is logged in is known when he opens a channel: paramiko lets nobody come so far
who has not signed, or given his password. Every failed try of whatever kind passes `get_allowed_auths`.

Names that do not exist are treated as names that do: the same methods, the same banner, the same work.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import paramiko  # type: ignore[import-untyped]  # it ships no types
import structlog
from paramiko import common

from ingest.sftp_accounts import Accounts, DoorEvent
from ingest.sftp_keys import same_key
from ingest.sftp_limits import Limits
from ingest.sftp_premises import Visitor
from ingest.sftp_throttle import Throttle


log = structlog.get_logger(__name__)

METHODS = "publickey,password"
# A longer password is not worth hashing.
PASSWORD_CHARACTERS = 1024
# What is written down of a name tried: people type passwords where the name belongs.
_LIKE_A_NAME = re.compile(r"[A-Za-z0-9._@+-]{1,64}")


@dataclass
class Gate:
    """What the guards of one door share.

    Attributes:
        accounts: who may come in.
        throttle: whether a password may be tried now.
        limits: the door's.
        banner: shown before anybody logs in.
        hashing: so many passwords are checked at once.
        present: account -> connections it has.
        lock: guards `present`.
    """

    accounts: Accounts
    throttle: Throttle
    limits: Limits
    banner: str
    hashing: threading.Semaphore = field(init=False)
    present: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.hashing = threading.Semaphore(self.limits.hashing)

    def enter(self, account: str) -> bool:
        """One more connection of this account; False if it has as many as it may."""
        with self.lock:
            count = self.present.get(account, 0)
            if count >= self.limits.account_connections:
                return False
            self.present[account] = count + 1
            return True

    def leave(self, account: str) -> None:
        """One less."""
        with self.lock:
            self.present[account] -= 1
            if not self.present[account]:
                del self.present[account]


class NoKey:
    """Stands for a key of a kind this door does not know: it is nobody's."""

    fingerprint = "of an unknown kind"


class PatientAuth(paramiko.auth_handler.AuthHandler):  # type: ignore[misc]  # untyped base
    """Lets a client try its next key where paramiko hangs up at one of an unknown kind (a security key's)."""

    def _generate_key_from_request(self, algorithm: str, blob: bytes) -> Any:  # noqa: ANN401  paramiko is untyped
        try:
            key = super()._generate_key_from_request(algorithm, blob)
        except Exception:  # noqa: BLE001  whatever is wrong with a key, it opens nothing
            key = None
        return key if key is not None else NoKey()


class Guard(paramiko.ServerInterface):  # type: ignore[misc]  # untyped base
    """Watches one connection.

    Attributes:
        exhausted: it had its tries, and is to be shut out.
        last_active: monotonic, of the last request.
    """

    def __init__(self, gate: Gate, peer: str) -> None:
        self.exhausted = False
        self.last_active = time.monotonic()
        self._gate = gate
        self._peer = peer
        self._failures = 0
        self._reason = ""
        self._method: dict[str, str] = {}
        self._login = ""
        self._account: str | None = None
        self._channels: set[int] = set()

    # LOGGING IN ----------------------------------------------------------------------------------------
    def get_banner(self) -> tuple[str | None, str | None]:
        """Shown before logging in, the same to everybody."""
        return (self._gate.banner, "en") if self._gate.banner else (None, None)

    def check_auth_none(self, username: str) -> int:
        """Clients ask this first, to learn the methods; it costs them no try."""
        self._login, self._reason = username, ""
        return int(paramiko.AUTH_FAILED)

    def check_auth_password(self, username: str, password: str | bytes) -> int:
        """A password, checked at most so often and so many at once."""
        self._login, self._method, self._reason = username, {"method": "password"}, "wrong password"
        if self.exhausted or not isinstance(password, str) or len(password) > PASSWORD_CHARACTERS:
            return int(paramiko.AUTH_FAILED)
        try:
            # Charged in turn, not on arrival: twenty right passwords at once are not twenty guesses.
            with self._gate.hashing:
                if not self._gate.throttle.admit(username, self._peer):
                    self._reason = "too many tries"
                    return int(paramiko.AUTH_FAILED)
                account = self._gate.accounts.check_password(username, password, self._peer)
                if account is not None:
                    self._gate.throttle.succeeded(username, self._peer)
        except Exception:
            # Not the sender's fault; but nobody is let in by a failure.
            log.exception("a password could not be checked")
            self._reason, self.exhausted = "accounts unavailable", True
            return int(paramiko.AUTH_FAILED)
        return int(paramiko.AUTH_FAILED if account is None else paramiko.AUTH_SUCCESSFUL)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Whether this key would do; whether the client holds it, paramiko finds out after this."""
        self._login, self._method = username, {"method": "publickey", "fingerprint": key.fingerprint}
        self._reason = "unknown key, or not signed with it"
        if self.exhausted or isinstance(key, NoKey):
            return int(paramiko.AUTH_FAILED)
        try:
            known = same_key(key, self._gate.accounts.public_keys(username))
        except Exception:
            log.exception("a key could not be checked")
            self._reason, self.exhausted = "accounts unavailable", True
            return int(paramiko.AUTH_FAILED)
        return int(paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        """Called after every try that failed; the same answer for every name."""
        if self._reason:
            self._failures += 1
            self.exhausted = self.exhausted or self._failures >= self._gate.limits.auth_tries
            shown = username if _LIKE_A_NAME.fullmatch(username) else "(not a name)"
            self._note(DoorEvent.LOGIN_REFUSED, None, name=shown, why=self._reason, **self._method)
        return METHODS

    # LOGGED IN -----------------------------------------------------------------------------------------
    def check_channel_request(self, kind: str, _channel: int) -> int:
        """Only sessions, and only for an account that is open; here a log-in is known to be real."""
        if kind != "session" or not self._enter():
            return int(common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED)
        return int(common.OPEN_SUCCEEDED)

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        """SFTP, once for each channel; shells, commands and forwarding are refused by paramiko's defaults."""
        if name != "sftp" or channel.get_id() in self._channels or len(self._channels) >= self._gate.limits.sessions:
            return False
        self._channels.add(channel.get_id())
        return bool(super().check_channel_subsystem_request(channel, name))

    def visitor(self) -> Visitor:
        """Who has logged in."""
        if self._account is None:
            raise RuntimeError("A session began before anybody logged in.")
        return Visitor(self._account, self._login, self._peer)

    def active(self) -> None:
        """A request has come."""
        self.last_active = time.monotonic()

    def gone(self) -> None:
        """The connection has ended."""
        if self._account is not None:
            self._gate.leave(self._account)

    def _enter(self) -> bool:
        """Admit the account that has logged in; again is the same admission."""
        if self._account is not None:
            return True
        try:
            account = self._gate.accounts.account_of(self._login)
            if account is None or not self._gate.enter(account):
                self._note(DoorEvent.LOGIN_REFUSED, account, name=self._login, why="closed, or too many connections")
                return False
            self._account = account
            # Raises if it cannot be written, and then nobody comes in.
            self._gate.accounts.note(DoorEvent.LOGIN_GRANTED, account, self._peer, self._method)
        except Exception:
            log.exception("a log-in could not be admitted")
            self.exhausted = True
            return False
        log.info("logged in", **self._method)
        return True

    def _note(self, event: DoorEvent, account: str | None, **detail: str) -> None:
        try:
            self._gate.accounts.note(event, account, self._peer, detail)
        except Exception:
            log.exception("an event at the door could not be written in the audit trail", audit_event=event)
            self.exhausted = True
