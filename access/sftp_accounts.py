"""What the SFTP door asks about people: may this name come in, with which password or key, and who is it.

Fulfils the door's own protocol (`ingest.sftp_accounts.Accounts`) over the database; several threads
may use one of these at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from access import audit, throttle
from access.accounts import Status
from access.audit import UNKNOWN, Actor, AuditEvent, Detail, keyed_digest
from access.audit_acts import VOCABULARY, AuditAct
from access.database import Database
from access.errors import AuditUnavailable
from access.feeds import SFTP_NAME, KeyLine, list_ssh_keys
from access.passwords import PasswordHash, Passwords
from access.permission_table import BY_ACTION, Action
from access.tables_people import AccountTable


# Details whose values are the sender's own words.
_SENDERS_WORDS = {"file": "file_digest", "new_file": "file_digest", "name": "name_digest"}


class SftpAccounts:
    """The accounts as the door sees them."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        clock: Callable[[], datetime],
        reports: Path,
        throttles: Mapping[str, throttle.ThrottleRule] = throttle.RULES,
    ) -> None:
        """Over one database.

        Args:
            database: opened with the audit key.
            passwords: the process's.
            clock: gives the time, UTC.
            reports: the folder that has one folder of status reports per account.
            throttles: how many failures lock what, for how long.
        """
        if database.audit_key is None:
            raise AuditUnavailable("The SFTP door needs the audit key; open the database with it.")
        self._database = database
        self._audit_key = database.audit_key
        self._passwords = passwords
        self._clock = clock
        self._reports = reports
        self._throttles = throttles

    def check_password(self, name: str, password: str, peer: str) -> str | None:
        """The account's id if this is its feed password; the same work for every name, and L-09 for every name."""
        now = self._clock()
        with self._database.session() as session:
            until = throttle.admit(session, throttle.SFTP_DOOR, name, peer, now, self._throttles)
            account = self._sender(session, name)
            kept = None if account is None else account.feed_password_hash
            if until is None and throttle.locked_until(session, throttle.FEED, name) is not None:
                self._append(session, AuditAct.FEED_LOCKED, account, peer, {"name_digest": self._digest(name)})
        if until is not None:
            return None
        right = self._passwords.verify(None if kept is None else PasswordHash(kept), password)
        if account is None or not right:
            return None
        with self._database.session() as session:
            now_there = self._sender(session, name)
            # As it is now: it may have been disabled, or given another password, while this one was checked.
            if now_there is None or now_there.feed_password_hash != kept:
                return None
            throttle.vouch(session, throttle.SFTP_DOOR, name, peer, now, self._throttles)
        return account.id

    def public_keys(self, name: str) -> Sequence[KeyLine]:
        """The keys with which this name may sign in; none if it is unknown or may not send files."""
        with self._database.reading() as session:
            account = self._sender(session, name)
            return [] if account is None else list_ssh_keys(session, account.id)

    def account_of(self, name: str) -> str | None:
        """The id of the account of this name while it may send files."""
        with self._database.reading() as session:
            account = self._sender(session, name)
            return None if account is None else account.id

    def note(self, event: str, account: str | None, peer: str, detail: Mapping[str, str]) -> None:
        """Write an event of the door in the trail.

        Raises:
            ValueError: the vocabulary does not know it.
            AuditUnavailable: it cannot be written.
        """
        act = AuditAct(event)
        known = VOCABULARY[act].details
        kept: dict[str, Detail] = {key: value for key, value in detail.items() if key in known}
        kept |= {_SENDERS_WORDS[key]: self._digest(detail[key]) for key in detail if key in _SENDERS_WORDS}
        if surplus := sorted(detail.keys() - known - _SENDERS_WORDS.keys()):
            kept["other"] = surplus
        with self._database.session() as session:
            row = None if account is None else session.get(AccountTable, account)
            self._append(session, act, row, peer, kept)

    def reports(self, account: str) -> Path:
        """The folder with this account's status reports."""
        return self._reports / account

    def _sender(self, session: Session, name: str) -> AccountTable | None:
        """The account of this name, if it is active and its role may send files."""
        if not SFTP_NAME.fullmatch(name):
            return None
        return session.scalars(
            select(AccountTable).where(
                AccountTable.sftp_name == name,
                AccountTable.status == Status.ACTIVE.value,
                AccountTable.role.in_(BY_ACTION[Action.SEND_FILES].grants),
            )
        ).first()

    def _append(
        self, session: Session, act: AuditAct, account: AccountTable | None, peer: str, detail: Mapping[str, Detail]
    ) -> None:
        actor = Actor(UNKNOWN, "", peer) if account is None else Actor(account.id, account.role, peer)
        audit.append(session, AuditEvent(act, actor, self._clock(), actor.account_id, detail=detail))

    def _digest(self, text: str) -> str:
        return keyed_digest(self._audit_key, "sender's word", text)
