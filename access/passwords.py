"""Passwords: what a new one must be (P-134 to P-138, P-149), how it is kept, and when it expires (P-145).

KEPT AS ARGON2ID in RFC 9106's second recommended setting (64 MiB, 3 passes, 4 lanes; 132 ms here),
not OWASP's minimum (19 MiB, 24 ms): people sign in a few times a day, so the fivefold cost is paid
gladly, and a stolen table holds out as much longer. The price is memory, so only a few are computed
at once; others wait.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NewType

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from access.errors import WeakPassword


# A hash, so that nobody hands a password where one is kept.
PasswordHash = NewType("PasswordHash", str)

# Words that everybody tries first; a password that is one of them with figures and symbols around is refused.
COMMON_STEMS = frozenset(
    """password passwort passw pass pword welcome letmein login admin administrator user guest test demo changeme
    secret default qwerty qwertz asdf asdfgh zxcvbn abc abcd abcdef iloveyou monkey dragon football baseball
    sunshine princess master shadow superman batman trustno summer winter spring autumn fall january february
    march april june july august september october november december monday friday connecticut hartford
    pharmacy pharmacist prescriber doctor nurse medical hospital health opioid oxycodone naloxone
    pdmp openpdmp cpmrs pmp""".split()  # noqa: SIM905  a column of seventy quoted words reads worse
)


@dataclass(frozen=True)
class PasswordRules:
    """What a password must be, and for how long it holds.

    Attributes:
        shortest: characters, at least (P-134); 15 is today's advice where nothing else protects an account.
        longest: characters, at most; whole passwords are checked, never their beginning only.
        lifetime: a password older than this no longer opens a session (P-145, L-08).
        temporary_lifetime: one that somebody else chose can be replaced by its owner for so long.
        remind_before: in this time before expiry a reminder shows at each log-in (P-146, P-147).
    """

    shortest: int = 8
    longest: int = 256
    lifetime: timedelta = timedelta(days=90)
    temporary_lifetime: timedelta = timedelta(days=3)
    remind_before: timedelta = timedelta(days=9)


@dataclass(frozen=True)
class HashCost:
    """What one hash costs.

    Attributes:
        passes: times over the memory.
        memory_kib: memory, in KiB.
        lanes: that can be computed side by side.
    """

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


# What people write for letters: p@ssw0rd.
_FIGURES_FOR_LETTERS = str.maketrans("013457@$", "oieastas")


class Passwords:
    """The one place where passwords are checked and hashed; share one per process, it limits the memory used."""

    def __init__(
        self, rules: PasswordRules | None = None, *, cost: HashCost | None = None, hashes_at_once: int = 2
    ) -> None:
        cost = cost or HashCost()
        self.rules = rules or PasswordRules()
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._turns = threading.BoundedSemaphore(hashes_at_once)

    def new(
        self,
        password: str,
        again: str,
        *,
        previous: PasswordHash | None = None,
        about: tuple[str, ...] = (),
    ) -> PasswordHash:
        """The hash of a new password that keeps every rule.

        Args:
            password: as entered.
            again: as entered the second time (P-138).
            previous: the present one's hash; the new one must differ (P-149).
            about: words that anybody knows of the account: its e-mail address, its name.

        Raises:
            WeakPassword: one sentence for each rule it breaks.
        """
        faults = self.faults(password, about)
        if again != password:
            faults.append("The two entries differ; type the same password twice.")
        if not faults and previous is not None and self.verify(previous, password):
            faults.append("The new password is the present one; choose another.")
        if faults:
            raise WeakPassword(tuple(faults))
        return self._hash(password)

    def faults(self, password: str, about: tuple[str, ...] = ()) -> list[str]:
        """A sentence for each rule that this password breaks, of those that need no hash."""
        rules = self.rules
        if len(password) > rules.longest or len(text := _canonical(password)) > rules.longest:
            return [f"The password is longer than {rules.longest} characters."]
        faults = []
        if len(text) < rules.shortest:
            faults.append(f"The password needs at least {rules.shortest} characters.")
        if not any(character.isupper() for character in text):
            faults.append("The password needs an upper-case letter.")
        if not any(character.islower() for character in text):
            faults.append("The password needs a lower-case letter.")
        if not any(unicodedata.category(character)[0] in "PS" for character in text):
            faults.append("The password needs a symbol, such as ! @ # $.")
        if any(unicodedata.category(character) == "Cc" for character in text):
            faults.append("The password may not hold control characters.")
        if _stems(text) & (COMMON_STEMS | {word.casefold() for whole in about for word in _words(whole)}):
            faults.append("The password is a common word, or a word about you, with figures and symbols around it.")
        return faults

    def verify(self, kept: PasswordHash | None, password: str) -> bool:
        """Whether this is the password; where there is no account or no password, the same work, and False."""
        # Made before anything is compared, so that the first unknown name does not take twice as long.
        decoy = self._decoy
        if len(password) > self.rules.longest:
            return False
        try:
            with self._turns:
                self._hasher.verify(decoy if kept is None else kept, _canonical(password))
        except (Argon2Error, InvalidHashError):
            return False
        return kept is not None

    def rehash(self, kept: PasswordHash, password: str) -> PasswordHash | None:
        """A new hash of a password just verified, where the kept one was made at another cost; else None."""
        return self._hash(password) if self._hasher.check_needs_rehash(kept) else None

    def expires_at(self, set_at: datetime) -> datetime:
        """When a password set at that moment stops opening sessions."""
        return set_at + self.rules.lifetime

    @cached_property
    def _decoy(self) -> PasswordHash:
        return self._hash("a password that nobody has")

    def _hash(self, password: str) -> PasswordHash:
        with self._turns:
            return PasswordHash(self._hasher.hash(_canonical(password)))


def _canonical(password: str) -> str:
    """One spelling for what different keyboards send; half a surrogate pair, which none sends, becomes a mark."""
    return unicodedata.normalize("NFKC", password).encode(errors="replace").decode()


def _stems(text: str) -> frozenset[str]:
    """The words a password is made of: its letters, and the same with figures read as the letters they stand for."""
    first = next((place for place, character in enumerate(text) if character.isalpha()), len(text))
    last = next((place for place in range(len(text), 0, -1) if text[place - 1].isalpha()), 0)
    core = text[first:last].casefold()
    # With the figures at its ends and without: "Passw0rd" ends in a letter, "Password1" in a figure.
    spellings = (core, core.translate(_FIGURES_FOR_LETTERS), text.casefold().translate(_FIGURES_FOR_LETTERS))
    return frozenset("".join(character for character in word if character.isalpha()) for word in spellings)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", text) if len(word) > 3]  # noqa: PLR2004  shorter ones are in any password
