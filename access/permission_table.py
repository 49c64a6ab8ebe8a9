"""Who may do what to what, as data: one row per action. What is not here nobody may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from access.permit import Reason
from access.roles import ADMINISTRATOR, DISPENSER, PHARMACIST, PRESCRIBER, ROLES


class Action(StrEnum):
    """What somebody does to something, as ``object:act``."""

    SEARCH_PATIENTS = "patient:search"
    READ_REPORT = "patient:report"
    SEND_FILES = "submission:send"
    READ_SUBMISSIONS = "submission:read"
    RETRY_SUBMISSIONS = "submission:retry"
    READ_DISPENSERS = "dispenser:read"
    MANAGE_DISPENSERS = "dispenser:manage"
    MANAGE_ACCOUNTS = "account:manage"
    MANAGE_ORGANISATIONS = "organisation:manage"
    CHANGE_OWN_PASSWORD = "password:change"  # noqa: S105  a word, not a password
    READ_AUDIT = "audit:read"
    VERIFY_AUDIT = "audit:verify"


class Scope(StrEnum):
    """Which objects a permission reaches."""

    ANY = "any"
    PATIENT = "own patients"  # by attestation, one permit at a time
    ORGANISATION = "own organisation's"
    SELF = "own"


@dataclass(frozen=True)
class Permission:
    """One row of the table.

    Attributes:
        action: what is done.
        grants: role name -> which objects; a role that is not here may not.
        note: what else is asked.
        policy: where it comes from.
    """

    action: Action
    grants: Mapping[str, Scope]
    note: str
    policy: tuple[str, ...]


_LOOKERS = {PRESCRIBER.name: Scope.PATIENT, PHARMACIST.name: Scope.PATIENT}
_ADMINISTRATORS = {ADMINISTRATOR.name: Scope.ANY}

# Administrators read no patient's history by their office (Z8): P-011 gives the report to those who treat.
PERMISSIONS = (
    Permission(
        Action.SEARCH_PATIENTS, _LOOKERS, "A permit: reason and attestation, each time.", ("P-011", "P-105", "P-110")
    ),
    Permission(
        Action.READ_REPORT, _LOOKERS, "A permit: reason and attestation, each time.", ("P-011", "P-105", "P-110")
    ),
    Permission(
        Action.SEND_FILES,
        {DISPENSER.name: Scope.ORGANISATION},
        "Only for dispensers its organisation may report for; the rest is held.",
        ("P-017", "P-020"),
    ),
    Permission(
        Action.READ_SUBMISSIONS,
        {DISPENSER.name: Scope.ORGANISATION, ADMINISTRATOR.name: Scope.ANY},
        "Counts and findings; no patient value is in them.",
        ("P-114",),
    ),
    Permission(Action.RETRY_SUBMISSIONS, _ADMINISTRATORS, "One that failed, once the cause is mended.", ("P-114",)),
    Permission(
        Action.READ_DISPENSERS,
        {DISPENSER.name: Scope.ORGANISATION, ADMINISTRATOR.name: Scope.ANY},
        "The register.",
        ("P-017",),
    ),
    Permission(Action.MANAGE_DISPENSERS, _ADMINISTRATORS, "The register.", ("P-017", "P-114")),
    Permission(
        Action.MANAGE_ACCOUNTS, _ADMINISTRATORS, "Nobody approves their own.", ("P-083", "P-084", "P-116", "P-117")
    ),
    Permission(Action.MANAGE_ORGANISATIONS, _ADMINISTRATORS, "Who reports for whom.", ("P-114",)),
    Permission(
        Action.CHANGE_OWN_PASSWORD,
        dict.fromkeys(ROLES, Scope.SELF),
        "The present password is asked for.",
        ("P-148",),
    ),
    Permission(Action.READ_AUDIT, _ADMINISTRATORS, "Reading it is an event of its own.", ("P-131",)),
    Permission(Action.VERIFY_AUDIT, _ADMINISTRATORS, "", ("P-131",)),
)

BY_ACTION: Mapping[Action, Permission] = {permission.action: permission for permission in PERMISSIONS}

# Why each role may look. A pharmacist looks before dispensing, a prescriber in treatment; both may refer (P-011).
REASONS: Mapping[str, frozenset[Reason]] = {
    PRESCRIBER.name: frozenset({Reason.TREATMENT, Reason.REFERRAL}),
    PHARMACIST.name: frozenset({Reason.DISPENSING, Reason.REFERRAL}),
}


def permission_table_markdown() -> str:
    """The table for the reference: a row per action, a column per role."""
    roles = list(ROLES.values())
    head = ["Action", *(role.title for role in roles), "What else", "Policy"]
    lines = [_line(head), _line(["---"] * len(head))]
    for permission in PERMISSIONS:
        cells = [str(permission.grants.get(role.name, "no")) for role in roles]
        lines.append(_line([f"`{permission.action}`", *cells, permission.note, ", ".join(permission.policy)]))
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
