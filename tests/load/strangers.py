"""Strangers who try names that nobody has: how often they were let try, and what is left of it."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from userkit import SyncUserKit
from userkit.errors import InvalidCredentialsError, OverloadedError, RateLimitedError
from userkit.features.audit import AuditEntry, audit
from userkit.features.throttling import Attempts
from userkit.kernel.origin import coming_from
from userkit.storage.capabilities import countable
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher

__all__ = ["Strangers", "addresses", "memory_now"]

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


@dataclass
class Strangers:
    """Try to sign in under ever new names, ``apart`` seconds of the kit's clock after each other."""

    url: str
    apart: float = 0.0
    keep: timedelta | None = None
    store: Store | None = None
    clock: FrozenClock = field(default_factory=FrozenClock)
    hasher: InstantHasher = field(default_factory=InstantHasher)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Open the kit."""
        self.kit = SyncUserKit(
            self.url if self.store is None else self.store,
            secret=SECRET,
            hasher=self.hasher,
            clock=self.clock,
            auth=["jwt", "session"],
            features=[audit(keep=self.keep)],
        )
        self.kit.open()
        self._names = (f"stranger{number}@example.com" for number in itertools.count())

    def knock(self, times: int, addresses: Iterator[str]) -> None:
        """Try so many names, each from the next of these addresses."""
        for _ in range(times):
            with coming_from(address=next(addresses)):
                self._try(next(self._names))
            self.clock.advance(seconds=self.apart)

    def rows(self) -> dict[str, int]:
        """Return how many rows there are of what sign-ins leave."""
        store = countable(self.kit._built["sessions"].gate.store)
        return {
            "rate_limits": run(store.count(Attempts)),
            "audit_log": run(store.count(AuditEntry)),
        }

    def purge(self) -> None:
        """Clean up what has expired, as an application does now and then."""
        self.kit.audit.purge()
        self.kit._offered["throttling"].purge()

    def _try(self, name: str) -> None:
        try:
            self.kit.sessions.sign_in(email=name, password="mauve otters juggle teapots")
        except (InvalidCredentialsError, RateLimitedError, OverloadedError) as error:
            self.outcomes[type(error).__name__] += 1
        else:
            raise AssertionError("a stranger was let in")


def addresses() -> Iterator[str]:
    """Return ever new client addresses."""
    return (f"20.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(1 << 24))


def memory_now() -> int:
    """Return what this process holds at this moment, in KiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])
