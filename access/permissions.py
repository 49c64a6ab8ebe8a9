"""May this person do this? `check_may_x` raises with the sentence; `may_x` is its twin for a page.

PERMIT BEFORE DATA. Only this module makes a `Permit`, and it writes the audit event first, in the
transaction in which it looks once more whether the account may still look at all. Where the event
cannot be written there is no permit (fail closed). A refusal is an event too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from access import attestations, audit
from access.accounts import Status
from access.audit import Actor, AuditEvent, AuditEventTable, Detail, keyed_digest
from access.audit_acts import AuditAct
from access.database import Database, new_id
from access.errors import AuditUnavailable, Forbidden, NotVisible
from access.permission_table import BY_ACTION, REASONS, Action, Scope
from access.permit import Act, Permit, Reason
from access.roles import role_named
from access.sessions import Person
from access.tables_people import AccountTable
from access.visibility import hidden_classes


_PERMITTED = {Act.SEARCH_PATIENTS: AuditAct.SEARCH_PERMITTED, Act.READ_REPORT: AuditAct.REPORT_PERMITTED}
_ACTION = {Act.SEARCH_PATIENTS: Action.SEARCH_PATIENTS, Act.READ_REPORT: Action.READ_REPORT}


# MAY THEY? -------------------------------------------------------------------------------------
def check_may(role: str, action: Action) -> Scope:
    """Which objects somebody in this role may do this to.

    Raises:
        Forbidden: none; or there is no such role.
    """
    title = role_named(role).title
    scope = BY_ACTION[action].grants.get(role)
    if scope is None:
        holders = ", ".join(sorted(BY_ACTION[action].grants))
        raise Forbidden(f"The role {title} may not do this ({action}); it is for: {holders}.")
    return scope


def may(role: str, action: Action) -> bool:
    """Whether somebody in this role may do this to anything at all."""
    return _holds(lambda: check_may(role, action))


def _holds(check: Callable[[], object]) -> bool:
    try:
        check()
    except Forbidden:
        return False
    return True


def _pair(action: Action) -> tuple[Callable[[Person], Scope], Callable[[Person], bool]]:
    """`check_may_x` and `may_x` for an action that asks for nothing but the role."""

    def check(person: Person) -> Scope:
        return check_may(person.role, action)

    def twin(person: Person) -> bool:
        return may(person.role, action)

    return check, twin


check_may_search_patients, may_search_patients = _pair(Action.SEARCH_PATIENTS)
check_may_read_report, may_read_report = _pair(Action.READ_REPORT)
check_may_send_files, may_send_files = _pair(Action.SEND_FILES)
check_may_read_submissions, may_read_submissions = _pair(Action.READ_SUBMISSIONS)
check_may_retry_submissions, may_retry_submissions = _pair(Action.RETRY_SUBMISSIONS)
check_may_read_dispensers, may_read_dispensers = _pair(Action.READ_DISPENSERS)
check_may_manage_dispensers, may_manage_dispensers = _pair(Action.MANAGE_DISPENSERS)
check_may_manage_accounts, may_manage_accounts = _pair(Action.MANAGE_ACCOUNTS)
check_may_manage_organisations, may_manage_organisations = _pair(Action.MANAGE_ORGANISATIONS)
check_may_change_own_password, may_change_own_password = _pair(Action.CHANGE_OWN_PASSWORD)
check_may_read_audit, may_read_audit = _pair(Action.READ_AUDIT)
check_may_verify_audit, may_verify_audit = _pair(Action.VERIFY_AUDIT)


def check_may_read_submission(session: Session, person: Person, sender_account_id: str) -> None:
    """Whether this person may see a submission of that sender.

    Raises:
        NotVisible: it is not theirs; the same answer as where there is none.
        Forbidden: their role sees no submissions at all.
    """
    if check_may_read_submissions(person) is Scope.ANY or sender_account_id == person.account_id:
        return
    sender = session.get(AccountTable, sender_account_id)
    if sender is None or person.organisation_id is None or sender.organisation_id != person.organisation_id:
        raise NotVisible("There is no such submission, or it is not yours to see.")


def may_read_submission(session: Session, person: Person, sender_account_id: str) -> bool:
    """Twin of `check_may_read_submission`."""
    return _holds(lambda: check_may_read_submission(session, person, sender_account_id))


# PERMITS ---------------------------------------------------------------------------------------
def grant_search(
    db: Database,
    person: Person,
    reason: Reason,
    attested: Collection[str],
    criteria_digest: str,
    now: datetime,
    peer: str,
) -> Permit:
    """Leave to search for a patient, once.

    Args:
        db: opened with the audit key.
        person: who asks, as `access.sessions.authenticate` gave them.
        reason: why.
        attested: numbers of the sentences attested to: all of `access.attestations.attestations(role)`.
        criteria_digest: of `criteria_digest`; never the criteria.
        now: UTC.
        peer: network address of the client.

    Raises:
        Forbidden: role, reason or attestation does not allow it, or the account is no longer active.
        AuditUnavailable: the event cannot be written.
    """
    detail = {"criteria_digest": criteria_digest}
    return _grant(db, Act.SEARCH_PATIENTS, person, reason, attested, None, detail, now, peer)


def grant_report(
    db: Database, person: Person, reason: Reason, attested: Collection[str], subject: str, now: datetime, peer: str
) -> Permit:
    """Leave to read the report of one patient, once.

    Args:
        db: opened with the audit key.
        person: who asks.
        reason: why.
        attested: as for `grant_search`.
        subject: the patient's opaque id; never a name.
        now: UTC.
        peer: network address of the client.

    Raises:
        Forbidden: role, reason or attestation does not allow it, or the account is no longer active.
        AuditUnavailable: the event cannot be written.
    """
    return _grant(db, Act.READ_REPORT, person, reason, attested, subject, {}, now, peer)


def record_search_outcome(db: Database, permit: Permit, grade: str, count: int, now: datetime, peer: str = "") -> None:
    """Note how a search ended (also with nobody found), before its answer goes out.

    Raises:
        Forbidden: this permit was never granted, or has been used already.
        AuditUnavailable: the event cannot be written; do not send the answer.
    """
    detail: dict[str, Detail] = {"grade": grade, "count": count}
    _record_outcome(db, permit, Act.SEARCH_PATIENTS, AuditAct.SEARCH_ANSWERED, detail, now, peer)


def record_report_outcome(db: Database, permit: Permit, count: int, now: datetime, peer: str = "") -> None:
    """Note that a report was made, and of how many dispensations, before it goes out.

    Raises:
        Forbidden: this permit was never granted, or has been used already.
        AuditUnavailable: the event cannot be written; do not send the report.
    """
    _record_outcome(db, permit, Act.READ_REPORT, AuditAct.REPORT_ANSWERED, {"count": count}, now, peer)


def record_refusal(db: Database, person: Person, action: Action, why: str, now: datetime, peer: str) -> None:
    """Note that something was refused before a permit was even asked for: to a role, or for a reference.

    Args:
        db: opened with the audit key.
        person: who asked.
        action: for what.
        why: the sentence they are given; never a value of theirs.
        now: UTC.
        peer: network address of the client.

    Raises:
        AuditUnavailable: the event cannot be written.
    """
    actor = Actor(person.account_id, person.role, peer)
    _note(db, AuditEvent(AuditAct.PERMIT_REFUSED, actor, now, action.value, detail={"why": why}))


def record_submission_read(db: Database, person: Person, submission_id: str, now: datetime, peer: str) -> None:
    """Note that somebody reads what became of a submission, before it goes out; the SFTP door notes the same.

    Raises:
        AuditUnavailable: the event cannot be written; do not send the answer.
    """
    actor = Actor(person.account_id, person.role, peer)
    _note(db, AuditEvent(AuditAct.SUBMISSION_READ, actor, now, submission_id))


def _note(db: Database, event: AuditEvent) -> None:
    try:
        with db.session() as session:
            audit.append(session, event)
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The audit trail cannot be written ({type(fault).__name__}), so nothing is answered. Try again later."
        ) from fault


def criteria_digest(db: Database, criteria: Mapping[str, str]) -> str:
    """A keyed digest of what was asked: the same question has the same one, and nobody can read it back."""
    if db.audit_key is None:
        raise AuditUnavailable("The criteria's digest needs the audit key; open the database with it.")
    return keyed_digest(db.audit_key, "criteria", json.dumps(criteria, sort_keys=True, separators=(",", ":")))


def _grant(
    db: Database,
    act: Act,
    person: Person,
    reason: Reason,
    attested: Collection[str],
    subject: str | None,
    detail: Mapping[str, Detail],
    now: datetime,
    peer: str,
) -> Permit:
    permit_id, actor = new_id("p"), Actor(person.account_id, person.role, peer)
    event_id = 0
    try:
        with db.session() as session:
            refusal = _refusal(session, act, person, reason, attested)
            if refusal is not None:
                refused = AuditEvent(AuditAct.PERMIT_REFUSED, actor, now, act.value, detail={"why": refusal})
                audit.append(session, refused)
            else:
                leave = {
                    "permit": permit_id,
                    "reason": reason.value,
                    "attested": sorted(attested),
                    "attestation_version": attestations.VERSION,
                    **detail,
                }
                event = AuditEvent(
                    _PERMITTED[act], actor, now, subject or permit_id, on_behalf_of=person.account_id, detail=leave
                )
                event_id = audit.append(session, event)
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The audit trail cannot be written ({type(fault).__name__}), so nobody may look. Try again later."
        ) from fault
    if refusal is not None:
        raise Forbidden(refusal)
    return Permit(
        id=permit_id,
        act=act,
        account_id=person.account_id,
        role=person.role,
        on_behalf_of=person.account_id,
        reason=reason,
        attested=tuple(sorted(attested)),
        granted_at=now,
        hidden_classes=hidden_classes(person.role),
        audit_event_id=event_id,
    )


def _refusal(session: Session, act: Act, person: Person, reason: Reason, attested: Collection[str]) -> str | None:
    """Why there is no permit; None where there is one. The account is looked at as it is now (ASVS 8.3.2)."""
    account = session.get(AccountTable, person.account_id)
    if account is None or account.status != Status.ACTIVE.value or account.role != person.role:
        return "The account may no longer do this. Sign in again, or ask an administrator."
    try:
        check_may(person.role, _ACTION[act])
    except Forbidden as refusal:
        return str(refusal)
    if reason not in REASONS[person.role]:
        return (
            f"The reason {reason.value} is not one for this role; it may be: {', '.join(sorted(REASONS[person.role]))}."
        )
    asked = {sentence.number for sentence in attestations.attestations(person.role)}
    if missing := sorted(asked - set(attested)):
        return f"Attest to every sentence before you look; missing: {', '.join(missing)}."
    if set(attested) - asked:
        return f"Attest to the sentences shown and no others; they are: {', '.join(sorted(asked))}."
    return None


def _record_outcome(
    db: Database,
    permit: Permit,
    act: Act,
    answered: AuditAct,
    detail: Mapping[str, Detail],
    now: datetime,
    peer: str,
) -> None:
    try:
        with db.session() as session:
            granted = session.get(AuditEventTable, permit.audit_event_id)
            genuine = (
                permit.act is act
                and granted is not None
                and granted.act == _PERMITTED[act]
                and granted.actor == permit.account_id
                and json.loads(granted.detail).get("permit") == permit.id
            )
            if not genuine:
                raise Forbidden("This permit was not granted for this act. Ask for one.")
            if audit.search(session, act=answered, object_id=permit.id, limit=1):
                raise Forbidden("This permit has been used; it is for one act. Ask for another.")
            event = AuditEvent(
                answered,
                Actor(permit.account_id, permit.role, peer),
                now,
                permit.id,
                on_behalf_of=permit.on_behalf_of,
                detail=detail,
            )
            audit.append(session, event)
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The audit trail cannot be written ({type(fault).__name__}), so nothing is answered. Try again later."
        ) from fault
