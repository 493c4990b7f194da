"""A rate limiter in Redis or Valkey: exact, atomic and one round trip, whoever shares it."""

import hashlib
import logging
import time
from typing import Any, Self

from userkit.backends.redis.addresses import Address
from userkit.backends.redis.connecting import Link
from userkit.backends.redis.errors import DRIVER_ERRORS, translated
from userkit.backends.redis.scripts import LIMIT
from userkit.backends.redis.settings import RedisSettings
from userkit.errors import ConfigurationError, StoreUnavailableError
from userkit.kernel.clock import Clock
from userkit.ports.rate_limit import Limit, RateLimiter, Verdict
from userkit.storage.breaker import Breaker
from userkit.storage.plain import milliseconds

__all__ = ["RedisRateLimiter"]

_log = logging.getLogger("userkit.throttling")

_ERRORS: tuple[type[Exception], ...] = (*DRIVER_ERRORS, StoreUnavailableError)
_UNSURE = Verdict(allowed=False, retry_after=1.0)


class RedisRateLimiter:
    """Count attempts in Redis or Valkey, exactly, by the rules of ``Tally``.

    One key for each limit and key; it vanishes with the last thing that it remembers. When Redis
    cannot be asked, ``fallback`` counts, for each process by itself; without one every attempt is
    refused for a second. After a failure Redis is left alone for a second, after each further one
    for twice as long, at most for 30 seconds.
    """

    def __init__(
        self, link: Link, *, now: Clock, prefix: str = "userkit", fallback: RateLimiter | None = None
    ) -> None:
        """Take the connection and the clock. Raises ConfigurationError for a fallback of the other kind."""
        if fallback is not None and link.blocking and not fallback.blocking:
            raise ConfigurationError(
                f"{type(fallback).__name__} waits for an event loop; this limiter blocks."
            )
        self._link, self._now, self._prefix = link, now, prefix
        self._fallback = fallback
        self._breaker = Breaker(time.monotonic)

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        blocking: bool,
        now: Clock,
        fallback: RateLimiter | None = None,
        settings: RedisSettings | None = None,
    ) -> Self:
        """Make a limiter for a URL; it connects with the first attempt. Raises InvalidURLError.

        ``blocking``: for a synchronous kit; else it needs an event loop.
        """
        address = Address.read(url, settings=settings)
        link = Link.to(address, blocking=blocking)
        return cls(link, now=now, prefix=address.settings.prefix, fallback=fallback)

    @classmethod
    def from_client(
        cls,
        client: Any,
        *,
        now: Clock,
        prefix: str = "userkit",
        fallback: RateLimiter | None = None,
        concurrency: int = 10,
    ) -> Self:
        """Use a client of the application, which stays its own, with its time-outs."""
        return cls(Link.over(client, pool_size=concurrency), now=now, prefix=prefix, fallback=fallback)

    @property
    def blocking(self) -> bool:
        """See RateLimiter.blocking."""
        return self._link.blocking

    async def take(self, limit: Limit, key: str) -> Verdict:
        """See RateLimiter.take."""
        answer = await self._count("take", limit, key)
        if answer is not None:
            allowed, left, began = answer
            return Verdict(allowed=bool(allowed), retry_after=left / 1000, began=bool(began))
        return _UNSURE if self._fallback is None else await self._fallback.take(limit, key)

    async def release(self, limit: Limit, key: str) -> None:
        """See RateLimiter.release."""
        if await self._count("release", limit, key) is None and self._fallback is not None:
            await self._fallback.release(limit, key)

    async def forget(self, limit: Limit, key: str) -> None:
        """See RateLimiter.forget; where Redis cannot be asked, it goes on remembering."""
        ticket = self._breaker.admit()
        if ticket is not None:
            try:
                await self._link.call("DEL", self._place(limit, key))
            except _ERRORS as error:
                self._failed(ticket, error)
            else:
                self._breaker.succeeded(ticket)
        if self._fallback is not None:
            await self._fallback.forget(limit, key)

    async def close(self) -> None:
        """Let go of connections; a client of the application stays open."""
        await self._link.close()

    async def _count(self, verb: str, limit: Limit, key: str) -> tuple[int, int, int] | None:
        """Run the script; None when Redis cannot be asked."""
        ticket = self._breaker.admit()
        if ticket is None:
            return None
        times = [round(each.total_seconds() * 1000) for each in (limit.within, limit.delay, limit.longest)]
        arguments = (verb, milliseconds(self._now()), limit.attempts, *times)
        try:
            allowed, left, began = await self._link.run(LIMIT, self._place(limit, key), *arguments)
        except _ERRORS as error:
            self._failed(ticket, error)
            return None
        self._breaker.succeeded(ticket)
        return allowed, left, began

    def _failed(self, ticket: int, error: Exception) -> None:
        said = error if isinstance(error, StoreUnavailableError) else translated(error, self._link.where)
        if self._breaker.failed(ticket) is not None:
            _log.warning("Attempts cannot be counted in Redis now: %s", said)

    def _place(self, limit: Limit, key: str) -> str:
        # Any text, also what is not UTF-8; and of bounded length.
        text = f"{limit.name}\0{key}".encode(errors="surrogatepass")
        return f"{self._prefix}:limit:{hashlib.sha256(text).hexdigest()}"
