"""The sentences somebody attests to before they look (P-105, P-110), with the version they had."""

from __future__ import annotations

from dataclasses import dataclass

from access.roles import PHARMACIST, PRESCRIBER, role_named


# Stands in every permit's audit event. A changed word is a new version (P-002).
VERSION = "2026-1"


@dataclass(frozen=True)
class Attestation:
    """One sentence.

    Attributes:
        number: of the policy it comes from; what `Permit.attested` holds.
        text: as shown and attested to.
    """

    number: str
    text: str


_CURRENT = Attestation(
    "P-110",
    "This person is my current patient. I am not screening a prospective patient, an employee or an applicant.",
)

ATTESTATIONS: dict[str, tuple[Attestation, ...]] = {
    PRESCRIBER.name: (
        Attestation("P-105", "A bona fide practitioner-patient relationship exists between this person and me."),
        _CURRENT,
    ),
    PHARMACIST.name: (
        Attestation("P-105", "A bona fide pharmacist-patient relationship exists between this person and me."),
        _CURRENT,
    ),
}


def attestations(role: str) -> tuple[Attestation, ...]:
    """The sentences that this role attests to, each time; none for a role that may not look.

    Raises:
        Forbidden: there is no such role.
    """
    return ATTESTATIONS.get(role_named(role).name, ())
