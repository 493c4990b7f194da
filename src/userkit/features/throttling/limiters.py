"""Counting attempts in the store, and keeping to oneself whose attempts they are."""

import hmac
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime

from userkit.errors import DuplicateError, StaleError, StoreError
from userkit.features.throttling.model import Attempts
from userkit.kernel.clock import Clock
from userkit.kernel.ids import derived_id
from userkit.ports.rate_limit import Limit, RateLimiter, Tally, Verdict
from userkit.ports.turns import Turns
from userkit.storage.capabilities import Purgeable, supports
from userkit.storage.changes import Add, Save
from userkit.storage.port import LARGEST_PAGE, Store

__all__ = ["TRIES", "DisguisedLimiter", "StoreRateLimiter"]

_log = logging.getLogger("userkit.throttling")

TRIES = 50
"""How often a write is tried while others are faster."""

_Change = Callable[[Tally, datetime], Tally]

# Ids are derived from digests, so that one new key in 256 has such an id, whatever the keys are.
_TIDIES = "00"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRateLimiter:
    """Count attempts in a store: exactly, whoever shares it.

    Each key is one small entity, written on condition that nobody else has in the meantime. When
    others were faster ``TRIES`` times, an attempt is refused for a second: it fails closed. Callers
    in this process take turns, so that those of other processes are all that can be faster.

    Now and then a new key clears away what has expired, so that strangers cannot fill a table.
    """

    store: Store
    now: Clock
    turns: Turns | None = None

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        return self.store.blocking

    async def take(self, limit: Limit, key: str) -> Verdict:
        """See RateLimiter.take."""
        id = _id(limit, key)
        async with self._turn(id):
            return await self._take(id, limit)

    async def _take(self, id: str, limit: Limit) -> Verdict:
        for _ in range(TRIES):
            stored = await self.store.get(Attempts, id)
            now = self.now()
            before = Tally(since=now) if stored is None else _tally(stored)
            after, verdict = before.taken(limit, now)
            if after is before or await self._write(id, limit, stored, after):
                return verdict
        _log.warning("Too many attempts were made at the same moment", extra={"limit": limit.name})
        return Verdict(allowed=False, retry_after=1.0)

    async def release(self, limit: Limit, key: str) -> None:
        """See RateLimiter.release."""
        await self._change(limit, key, lambda tally, now: tally.released(limit, now))

    async def forget(self, limit: Limit, key: str) -> None:
        """See RateLimiter.forget."""
        await self._change(limit, key, Tally.cleared)

    async def close(self) -> None:
        """See RateLimiter.close; the store is the kit's."""

    async def _change(self, limit: Limit, key: str, change: _Change) -> None:
        id = _id(limit, key)
        async with self._turn(id):
            await self._change_stored(id, limit, change)

    async def _change_stored(self, id: str, limit: Limit, change: _Change) -> None:
        for _ in range(TRIES):
            stored = await self.store.get(Attempts, id)
            if stored is None:
                return
            before = _tally(stored)
            after = change(before, self.now())
            if after is before or await self._write(id, limit, stored, after):
                return
        _log.warning("An attempt could not be given back and stays counted", extra={"limit": limit.name})

    def _turn(self, id: str) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self.turns is None else self.turns.of(id)

    async def _write(self, id: str, limit: Limit, stored: Attempts | None, tally: Tally) -> bool:
        """Write a tally in the place of what was read; tell whether that was still there."""
        try:
            if stored is None:
                await self.store.commit(Add(_first(id, limit, tally)))
            else:
                await self.store.commit(Save(stored, _next(stored, limit, tally)))
        except (DuplicateError, StaleError):
            return False
        if stored is None and id.startswith(_TIDIES):
            await self._tidy()
        return True

    async def _tidy(self) -> None:
        if isinstance(self.store, Purgeable) and supports(self.store, Purgeable):
            # It is nothing that the attempt depends on.
            with suppress(StoreError):
                await self.store.purge(Attempts, before=self.now(), limit=LARGEST_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisguisedLimiter:
    """Count with another limiter, under keys that tell nobody whose attempts they are.

    A key, such as an address, is passed on as its HMAC with the realm under ``secret``. So what
    is stored tells nothing, and realms that share a limiter do not share their counts.
    """

    limiter: RateLimiter
    secret: bytes = field(repr=False)
    realm: str

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        return self.limiter.blocking

    async def take(self, limit: Limit, key: str) -> Verdict:
        """See RateLimiter.take."""
        return await self.limiter.take(limit, self._disguise(key))

    async def release(self, limit: Limit, key: str) -> None:
        """See RateLimiter.release."""
        await self.limiter.release(limit, self._disguise(key))

    async def forget(self, limit: Limit, key: str) -> None:
        """See RateLimiter.forget."""
        await self.limiter.forget(limit, self._disguise(key))

    async def close(self) -> None:
        """See RateLimiter.close; the limiter within is closed by who made it."""

    def _disguise(self, key: str) -> str:
        # What was typed may hold what is not UTF-8, and is counted all the same.
        text = f"{self.realm}\0{key}".encode(errors="surrogatepass")
        return hmac.digest(self.secret, text, "sha256").hex()


def _id(limit: Limit, key: str) -> str:
    return derived_id("rate limit", limit.name, ascii(key))  # any text, also what is not UTF-8


def _tally(stored: Attempts) -> Tally:
    return Tally(since=stored.since, count=stored.count, delays=stored.delays, until=stored.until)


def _first(id: str, limit: Limit, tally: Tally) -> Attempts:
    return Attempts(
        id=id,
        # Not 1, so that who has read it before it was purged cannot take what came after for the same.
        version=max(1, int(tally.since.timestamp() * 1000)),
        limit_name=limit.name,
        since=tally.since,
        count=tally.count,
        delays=tally.delays,
        until=tally.until,
        expires_at=tally.forgotten_at(limit),
    )


def _next(stored: Attempts, limit: Limit, tally: Tally) -> Attempts:
    return stored.evolve(
        since=tally.since,
        count=tally.count,
        delays=tally.delays,
        until=tally.until,
        expires_at=tally.forgotten_at(limit),
    )
