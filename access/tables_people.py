"""The tables of people: accounts and their numbers, organisations, keys, sessions, dispensers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from access.database import Base, UtcDateTime


class OrganisationTable(Base):
    """Who reports: a pharmacy, a chain, a clinic, a vendor that reports for others."""

    __tablename__ = "organisations"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccountTable(Base):
    """A person, or a sending machine, that may sign in (P-009)."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True)  # normalised
    display_name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text, index=True)
    status: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    password_set_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # A password that somebody else chose is expired from the start.
    password_expired: Mapped[bool] = mapped_column(default=False)
    sftp_name: Mapped[str | None] = mapped_column(Text, unique=True)
    feed_password_hash: Mapped[str | None] = mapped_column(Text)
    feed_password_set_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CredentialTable(Base):
    """One number that an account holds; a prescriber may have several DEA numbers."""

    __tablename__ = "credentials"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[str] = mapped_column(Text, primary_key=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SshKeyTable(Base):
    """A public key with which an account may sign in at the SFTP door."""

    __tablename__ = "ssh_keys"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Text, primary_key=True)
    line: Mapped[str] = mapped_column(Text)  # type and base64, as in authorized_keys
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SessionTable(Base):
    """A signed-in session, found by the hash of its token; the token itself is kept nowhere."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[str] = mapped_column(Text, unique=True)  # what the audit trail calls it
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ThrottleTable(Base):
    """Failed attempts per subject; the subject is a keyed digest, since people type passwords into name fields."""

    __tablename__ = "throttles"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DispenserTable(Base):
    """One dispenser of the register; columns as in `schemas.dispenser.REGISTER_SCHEMA`."""

    __tablename__ = "dispensers"
    # An identifier leads to one open dispenser only; a closed one's may be taken over by a successor.
    __table_args__ = tuple(
        Index(
            f"uq_dispensers_open_{name}",
            name,
            unique=True,
            sqlite_where=text("closed_on IS NULL"),
            postgresql_where=text("closed_on IS NULL"),
        )
        for name in ("dea", "ncpdp", "npi")
    )

    dispenser_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    dea: Mapped[str | None] = mapped_column(Text)
    ncpdp: Mapped[str | None] = mapped_column(Text)
    npi: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    cadence: Mapped[str] = mapped_column(Text)
    licence_class: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_on: Mapped[date | None]


class OrganisationDispenserTable(Base):
    """An organisation may report for a dispenser."""

    __tablename__ = "organisation_dispensers"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    dispenser_id: Mapped[str] = mapped_column(ForeignKey("dispensers.dispenser_id"), primary_key=True, index=True)
