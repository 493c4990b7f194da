"""The memory store and the limiter in memory as plugins: ``memory://``."""

from urllib.parse import parse_qs

from userkit.backends.memory.limiter import MemoryRateLimiter
from userkit.backends.memory.store import MemoryStore
from userkit.errors import InvalidURLError
from userkit.kernel.clock import Clock
from userkit.ports.rate_limit import RateLimiterPlugin
from userkit.storage.plugin import StorePlugin

__all__ = ["memory", "memory_limiter"]


def _open(url: str, *, blocking: bool) -> MemoryStore:
    if url != "memory://":
        raise InvalidURLError("A memory store has no options: its URL is memory:// and nothing else.")
    return MemoryStore()


memory = StorePlugin(
    name="memory",
    api_version=1,
    factory=_open,
    capabilities=frozenset({"BulkLoadable", "Countable", "Purgeable", "Searchable", "Surveyable"}),
    summary="Everything in this process, gone with it; for tests and first steps.",
)


def _count(url: str, *, blocking: bool, now: Clock) -> MemoryRateLimiter:
    place, _, query = url.partition("?")
    options = parse_qs(query, keep_blank_values=True)
    (most_keys, *rest) = options.pop("most_keys", ["100000"])
    if place != "memory://" or options or rest or not most_keys.isdecimal():
        raise InvalidURLError("The URL of a limiter in memory is memory:// or memory://?most_keys=100000.")
    return MemoryRateLimiter(now, most_keys=int(most_keys))


memory_limiter = RateLimiterPlugin(
    name="memory",
    api_version=1,
    factory=_count,
    summary="Counts attempts in this process, for this process.",
)
