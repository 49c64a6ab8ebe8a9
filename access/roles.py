"""The role catalogue, as data. A name that is not here is refused everywhere.

The manual's categories and roles (P-034 to P-064) come in here one by one; what a role may do stands
in `access.permission_table`, what it may see in `access.visibility`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from access.errors import Forbidden


class Category(StrEnum):
    """The manual's role categories, and one of ours for those who only report."""

    HEALTHCARE_PROFESSIONAL = "Healthcare Professional"
    LAW_ENFORCEMENT = "Law Enforcement"
    OTHER = "Other"
    SYSTEM_ADMIN = "System Admin"
    REPORTER = "Reporter"  # data collection is separate from the requesters' side (P-020)


class CredentialKind(StrEnum):
    """What proves a standing."""

    DEA = "dea"
    NPI = "npi"


@dataclass(frozen=True)
class Role:
    """One role.

    Attributes:
        name: as stored; never renamed.
        title: as shown.
        category: of the manual.
        credentials: the kinds of number an account in this role may hold; it may hold several DEA numbers.
        policy: where the role comes from.
    """

    name: str
    title: str
    category: Category
    credentials: frozenset[CredentialKind]
    policy: tuple[str, ...]


ADMINISTRATOR = Role("administrator", "Administrator", Category.SYSTEM_ADMIN, frozenset(), ("P-006", "P-063"))
PRESCRIBER = Role(
    "prescriber",
    "Prescriber",
    Category.HEALTHCARE_PROFESSIONAL,
    frozenset({CredentialKind.DEA, CredentialKind.NPI}),
    ("P-007", "P-044"),
)
PHARMACIST = Role(
    "pharmacist",
    "Pharmacist",
    Category.HEALTHCARE_PROFESSIONAL,
    frozenset({CredentialKind.NPI}),
    ("P-008", "P-043"),
)
DISPENSER = Role("dispenser", "Dispenser", Category.REPORTER, frozenset(), ("P-017", "P-020"))

ROLES: dict[str, Role] = {role.name: role for role in (ADMINISTRATOR, PRESCRIBER, PHARMACIST, DISPENSER)}


def role_named(name: str) -> Role:
    """The role of this name.

    Raises:
        Forbidden: there is none; an account that carries it can do nothing.
    """
    role = ROLES.get(name)
    if role is None:
        raise Forbidden("This account's role is not in the role catalogue, so it may do nothing. Ask an administrator.")
    return role
