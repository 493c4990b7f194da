"""The port for a cache that several processes share, and how a backend publishes one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from userkit.kernel.plugin import Plugin

__all__ = ["CACHE_API", "Answer", "Cache", "CacheFactory", "CachePlugin", "Held"]

CACHE_API = 1
"""The version of the plugin API for caches that this userkit speaks."""


class Held(Enum):
    """What a cache holds under a key at the moment it is asked."""

    VALUE = auto()
    GRANTED = auto()
    AWAITED = auto()
    FENCED = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a cache says to a reader.

    - VALUE: ``value`` was filled in, and nothing has changed since.
    - GRANTED: there was nothing; now there is the reader's lease, under which it may fill.
    - AWAITED: another reader, who has the lease ``holder``, is about to fill.
    - FENCED: somebody is changing it. Read the store, and fill nothing.
    """

    held: Held
    value: bytes = field(default=b"", repr=False)
    holder: str = ""


class Cache(Protocol):
    """Keeps copies of what is in a store, and never one that is older than a change.

    A space is a part of the cache with an epoch of its own, named as realms are. Leases and fences
    are random texts, never used twice. Every call is atomic and one round trip; it ends within a
    short time, and raises StoreUnavailableError when it is unknown whether it happened. A cache may
    lose anything at any time, but it never brings back what was filled in under an older epoch.
    """

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        ...

    async def read(self, space: str, key: str, *, lease: str, seconds: float) -> Answer:
        """Return what is under a key; where there is nothing, leave a lease for so many seconds.

        A value or a lease of an older epoch is nothing. A space without an epoch gets a new one.
        """
        ...

    async def fill(self, space: str, key: str, value: bytes, *, lease: str, seconds: float) -> bool:
        """Put a value under a key, if this lease of this epoch is still there. Tell whether it was."""
        ...

    async def fence(self, space: str, keys: Sequence[str], *, fence: str, seconds: float) -> None:
        """Put a fence in the place of what is under these keys, beside other fences."""
        ...

    async def lift(self, space: str, keys: Sequence[str], *, fence: str) -> None:
        """Take a fence away, and with it whatever is under these keys but the fences of others."""
        ...

    async def renew(self, space: str) -> None:
        """Begin a new epoch: what was filled in or leased before is nothing any more."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait a moment for somebody else's lease, without holding up an event loop."""
        ...

    async def close(self) -> None:
        """Let go of connections. Closing again does no harm, and a later call connects again."""
        ...


class CacheFactory(Protocol):
    """Makes a cache for a URL."""

    def __call__(self, url: str, *, blocking: bool) -> Cache:
        """Return a cache that has not connected yet.

        With ``blocking`` it never waits for an event loop, else it never blocks one. Raises
        InvalidURLError, and never repeats the URL.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePlugin(Plugin[CacheFactory]):
    """A cache, published in the entry-point group ``userkit.caches`` under its URL scheme."""
