"""Slowing down guesses: each failed password makes the next try wait longer, by name and by address.

A try is charged before it is checked, so that many connections at once gain nothing. Nobody is locked
out: waiting ends after a minute (a name) or five (an address), and an address from which a name has
logged in before waits only for its own failures, not for an attacker's. Names that do not exist are
treated like names that do. Keys are not slowed down: they cannot be guessed.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol


class Throttle(Protocol):
    """Decides whether a password may be tried now."""

    def admit(self, name: str, peer: str) -> bool:
        """Charge a try; False if it has to wait."""
        ...

    def succeeded(self, name: str, peer: str) -> None:
        """The try was right: forget what was charged."""
        ...


@dataclass
class _Count:
    failures: int = 0
    until: float = 0.0
    seen: float = 0.0


@dataclass(frozen=True)
class _Pace:
    """So many tries are free; then waiting starts at one second and doubles up to a bound."""

    free: int
    bound: float

    def wait(self, failures: int) -> float:
        return 0.0 if failures < self.free else min(self.bound, 2.0 ** min(failures - self.free, 16))


NAME_PACE = _Pace(free=3, bound=60)
PEER_PACE = _Pace(free=20, bound=300)


class Backoff:
    """A throttle in memory, of bounded size; what must outlive a restart, accounts keep themselves."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, remembered: int = 10_000, forget_seconds: float = 900
    ) -> None:
        self._clock = clock
        self._remembered = remembered
        self._forget_seconds = forget_seconds
        self._counts: OrderedDict[Hashable, _Count] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, name: str, peer: str) -> bool:
        """Charge a try to the name and to the address; False if either has to wait."""
        with self._lock:
            now = self._clock()
            charged = [(self._count(key, now), pace) for key, pace in self._keys(name, peer)]
            if any(count.until > now for count, _ in charged):
                return False
            for count, pace in charged:
                count.failures += 1
                count.until = now + pace.wait(count.failures)
            return True

    def succeeded(self, name: str, peer: str) -> None:
        """Forget the failures of this name from here, and give the address its try back."""
        with self._lock:
            for key, _ in self._keys(name, peer):
                count = self._count(key, self._clock())
                count.failures = max(0, count.failures - 1) if key == peer else 0
                count.until = 0.0
            self._known[(name, peer)] = None
            self._known.move_to_end((name, peer))
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)

    def _keys(self, name: str, peer: str) -> list[tuple[Hashable, _Pace]]:
        by_name: Hashable = (name, peer) if (name, peer) in self._known else (name,)
        return [(by_name, NAME_PACE), (peer, PEER_PACE)]

    def _count(self, key: Hashable, now: float) -> _Count:
        count = self._counts.get(key)
        if count is None or now - count.seen > self._forget_seconds:
            count = self._counts[key] = _Count()
        count.seen = now
        self._counts.move_to_end(key)
        while len(self._counts) > self._remembered:
            self._counts.popitem(last=False)
        return count
