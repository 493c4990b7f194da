"""Both limiters, over empty counts of their own."""

from tests.features.parts import SECRET
from tests.storage.doubles import WaitingStore
from userkit.backends.memory import MemoryStore
from userkit.features.throttling import RATE_LIMITS, StoreRateLimiter
from userkit.features.throttling.disguise import DisguisedLimiter
from userkit.kernel.clock import Clock
from userkit.ports.rate_limit import RateLimiter
from userkit.storage.port import Store
from userkit.sync import run


def prepared(store: Store | None = None) -> Store:
    """Return a blocking store that is ready for counts, in memory unless told otherwise."""
    store = MemoryStore() if store is None else store
    run(store.prepare([RATE_LIMITS]))
    return store


def in_store(now: Clock) -> RateLimiter:
    """Count in a store that never waits."""
    return StoreRateLimiter(store=prepared(), now=now)


def in_waiting_store(now: Clock) -> RateLimiter:
    """Count in a store that waits at every call."""
    return StoreRateLimiter(store=WaitingStore(prepared()), now=now)


def disguised(now: Clock) -> RateLimiter:
    """Count in a store, as a kit does."""
    return DisguisedLimiter(limiter=in_store(now), secret=SECRET.encode(), realm="default")
