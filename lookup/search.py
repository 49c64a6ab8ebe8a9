"""Who is meant: a name and a date of birth become exact, several, possible or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl

from access.permissions import record_search_outcome
from access.permit import Act, Permit
from lookup.desk import Desk
from lookup.drug_facts import visible
from lookup.errors import CriteriaRefused
from lookup.patients.grade import grade, ranked
from lookup.permits import check
from lookup.references import Chosen
from schemas.criteria import PatientCriteria
from schemas.report import Candidate, Match, SearchResult
from store.history import find_persons, history
from store.persons import VETERINARY, identity, normalise


# More than anybody compares; whoever needs more gave a beginning instead of a name.
MOST_SHOWN: Final = 20


def search(permit: Permit, criteria: PatientCriteria, desk: Desk, now: datetime, peer: str = "") -> SearchResult:
    """The identities that may be the patient asked for; the outcome is in the audit trail before it is returned.

    Args:
        permit: to search, made by `access` for this one search.
        criteria: as entered.
        desk: what every question needs.
        now: UTC; references end some time after it.
        peer: network address of the client, for the trail.

    Raises:
        PermitRefused: the permit is not for this.
        Forbidden: the permit was never granted, or has been used.
        CriteriaRefused: a name has no letter in it.
        StoreError: the lake cannot be read.
        AuditUnavailable: the outcome cannot be written down.
    """
    check(permit, Act.SEARCH_PATIENTS)
    _require_names(criteria)
    found = ranked(
        find_persons(
            desk.lake,
            last_name=criteria.last_name,
            first_name=criteria.first_name,
            date_of_birth=criteria.date_of_birth,
        )
    )
    expires_at = (now + desk.reference_life).replace(microsecond=0)
    shown = _candidates(permit, criteria, found.head(MOST_SHOWN), desk, expires_at)
    people = tuple(candidate for candidate in shown if candidate.species == HUMAN)
    result = SearchResult(
        search_id=permit.id,
        grade=grade([candidate.match for candidate in people]),
        candidates=people,
        animals=tuple(candidate for candidate in shown if candidate.species == ANIMAL),
        more=found.height > MOST_SHOWN,
        expires_at=expires_at,
    )
    record_search_outcome(desk.database, permit, result.grade.value, len(shown), now, peer)
    return result


HUMAN, ANIMAL = "human", "animal"


def species_word(code: str | None) -> str:
    """How a species is called; whoever is not said to be an animal is a human."""
    return ANIMAL if code == VETERINARY else HUMAN


def masked(address: str | None) -> str | None:
    """An address that can be recognised and not read.

    >>> masked("12 ELM STREET")
    '1• E•• S•••••'
    """
    if not address or not address.strip():
        return None
    return " ".join(word[0] + "•" * (len(word) - 1) for word in address.split())


def _require_names(criteria: PatientCriteria) -> None:
    names = pl.DataFrame({"last_name": [criteria.last_name], "first_name": [criteria.first_name]})
    for field, name in names.select(normalise(pl.all())).row(0, named=True).items():
        if not name:
            raise CriteriaRefused(field)


def _candidates(
    permit: Permit, criteria: PatientCriteria, found: pl.DataFrame, desk: Desk, expires_at: datetime
) -> Sequence[Candidate]:
    latest_fills = _latest_fills(permit, found, desk)
    candidates = []
    for row in found.iter_rows(named=True):
        fill = latest_fills.get((row["person_key"], row["identity"]))
        # Nobody is shown of whom this role may see nothing: that would tell what is hidden (L-04).
        if fill is not None:
            chosen = Chosen(permit.id, criteria, row["person_key"], row["identity"], expires_at)
            candidates.append(_candidate(row, fill, desk.seal.close(chosen, permit.account_id)))
    return candidates


def _latest_fills(permit: Permit, found: pl.DataFrame, desk: Desk) -> dict[tuple[int, str], Mapping[str, Any]]:
    """Of each candidate the newest fill that the asker may see."""
    fills = history(desk.lake, found["person_key"].to_list(), identities=found["identity"].to_list())
    newest: dict[tuple[int, str], Mapping[str, Any]] = {}
    for fill in fills.with_columns(identity=identity()).iter_rows(named=True):  # newest fill first
        key = (fill["person_key"], fill["identity"])
        if key not in newest and visible(fill, desk.drugs, permit.hidden_classes) is not None:
            newest[key] = fill
    return newest


def _candidate(row: Mapping[str, Any], fill: Mapping[str, Any], reference: str) -> Candidate:
    return Candidate(
        reference=reference,
        match=Match(row["match"]),
        species=species_word(row["species"]),
        last_name=fill["last_name"],
        first_name=fill["first_name"],
        middle_name=fill["middle_name"],
        name_suffix=fill["name_suffix"],
        date_of_birth=fill["date_of_birth"],
        gender=fill["gender"],
        animal_name=fill["animal_name"],
        address=masked(fill["address_1"]),
        city=fill["city"],
        state=fill["state"],
        last_fill=None if fill["filled_on"] is None else f"{fill['filled_on']:%Y-%m}",
    )
