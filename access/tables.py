"""Every table of the database, imported here so that one metadata knows them all."""

from __future__ import annotations

from access import audit, tables_ledger, tables_people
from access.database import Base


REGISTERED = (audit.AuditEventTable, tables_ledger.SubmissionTable, tables_people.AccountTable)
METADATA = Base.metadata
