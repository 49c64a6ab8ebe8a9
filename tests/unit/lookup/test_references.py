import base64
from datetime import UTC, date, datetime, timedelta

import pytest

from lookup.errors import ReferenceRefused
from lookup.references import Chosen, Seal
from schemas.criteria import PatientCriteria


NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)
CHOSEN = Chosen(
    search_id="p-1",
    criteria=PatientCriteria("Sämple", "Ada", date(1980, 2, 29)),
    person_key=2**64 - 1,
    identity="d1",
    expires_at=NOW + timedelta(minutes=15),
)


@pytest.fixture
def seal() -> Seal:
    return Seal(b"k" * 32)


def test_a_reference_opens_for_the_account_it_was_sealed_for(seal: Seal) -> None:
    assert seal.open(seal.close(CHOSEN, "a-1"), "a-1", NOW) == CHOSEN


def test_a_reference_shows_nothing_of_what_it_says(seal: Seal) -> None:
    reference = seal.close(CHOSEN, "a-1")
    raw = base64.urlsafe_b64decode(reference + "==")
    for secret in (b"mple", b"Ada", b"1980", str(CHOSEN.person_key).encode(), b"d1", b"p-1"):
        assert secret not in raw
    assert seal.close(CHOSEN, "a-1") != reference


def test_another_account_cannot_open_it(seal: Seal) -> None:
    with pytest.raises(ReferenceRefused):
        seal.open(seal.close(CHOSEN, "a-1"), "a-2", NOW)


def test_another_installation_cannot_open_it(seal: Seal) -> None:
    with pytest.raises(ReferenceRefused):
        Seal(b"o" * 32).open(seal.close(CHOSEN, "a-1"), "a-1", NOW)


def test_it_expires(seal: Seal) -> None:
    reference = seal.close(CHOSEN, "a-1")
    assert seal.open(reference, "a-1", CHOSEN.expires_at - timedelta(seconds=1))
    with pytest.raises(ReferenceRefused):
        seal.open(reference, "a-1", CHOSEN.expires_at)


def test_no_changed_character_goes_through(seal: Seal) -> None:
    reference = seal.close(CHOSEN, "a-1")
    for place in range(len(reference) - 1):  # the last character has bits that encode nothing
        changed = reference[:place] + ("A" if reference[place] != "A" else "B") + reference[place + 1 :]
        with pytest.raises(ReferenceRefused):
            seal.open(changed, "a-1", NOW)


@pytest.mark.parametrize(
    "forged",
    ["", "A", "AAAA", "7", "' or 1=1 --", "A" * 5000, "Ä" * 40, "../..", "\x00", "=" * 8, "AQ" + "A" * 60, "A B" * 30],
)
def test_what_was_never_sealed_is_refused_like_the_rest(seal: Seal, forged: str) -> None:
    with pytest.raises(ReferenceRefused, match="search for the patient again"):
        seal.open(forged, "a-1", NOW)
