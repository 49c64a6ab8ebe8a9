"""The installation's secrets: made once, kept in one file that only its owner can read.

ONE FILE, ALL OR NOTHING. Losing one of these is worse than most breakdowns (see `Secrets`), so they
are made together, written durably, and never made again beside an existing database. Keep a copy
apart from the data: whoever has both can read everything, whoever has one of them can read nothing.
"""

from __future__ import annotations

import os
import secrets as randomness
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

from access.errors import SecretsUnsafe


FILE = "secrets.toml"

# Bytes of each secret: what AES-256, HMAC-SHA256 and Ed25519 ask for.
SIZE = 32

_HEAD = """\
# The secrets of this installation. Whoever reads this file can read the received files and forge the
# audit trail: keep it readable by its owner only, and keep a copy apart from the data.
"""


@dataclass(frozen=True, repr=False)
class Secrets:
    """Four secrets of 32 bytes.

    Attributes:
        person_key: keys the hash that names a patient's identity; lost, every patient becomes a new one.
        vault_key: encrypts the files as received; lost, none of them can be read again.
        audit_key: keys the audit chain; lost, the trail so far cannot be verified.
        signing_key: Ed25519 seed that signs checkpoints of the trail; its public half may be given away.
    """

    person_key: bytes
    vault_key: bytes
    audit_key: bytes
    signing_key: bytes

    def __post_init__(self) -> None:
        for field in fields(self):
            if len(getattr(self, field.name)) != SIZE:
                raise SecretsUnsafe(f"The secret {field.name} must be {SIZE} bytes long. Give the one that was made.")

    def __repr__(self) -> str:
        return "Secrets(…)"

    @classmethod
    def open(cls, home: Path, *, given: Mapping[str, bytes] | None = None, make: bool = True) -> Secrets:
        """Read the secrets of the home folder; at first use, make them.

        Args:
            home: the installation's folder.
            given: secrets from elsewhere (the environment, a vault), by name; these go before the file's, and
                where all four are given no file is read or made.
            make: False where data are there already: secrets made anew would not fit them.

        Raises:
            SecretsUnsafe: the file is missing and must not be made, is damaged, or can be read by others.
        """
        known = dict(given or {})
        names = [field.name for field in fields(cls)]
        if surplus := sorted(known.keys() - set(names)):
            raise SecretsUnsafe(f"There are no secrets named {', '.join(surplus)}; the names are {', '.join(names)}.")
        if not known.keys() >= set(names):
            path = home / FILE
            if make:
                _make(path, names)
            known = {**_read(path, names), **known}
        return cls(**known)


def _make(path: Path, names: list[str]) -> None:
    """Write new secrets, unless the file is there; of several processes at first use, one wins."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{FILE}.{randomness.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(_HEAD + "".join(f'{name} = "{randomness.token_hex(SIZE)}"\n' for name in names))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: it never takes the place of secrets that are there, and is there whole or not at all.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path, names: list[str]) -> dict[str, bytes]:
    try:
        with path.open("rb") as file:
            # Of the open file, so that it is the one that is read.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise SecretsUnsafe(
                    f"{path} can be read or written by others (mode {mode:04o}). "
                    f"Run: chmod 600 '{path}'; if others may have read it, treat its secrets as known to them."
                )
            table = tomllib.load(file)
    except FileNotFoundError as fault:
        raise SecretsUnsafe(
            f"{path} is missing, and this installation has data made with it. "
            "Put back the copy that was kept; new secrets would not fit the data."
        ) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The parser's message may quote the file, so it is not passed on.
        raise SecretsUnsafe(f"{path} is damaged. Put back the copy that was kept.") from None
    try:
        return {name: bytes.fromhex(table[name]) for name in names}
    except (KeyError, TypeError, ValueError):
        raise SecretsUnsafe(
            f"{path} lacks one of {', '.join(names)}, or it is not hexadecimal. Put back the copy that was kept."
        ) from None
