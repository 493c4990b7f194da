"""A cache in Redis or Valkey: leases, fences and epochs, each call one script."""

import asyncio
import time
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, Self

from userkit.backends.redis.addresses import Address, chosen
from userkit.backends.redis.cache_scripts import FENCE, FILL, LIFT, READ
from userkit.backends.redis.cache_settings import RedisCacheSettings
from userkit.backends.redis.connecting import Link, Script
from userkit.backends.redis.errors import translating
from userkit.ports.cache import Answer, Held

__all__ = ["RedisCache", "open_cache"]

# An epoch ends after a week, so that nothing is left of realms that are no more.
_EPOCH = 7 * 86_400.0
_HELD = {b"V": Held.VALUE, b"G": Held.GRANTED, b"L": Held.AWAITED, b"F": Held.FENCED}


class RedisCache:
    """Keep copies in Redis or Valkey, alone, behind sentinels or as a cluster.

    Everything of a space is in one slot of a cluster. Values are strings that begin with their kind:
    ``F`` for fences, ``L`` for a lease and ``V`` for a value, the last two with their epoch.
    """

    def __init__(self, link: Link, *, prefix: str = "userkit") -> None:
        """Take the connection and what keys begin with: another for each database that is cached."""
        self._link, self._prefix = link, prefix

    @classmethod
    def from_client(cls, client: Any, *, prefix: str = "userkit", concurrency: int = 10) -> Self:
        """Use a client of the application, which stays its own: closing the cache leaves it open.

        It is a Redis or a RedisCluster, of ``redis`` or of ``redis.asyncio``. The time-outs are the
        client's: give it a ``socket_timeout``. ``concurrency``: how many calls go to it at once.
        """
        return cls(Link.over(client, pool_size=concurrency, pool_timeout=0.25), prefix=prefix)

    @property
    def blocking(self) -> bool:
        """See Cache.blocking: so it is over clients that block."""
        return self._link.blocking

    async def read(self, space: str, key: str, *, lease: str, seconds: float) -> Answer:
        """See Cache.read."""
        times = (_milliseconds(seconds), token_hex(8), _milliseconds(_EPOCH))
        kind, text = await self._run(READ, space, self._entry(space, key), lease, *times)
        held = _HELD[_bytes(kind)]
        if held is Held.AWAITED:
            return Answer(held, holder=_bytes(text).decode(errors="replace"))
        return Answer(held, _bytes(text))

    async def fill(self, space: str, key: str, value: bytes, *, lease: str, seconds: float) -> bool:
        """See Cache.fill."""
        entry = self._entry(space, key)
        return bool(await self._run(FILL, space, entry, lease, value, _milliseconds(seconds)))

    async def fence(self, space: str, keys: Sequence[str], *, fence: str, seconds: float) -> None:
        """See Cache.fence."""
        entries = (self._entry(space, key) for key in keys)
        await self._run(FENCE, space, fence, _milliseconds(seconds), *entries)

    async def lift(self, space: str, keys: Sequence[str], *, fence: str) -> None:
        """See Cache.lift."""
        await self._run(LIFT, space, fence, *(self._entry(space, key) for key in keys))

    async def renew(self, space: str) -> None:
        """See Cache.renew: the next reader begins another. Redis does this even when it is full."""
        with translating(self._link.where):
            await self._link.call("DEL", self._epoch(space))

    async def pause(self, seconds: float) -> None:
        """See Cache.pause."""
        if self.blocking:
            time.sleep(seconds)  # noqa: ASYNC251  # the kit that calls this has no event loop
        else:
            await asyncio.sleep(seconds)

    async def close(self) -> None:
        """See Cache.close; a client of the application stays open."""
        await self._link.close()

    async def _run(self, script: Script, space: str, *arguments: Any) -> Any:
        with translating(self._link.where):
            return await self._link.run(script, self._epoch(space), *arguments)

    def _epoch(self, space: str) -> str:
        return f"{self._prefix}:cache:{{{space}}}"

    def _entry(self, space: str, key: str) -> str:
        return f"{self._epoch(space)}:{key}"


def open_cache(url: str, *, blocking: bool, settings: RedisCacheSettings | None = None) -> RedisCache:
    """Make a cache for a URL; it connects with the first call. Raises InvalidURLError."""
    address = Address.read(url, settings=chosen(RedisCacheSettings, {}, settings))
    return RedisCache(Link.to(address, blocking=blocking), prefix=address.settings.prefix)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _bytes(text: bytes | str) -> bytes:
    # A client of the application may decode what it gets.
    return text.encode() if isinstance(text, str) else text
