"""The audit vocabulary: every act that leaves a trace, and what its event may say.

GRAMMAR. A value reads ``subject:object:act``: who did it, to what, and what was done. Values stand
in trails that are kept for years, so none is ever renamed or reused. What an event may carry beside
the ids is listed here per act; anything else is refused, and so no patient value can get in (T6).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AuditAct(StrEnum):
    """What was done."""

    # Signing in and out
    SIGNED_IN = "person:session:opened"
    SIGN_IN_REFUSED = "person:session:refused"
    SIGNED_OUT = "person:session:closed"
    SESSIONS_REVOKED = "system:session:revoked"
    PASSWORD_CHANGED = "person:password:changed"  # noqa: S105  a word, not a password
    PASSWORD_CHANGE_REFUSED = "person:password:refused"  # noqa: S105
    PASSWORD_RESET = "administrator:password:reset"  # noqa: S105

    # Patients: leave is given before data, the outcome noted after
    SEARCH_PERMITTED = "person:search:permitted"
    SEARCH_ANSWERED = "person:search:answered"
    REPORT_PERMITTED = "person:report:permitted"
    REPORT_ANSWERED = "person:report:answered"
    PERMIT_REFUSED = "person:permit:refused"

    # Accounts
    ACCOUNT_CREATED = "administrator:account:created"
    ACCOUNT_APPROVED = "administrator:account:approved"
    ACCOUNT_DISABLED = "administrator:account:disabled"
    ROLE_CHANGED = "administrator:role:changed"
    CREDENTIAL_ADDED = "administrator:credential:added"
    CREDENTIAL_REMOVED = "administrator:credential:removed"

    # Who may report for whom
    ORGANISATION_CREATED = "administrator:organisation:created"
    ORGANISATION_JOINED = "administrator:organisation:joined"
    DISPENSER_PERMITTED = "administrator:dispenser:permitted"
    DISPENSER_WITHDRAWN = "administrator:dispenser:withdrawn"
    SFTP_NAME_GIVEN = "administrator:sftp_name:given"
    FEED_PASSWORD_SET = "administrator:feed_password:set"  # noqa: S105
    SSH_KEY_ADDED = "administrator:ssh_key:added"
    SSH_KEY_REMOVED = "administrator:ssh_key:removed"

    # The register of dispensers
    DISPENSER_ADDED = "administrator:dispenser:added"
    DISPENSER_CHANGED = "administrator:dispenser:changed"
    DISPENSER_CLOSED = "administrator:dispenser:closed"

    # The SFTP door; the first ten are its own words (`ingest.sftp_accounts.DoorEvent`)
    FEED_SIGNED_IN = "sftp:login:granted"
    FEED_REFUSED = "sftp:login:refused"
    FEED_SESSION_OPENED = "sftp:session:opened"
    FEED_SESSION_ENDED = "sftp:session:ended"
    UPLOAD_OPENED = "sftp:upload:opened"
    UPLOAD_TAKEN = "sftp:upload:taken"
    UPLOAD_TORN = "sftp:upload:torn"
    UPLOAD_RENAMED = "sftp:upload:renamed"
    STATUS_REPORT_READ = "sftp:report:read"
    FEED_REQUEST_REFUSED = "sftp:request:refused"
    FEED_LOCKED = "sftp:login:locked"

    # Submissions, otherwise than at the SFTP door
    SUBMISSION_READ = "person:submission:read"
    SUBMISSION_BROUGHT = "administrator:submission:brought"
    SUBMISSION_RETRIED = "administrator:submission:retried"
    SUBMISSION_RELEASED = "administrator:submission:released"

    # The trail itself
    AUDIT_READ = "person:audit:read"
    AUDIT_VERIFIED = "person:audit:verified"


@dataclass(frozen=True)
class ActRecord:
    """What the vocabulary says of one act.

    Attributes:
        act: the act.
        meaning: one sentence for the reviewer.
        object_kind: what the event's object id identifies.
        details: the only keys its details may have.
    """

    act: AuditAct
    meaning: str
    object_kind: str
    details: frozenset[str] = frozenset()


def _record(act: AuditAct, object_kind: str, meaning: str, *details: str) -> ActRecord:
    return ActRecord(act, meaning, object_kind, frozenset(details))


# File names are the sender's own and may hold anything, so the trail has a digest of them. `other` names what was
# told beside these and is not kept.
_DOOR = (
    "session",
    "folder",
    "file_digest",
    "name_digest",
    "method",
    "fingerprint",
    "why",
    "request",
    "size",
    "digest",
    "submission",
    "other",
)
_LEAVE = ("permit", "reason", "attested", "attestation_version")

_RECORDS = (
    _record(AuditAct.SIGNED_IN, "account", "Somebody signed in.", "session"),
    _record(
        AuditAct.SIGN_IN_REFUSED,
        "account",
        "A log-in failed; `name_digest` recognises the same name again without showing it.",
        "why",
        "name_digest",
    ),
    _record(AuditAct.SIGNED_OUT, "account", "Somebody signed out.", "session"),
    _record(AuditAct.SESSIONS_REVOKED, "account", "Open sessions of an account were ended.", "sessions", "why"),
    _record(AuditAct.PASSWORD_CHANGED, "account", "Somebody changed their own password (P-148)."),
    _record(AuditAct.PASSWORD_CHANGE_REFUSED, "account", "A password change was refused.", "why"),
    _record(AuditAct.PASSWORD_RESET, "account", "A password was reset for somebody.", "expires_at_once"),
    _record(
        AuditAct.SEARCH_PERMITTED,
        "permit",
        "Leave was given to search for a patient; `criteria_digest` recognises the same question again.",
        *_LEAVE,
        "criteria_digest",
    ),
    _record(AuditAct.SEARCH_ANSWERED, "permit", "A search was answered.", "grade", "count"),
    _record(
        AuditAct.REPORT_PERMITTED,
        "patient",
        "Leave was given to read the report of the patient with this opaque id.",
        *_LEAVE,
    ),
    _record(AuditAct.REPORT_ANSWERED, "permit", "A report was made.", "count"),
    _record(AuditAct.PERMIT_REFUSED, "act", "Leave was asked for and refused: to look, or to do anything else.", "why"),
    _record(AuditAct.ACCOUNT_CREATED, "account", "An account was made.", "role", "status"),
    _record(AuditAct.ACCOUNT_APPROVED, "account", "An account was approved (P-083, P-116).", "role"),
    _record(AuditAct.ACCOUNT_DISABLED, "account", "An account was disabled (P-084, P-117, P-193).", "why"),
    _record(AuditAct.ROLE_CHANGED, "account", "An account was given another role.", "before", "after"),
    _record(AuditAct.CREDENTIAL_ADDED, "account", "A licence or number was entered.", "credential", "number"),
    _record(AuditAct.CREDENTIAL_REMOVED, "account", "A licence or number was taken away.", "credential", "number"),
    _record(AuditAct.ORGANISATION_CREATED, "organisation", "An organisation was made."),
    _record(AuditAct.ORGANISATION_JOINED, "account", "An account was put under an organisation.", "organisation"),
    _record(AuditAct.DISPENSER_PERMITTED, "organisation", "It may report for a dispenser.", "dispenser"),
    _record(AuditAct.DISPENSER_WITHDRAWN, "organisation", "It may no longer report for a dispenser.", "dispenser"),
    _record(AuditAct.SFTP_NAME_GIVEN, "account", "An account was given a name for the SFTP door.", "name"),
    _record(AuditAct.FEED_PASSWORD_SET, "account", "A password for the SFTP door was set."),
    _record(AuditAct.SSH_KEY_ADDED, "account", "A public key for the SFTP door was added.", "fingerprint"),
    _record(AuditAct.SSH_KEY_REMOVED, "account", "A public key for the SFTP door was removed.", "fingerprint"),
    _record(AuditAct.DISPENSER_ADDED, "dispenser", "A dispenser was entered in the register.", "kind", "cadence"),
    _record(AuditAct.DISPENSER_CHANGED, "dispenser", "A dispenser's entry was changed.", "fields"),
    _record(AuditAct.DISPENSER_CLOSED, "dispenser", "A dispenser was closed in the register.", "closed_on"),
    _record(AuditAct.FEED_SIGNED_IN, "account", "A sender signed in at the SFTP door.", *_DOOR),
    _record(AuditAct.FEED_REFUSED, "account", "The SFTP door refused a log-in.", *_DOOR),
    _record(AuditAct.FEED_SESSION_OPENED, "account", "A sender opened a session at the SFTP door.", *_DOOR),
    _record(AuditAct.FEED_SESSION_ENDED, "account", "A session at the SFTP door ended.", *_DOOR),
    _record(AuditAct.UPLOAD_OPENED, "account", "A sender began to upload a file.", *_DOOR),
    _record(AuditAct.UPLOAD_TAKEN, "account", "An upload was taken in whole.", *_DOOR),
    _record(AuditAct.UPLOAD_TORN, "account", "An upload came in torn and was set aside.", *_DOOR),
    _record(AuditAct.UPLOAD_RENAMED, "account", "A sender renamed a file uploaded before.", *_DOOR),
    _record(AuditAct.STATUS_REPORT_READ, "account", "A sender read a status report.", *_DOOR),
    _record(AuditAct.FEED_REQUEST_REFUSED, "account", "The SFTP door refused a request.", *_DOOR),
    _record(
        AuditAct.FEED_LOCKED,
        "account",
        "Too many failed log-ins at the SFTP door locked a name (L-09); `name_digest` recognises it again.",
        "name_digest",
    ),
    _record(AuditAct.SUBMISSION_READ, "submission", "Somebody read what became of a submission."),
    _record(
        AuditAct.SUBMISSION_BROUGHT,
        "submission",
        "A file was taken in from the command line, in the name of this sender.",
        "sender",
        "digest",
        "size",
    ),
    _record(AuditAct.SUBMISSION_RETRIED, "submission", "The operator asked to try a failed submission again."),
    _record(AuditAct.SUBMISSION_RELEASED, "submission", "The operator asked to rule again what had records held."),
    _record(AuditAct.AUDIT_READ, "audit", "Somebody read the trail.", "count"),
    _record(AuditAct.AUDIT_VERIFIED, "audit", "Somebody verified the trail.", "events", "sound"),
)

VOCABULARY: dict[AuditAct, ActRecord] = {record.act: record for record in _RECORDS}


def audit_acts_markdown() -> str:
    """The vocabulary as a table for the reference."""
    lines = ["| Act | Object | Meaning | Details |", "|---|---|---|---|"]
    lines += [
        f"| `{record.act}` | {record.object_kind} | {record.meaning} | "
        f"{', '.join(f'`{name}`' for name in sorted(record.details)) or 'none'} |"
        for record in _RECORDS
    ]
    return "\n".join(lines) + "\n"
