"""The ledger as `pdmp receive` enters it: no file is brought in past the doors without a trace."""

from __future__ import annotations

from dataclasses import dataclass

from access.audit import COMMAND_LINE, AuditEvent, Detail, append
from access.audit_acts import AuditAct
from ingest.ledger import Ledger
from pdmp.wiring import Installation
from schemas.submission import Submission


@dataclass(frozen=True)
class Audited:
    """Fulfils `ingest.receive.Register`: first the audit trail, then the ledger."""

    installation: Installation
    ledger: Ledger

    def submission_received(self, submission: Submission) -> None:
        """Enter a submission.

        Raises:
            AuditUnavailable: the trail cannot be written; nothing was entered.
        """
        detail: dict[str, Detail] = {"sender": submission.sender, "digest": submission.digest, "size": submission.size}
        event = AuditEvent(
            AuditAct.SUBMISSION_BROUGHT, COMMAND_LINE, submission.received_at, submission.id, detail=detail
        )
        with self.installation.database.session() as session:
            append(session, event)
        self.ledger.submission_received(submission)
