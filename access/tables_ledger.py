"""The ledger's tables, which `ingest.ledger` writes: submissions, their parts, findings, days covered.

They stand here because one metadata is migrated by one chain of revisions. They hold no patient
value: a finding names places in a file, never what stood there.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from access.database import Base, BigCount, UtcDateTime


class SubmissionTable(Base):
    """One file as it came, and what became of it."""

    __tablename__ = "submissions"
    __table_args__ = (
        Index(None, "state", "received_at"),
        Index(None, "sender_account_id", "digest"),
        Index(None, "received_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    # No foreign key: what a machine or the command line brought is a submission too.
    sender_account_id: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigCount)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    state_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    # How often an administrator had it ruled again because records were held.
    releases: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    test: Mapped[bool] = mapped_column(default=False)
    totals: Mapped[str | None] = mapped_column(Text)  # JSON; null until ruled
    # Records, zero reports and voids that are held, so that what waits for a person can be asked for.
    held: Mapped[int] = mapped_column(default=0)
    rule_set: Mapped[str | None] = mapped_column(Text)
    drug_edition: Mapped[str | None] = mapped_column(Text)
    versions: Mapped[str | None] = mapped_column(Text)  # JSON list of ASAP versions
    failure: Mapped[str | None] = mapped_column(Text)
    duplicate_of: Mapped[str | None] = mapped_column(Text)


class SubmissionPharmacyTable(Base):
    """One pharmacy's part of a file, in the order of its PHA segments."""

    __tablename__ = "submission_pharmacies"

    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    pha_position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dispenser_id: Mapped[str | None] = mapped_column(Text, index=True)
    dea: Mapped[str | None] = mapped_column(Text)
    ncpdp: Mapped[str | None] = mapped_column(Text)
    npi: Mapped[str | None] = mapped_column(Text)
    totals: Mapped[str] = mapped_column(Text)  # JSON


class FindingTable(Base):
    """One finding, of `schemas.finding.FINDING_SCHEMA`; `transaction` is a word of SQL, so it has another name."""

    __tablename__ = "findings"

    id: Mapped[int] = mapped_column(BigCount, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"), index=True)
    code: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    tier: Mapped[str] = mapped_column(Text)
    transaction_no: Mapped[int | None]
    pharmacy: Mapped[str | None] = mapped_column(Text)
    segment: Mapped[str | None] = mapped_column(Text)
    element: Mapped[str | None] = mapped_column(Text)
    record: Mapped[int | None]
    position: Mapped[int | None]


class CoverageTable(Base):
    """Days for which a dispenser has reported, with dispensations or with none."""

    __tablename__ = "coverage"
    __table_args__ = (Index(None, "dispenser_id", "covers_to"),)

    id: Mapped[int] = mapped_column(BigCount, primary_key=True)
    dispenser_id: Mapped[str] = mapped_column(Text)
    covers_from: Mapped[date]
    covers_to: Mapped[date]
    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"), index=True)
    source: Mapped[str] = mapped_column(Text)
