"""What can be done with limits beside counting."""

from collections.abc import Sequence
from dataclasses import dataclass

from userkit.feature import Erased
from userkit.features.throttling.model import Attempts
from userkit.kernel.clock import Clock
from userkit.ports.rate_limit import Limit, RateLimiter
from userkit.storage.capabilities import Purgeable, supports
from userkit.storage.port import LARGEST_PAGE, Store

__all__ = ["ForgetAttempts", "PurgeAttempts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeAttempts:
    """Take out what is forgotten anyway."""

    store: Store
    now: Clock

    async def __call__(self) -> int:
        """Take out all counts that mean nothing any more, and return how many.

        A store that cannot purge keeps them; they do no harm.
        """
        before, purged = self.now(), 0
        while isinstance(self.store, Purgeable) and supports(self.store, Purgeable):
            gone = await self.store.purge(Attempts, before=before, limit=LARGEST_PAGE)
            purged += gone
            if gone < LARGEST_PAGE:
                break
        return purged


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetAttempts:
    """Forget what was counted of somebody who is erased; what is stored of it tells nobody who it was."""

    limiter: RateLimiter
    personal: Sequence[Limit]

    async def __call__(self, erased: Erased) -> None:
        """Forget it under their id and, where it is known, under their address."""
        for limit in self.personal:
            for key in filter(None, (erased.user_id, erased.email_key)):
                await self.limiter.forget(limit, key)
