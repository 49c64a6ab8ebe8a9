"""Candidate references: the only way from a search to a history.

A REFERENCE IS A SEALED NOTE TO OURSELVES. It says which identity a search found, for which criteria,
and until when. It is encrypted and authenticated (AES-256-GCM) under the installation's key with the
account as associated data, so that it can be neither guessed, read nor altered, nor used by another
account. Nobody can walk through the store by counting: a history needs a candidate of one's own search.
Nothing is kept on our side, so every web process can open what another one sealed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lookup.errors import ReferenceRefused
from schemas.criteria import PatientCriteria


NONCE_BYTES: Final = 12
# Longer than any reference we seal: names are bounded at the counter.
MAX_CHARACTERS: Final = 2_048
# The first byte of what is encoded, so that the format can change without guessing.
FORMAT: Final = b"\x01"


@dataclass(frozen=True)
class Chosen:
    """What a reference says.

    Attributes:
        search_id: the permit of the search that found it.
        criteria: the search as entered; the report states it (P-189).
        person_key: the key under which the history is filed.
        identity: the identity itself (store/persons.py), since two identities may share a 64-bit key.
        expires_at: UTC, to the second.
    """

    search_id: str
    criteria: PatientCriteria
    person_key: int
    identity: str
    expires_at: datetime


class Seal:
    """Seals and opens references under one installation's key."""

    def __init__(self, key: bytes) -> None:
        # Keys of their own for each purpose, whatever else the installation's key is used for.
        self._cipher = AESGCM(hmac.new(key, b"lookup.references", hashlib.sha256).digest())
        self._subject_key = hmac.new(key, b"lookup.subjects", hashlib.sha256).digest()

    def close(self, chosen: Chosen, account_id: str) -> str:
        """The reference for this account: URL-safe text, different each time."""
        note = json.dumps(
            [
                chosen.search_id,
                chosen.criteria.last_name,
                chosen.criteria.first_name,
                chosen.criteria.date_of_birth.isoformat(),
                chosen.person_key,
                chosen.identity,
                int(chosen.expires_at.timestamp()),
            ],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, note.encode(), _bound_to(account_id))
        return base64.urlsafe_b64encode(FORMAT + nonce + sealed).decode().rstrip("=")

    def open(self, reference: str, account_id: str, now: datetime) -> Chosen:
        """What the reference says.

        Raises:
            ReferenceRefused: it was not sealed here, not for this account, or has expired.
        """
        if len(reference) > MAX_CHARACTERS or not reference.isascii():
            raise ReferenceRefused
        try:
            raw = base64.b64decode(reference + "=" * (-len(reference) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise ReferenceRefused from None
        nonce, sealed = raw[1 : 1 + NONCE_BYTES], raw[1 + NONCE_BYTES :]
        if raw[:1] != FORMAT or len(nonce) != NONCE_BYTES:
            raise ReferenceRefused
        try:
            note = self._cipher.decrypt(nonce, sealed, _bound_to(account_id))
        except InvalidTag:
            raise ReferenceRefused from None
        search_id, last_name, first_name, born, person_key, identity, expires = json.loads(note)
        chosen = Chosen(
            search_id=search_id,
            criteria=PatientCriteria(last_name, first_name, date.fromisoformat(born)),
            person_key=person_key,
            identity=identity,
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
        if now >= chosen.expires_at:
            raise ReferenceRefused
        return chosen

    def subject(self, chosen: Sequence[Chosen]) -> str:
        """The opaque id of a report's patient: the same identities have the same one, and it tells nothing else."""
        named = json.dumps(sorted([one.person_key, one.identity] for one in chosen), separators=(",", ":"))
        return "s-" + hmac.new(self._subject_key, named.encode(), hashlib.sha256).hexdigest()[:32]


def _bound_to(account_id: str) -> bytes:
    return b"open-pdmp candidate\x00" + account_id.encode()
