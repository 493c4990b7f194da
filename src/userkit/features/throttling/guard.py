"""The guard in front of what may be tried a few times only."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from userkit.errors import RateLimitedError
from userkit.features.throttling.events import AttemptsThrottled
from userkit.kernel.clock import Clock
from userkit.kernel.origin import current_origin
from userkit.ports.rate_limit import Limit, RateLimiter
from userkit.storage.journal import Journal

__all__ = ["Counted", "Guard", "Receipt", "Whose"]

Counted = tuple[Limit, str]
"""A limit, and the key that an attempt is counted under."""

Whose = str | Callable[[], Awaitable[str | None]] | None
"""The id of the user whose attempts these are; or what looks it up, and is asked if a delay begins."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Attempts that were let pass. Do nothing with it when the attempt failed: then they stay counted."""

    limiter: RateLimiter
    attempts: tuple[Counted, ...]

    async def release(self) -> None:
        """Give all of them back, because nothing was tried after all."""
        for limit, key in reversed(self.attempts):
            await self.limiter.release(limit, key)

    async def forget(self) -> None:
        """Forget all that was counted under the last key, since its owner has shown who they are.

        The others, such as a client address, have no owner who could show it: to them this one
        attempt is given back. Otherwise whoever signs in to an account of their own could go on
        guessing at those of others.
        """
        for limit, key in self.attempts[-1:]:
            await self.limiter.forget(limit, key)
        await Receipt(self.limiter, self.attempts[:-1]).release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Let an attempt pass, or refuse it."""

    limiter: RateLimiter
    journal: Journal
    now: Clock

    async def __call__(self, attempts: Sequence[Counted], *, user_id: Whose = None) -> Receipt:
        """Count one attempt under each key, before it is made; all of them must allow it.

        Name the widest first and last the one whose owner can show who they are: the address of a
        client, then the account. When one refuses, those before it get their attempt back.
        ``user_id`` is whose account the last one is; the event AttemptsThrottled tells it.

        Raises RateLimitedError.
        """
        for place, (limit, key) in enumerate(attempts):
            verdict = await self.limiter.take(limit, key)
            if not verdict.allowed:
                await Receipt(self.limiter, tuple(attempts[:place])).release()
                if verdict.began:
                    last = place == len(attempts) - 1
                    await self._tell(limit, verdict.retry_after, user_id if last else None)
                raise RateLimitedError(retry_after=verdict.retry_after)
        return Receipt(self.limiter, tuple(attempts))

    async def _tell(self, limit: Limit, delay: float, user_id: Whose) -> None:
        now = self.now()
        event = AttemptsThrottled(
            at=now,
            limit=limit.name,
            until=now + timedelta(seconds=delay),
            user_id=await user_id() if callable(user_id) else user_id,
            address=current_origin().address,
        )
        await self.journal.commit(tell=[event])
