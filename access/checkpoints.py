"""Signed checkpoints: what the audit trail was at a moment, kept where its database's keeper cannot reach.

A chain proves its own order, not its own length: whoever cuts off the end leaves a shorter, sound
chain. A checkpoint states the number of the last event and its hash, signed with Ed25519, in a small
file that can be copied elsewhere, printed, or mailed. Later the trail must still hold that event.
The signing key is another than the chain's, so that each convicts whoever has only the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from access.database import new_id
from access.errors import AccessError


FORMAT = "open-pdmp audit checkpoint 1"


class CheckpointUnreadable(AccessError):
    """A checkpoint file is not what we write; names the file."""


@dataclass(frozen=True)
class Checkpoint:
    """What the trail was at a moment.

    Attributes:
        size: number of the last event, which is how many there were.
        hash: hash of that event; `audit.GENESIS` for an empty trail.
        at: when it was signed, UTC, ISO 8601.
        key: which key signed it: the first 16 hex digits of the public key's SHA-256.
        signature: Ed25519 over the rest, base64.
        source: where it was read from, for messages.
    """

    size: int
    hash: str
    at: str
    key: str
    signature: str
    source: str = ""

    def message(self) -> bytes:
        """The bytes that are signed."""
        return json.dumps([FORMAT, self.size, self.hash, self.at, self.key], separators=(",", ":")).encode()

    def signed_by(self, public_key: bytes) -> bool:
        """Whether this key signed it, and nothing was changed since."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, self.message())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def public_key_of(signing_key: bytes) -> bytes:
    """The 32-byte public key that belongs to the 32-byte signing key; give it to whoever verifies elsewhere."""
    return Ed25519PrivateKey.from_private_bytes(signing_key).public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """A short name for a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def write_checkpoint(size: int, last_hash: str, signing_key: bytes, folder: Path, now: datetime) -> Path:
    """Sign this end of a trail and write it to the folder; the file. Nothing there is ever overwritten.

    `access.verification.make_checkpoint` is the one to call: it signs only what it has verified.
    """
    public = public_key_of(signing_key)
    unsigned = Checkpoint(size, last_hash, now.astimezone(UTC).isoformat(timespec="microseconds"), key_id(public), "")
    signature = Ed25519PrivateKey.from_private_bytes(signing_key).sign(unsigned.message())
    body = {
        "format": FORMAT,
        "size": size,
        "hash": last_hash,
        "at": unsigned.at,
        "key": unsigned.key,
        "signature": base64.b64encode(signature).decode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"checkpoint-{size:012d}-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}.json"
    _write_durably(path, json.dumps(body, indent=2) + "\n")
    return path


def read_checkpoints(folder: Path) -> list[Checkpoint]:
    """Every checkpoint in the folder, smallest first; their signatures are checked by `verify`.

    Raises:
        CheckpointUnreadable: a file there has the name of a checkpoint and is none.
    """
    return sorted(
        (read_checkpoint(path) for path in sorted(folder.glob("checkpoint-*.json"))), key=lambda point: point.size
    )


def read_checkpoint(path: Path) -> Checkpoint:
    """One checkpoint file."""
    refusal = f"{path} is not a checkpoint of this program. Fetch it again from where it is kept."
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        size = body["size"]
        point = Checkpoint(
            size, str(body["hash"]), str(body["at"]), str(body["key"]), str(body["signature"]), source=path.name
        )
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise CheckpointUnreadable(refusal) from fault
    if body.get("format") != FORMAT or type(size) is not int:
        raise CheckpointUnreadable(refusal)
    return point


def newest(checkpoints: Sequence[Checkpoint], public: bytes) -> Checkpoint | None:
    """The largest one whose signature holds."""
    return max((point for point in checkpoints if point.signed_by(public)), key=lambda point: point.size, default=None)


def _write_durably(path: Path, content: str) -> None:
    """All of it or nothing, and still there after a power cut."""
    draft = path.with_name(f".{path.name}.{new_id('draft')}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: it never takes the place of a checkpoint that is there.
        path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
