"""Keeping to oneself whose attempts are counted."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from userkit.features.throttling.limiters import StoreRateLimiter
from userkit.features.throttling.receipts import Counted, Receipt, Refused, take_one_by_one
from userkit.ports.rate_limit import Limit, RateLimiter, Verdict

__all__ = ["DisguisedLimiter"]


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

    async def take_all(self, attempts: Sequence[Counted]) -> Receipt | Refused:
        """Count one attempt under each key, or under none; all of them must allow it."""
        disguised = [(limit, self._disguise(key)) for limit, key in attempts]
        if isinstance(self.limiter, StoreRateLimiter):
            return await self.limiter.take_all(disguised)
        return await take_one_by_one(self.limiter, disguised)

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
