"""How an account sends files: its name at the SFTP door, its public keys, its feed password.

A feed password opens the door and nothing else; a sending machine never needs the password with
which a person reads.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import datetime
from typing import NewType

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from sqlalchemy import select
from sqlalchemy.orm import Session

from access import audit
from access.accounts import find_row
from access.audit import Actor, AuditEvent
from access.audit_acts import AuditAct
from access.errors import Conflict, Invalid, NotVisible
from access.passwords import PasswordHash
from access.tables_people import AccountTable, SshKeyTable


# A public key as one line of an authorized_keys file, without options or comment.
KeyLine = NewType("KeyLine", str)

# What the door accepts. Keys that live in a security token (sk-…) have signatures it cannot check.
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
SHORTEST_RSA_BITS = 3072
LONGEST_LINE = 8192

SFTP_NAME = re.compile(r"[a-z][a-z0-9]{2,31}")


def give_sftp_name(session: Session, account_id: str, name: str, *, by: Actor, now: datetime) -> None:
    """Give an account the name with which it signs in at the SFTP door, in place of the one it had.

    Raises:
        Invalid: the name is not 3 to 32 lower-case letters and digits, beginning with a letter.
        Conflict: another account has it.
    """
    if not SFTP_NAME.fullmatch(name):
        raise Invalid("A name for the SFTP door has 3 to 32 lower-case letters and digits, and begins with a letter.")
    row = find_row(session, account_id)
    holder = session.scalar(select(AccountTable.id).where(AccountTable.sftp_name == name))
    if holder not in (None, account_id):
        raise Conflict("Another account has this name at the SFTP door; choose another.")
    row.sftp_name = name
    session.flush()
    audit.append(session, AuditEvent(AuditAct.SFTP_NAME_GIVEN, by, now, account_id, detail={"name": name}))


def set_feed_password(session: Session, account_id: str, password: PasswordHash, *, by: Actor, now: datetime) -> None:
    """Set the password for the SFTP door; hashed by `Passwords.new`."""
    row = find_row(session, account_id)
    row.feed_password_hash, row.feed_password_set_at = password, now
    session.flush()
    audit.append(session, AuditEvent(AuditAct.FEED_PASSWORD_SET, by, now, account_id))


def add_ssh_key(session: Session, account_id: str, line: str, *, by: Actor, now: datetime) -> str:
    """Let an account sign in with this public key; its fingerprint.

    Args:
        session: of `Database.session`.
        account_id: whose key it is.
        line: as ``ssh-keygen`` writes it to a ``.pub`` file.
        by: who adds it.
        now: UTC.

    Raises:
        Invalid: it is no public key, or one that is too weak.
        Conflict: the account has it already.
    """
    find_row(session, account_id)
    key = canonical_key(line)
    mark = fingerprint(key)
    if session.get(SshKeyTable, (account_id, mark)) is not None:
        raise Conflict("The account has this key already.")
    session.add(SshKeyTable(account_id=account_id, fingerprint=mark, line=key, added_at=now))
    session.flush()
    audit.append(session, AuditEvent(AuditAct.SSH_KEY_ADDED, by, now, account_id, detail={"fingerprint": mark}))
    return mark


def remove_ssh_key(session: Session, account_id: str, mark: str, *, by: Actor, now: datetime) -> None:
    """Take a public key away, by its fingerprint."""
    row = session.get(SshKeyTable, (account_id, mark))
    if row is None:
        raise NotVisible("The account has no key with this fingerprint.")
    session.delete(row)
    session.flush()
    audit.append(session, AuditEvent(AuditAct.SSH_KEY_REMOVED, by, now, account_id, detail={"fingerprint": mark}))


def list_ssh_keys(session: Session, account_id: str) -> list[KeyLine]:
    """The account's keys, oldest first."""
    statement = (
        select(SshKeyTable.line)
        .where(SshKeyTable.account_id == account_id)
        .order_by(SshKeyTable.added_at, SshKeyTable.fingerprint)
    )
    return [KeyLine(line) for line in session.scalars(statement)]


def canonical_key(line: str) -> KeyLine:
    """Type and key alone; options in front and the comment behind are dropped, since they mean nothing here.

    Raises:
        Invalid: it is no public key, or one that is too weak.
    """
    remedy = "Give the line of the .pub file that `ssh-keygen -t ed25519` makes."
    words = line[:LONGEST_LINE].split()
    place = next((index for index, word in enumerate(words) if word in KEY_TYPES), None)
    if place is None or place + 1 >= len(words):
        raise Invalid(f"That is no public key of a kind the SFTP door takes ({', '.join(KEY_TYPES)}). {remedy}")
    bare = f"{words[place]} {words[place + 1]}"
    try:
        key = load_ssh_public_key(bare.encode("ascii", errors="replace"))
    except (ValueError, UnsupportedAlgorithm, binascii.Error) as fault:
        raise Invalid(f"The public key is damaged. {remedy}") from fault
    if isinstance(key, dsa.DSAPublicKey) or (isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORTEST_RSA_BITS):
        raise Invalid(f"The key is too weak: RSA keys need {SHORTEST_RSA_BITS} bits at least. {remedy}")
    return KeyLine(bare)


def fingerprint(line: KeyLine) -> str:
    """As OpenSSH shows it: ``SHA256:…``."""
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
