"""The permit: who asks, on whose behalf, why, and what may be seen.

PERMIT BEFORE DATA. `lookup` answers permits, not users, and only `access.permissions` makes them,
after it has written the audit event in the same transaction. A permit is for one act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Act(StrEnum):
    """The acts that need a permit, one permit each."""

    SEARCH_PATIENTS = "patient:search"
    READ_REPORT = "patient:report"


class Reason(StrEnum):
    """Why somebody looks (P-011, P-028, P-029); one must be given."""

    TREATMENT = "treatment"  # before or during prescribing to a current patient
    DISPENSING = "dispensing"  # before dispensing to a current patient
    REFERRAL = "referral"  # referral to treatment of a substance use disorder


@dataclass(frozen=True)
class Permit:
    """Leave for one act.

    Attributes:
        id: of the permit; stands in the audit event and on the report.
        act: the one act it is for.
        account_id: who asks.
        role: the role in which they ask.
        on_behalf_of: the account whose patient it is; the asker's own, unless a delegate acts.
        reason: why.
        attested: the sentences attested to (P-105, P-110), by their numbers.
        granted_at: UTC; also the moment the audit event carries.
        hidden_classes: drug classes this role may not see (L-04: naloxone).
        audit_event_id: the event that was written before the permit existed.
    """

    id: str
    act: Act
    account_id: str
    role: str
    on_behalf_of: str
    reason: Reason
    attested: tuple[str, ...]
    granted_at: datetime
    hidden_classes: frozenset[str]
    audit_event_id: int
