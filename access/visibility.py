"""Which rows and columns a role may see, as data.

A drug class that is not listed here is seen by everybody who holds a permit; one that is listed, only
by the roles named. The lookup leaves out what a permit says is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

from access.roles import ADMINISTRATOR, role_named


@dataclass(frozen=True)
class RestrictedClass:
    """A drug class that is kept from most.

    Attributes:
        drug_class: as in the drug table.
        seen_by: names of the roles that see it.
        reason: why, in a sentence.
        policy: which rule says so.
    """

    drug_class: str
    seen_by: frozenset[str]
    reason: str
    policy: str


RESTRICTED_CLASSES = (
    RestrictedClass(
        "naloxone",
        frozenset({ADMINISTRATOR.name}),
        "Naloxone is collected for aggregate use and is not shown on patient reports.",
        "L-04",
    ),
)


def hidden_classes(role: str) -> frozenset[str]:
    """The drug classes this role does not see.

    Raises:
        Forbidden: there is no such role.
    """
    name = role_named(role).name
    return frozenset(rule.drug_class for rule in RESTRICTED_CLASSES if name not in rule.seen_by)
