"""The guard in front of what may be tried a few times only."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from userkit.errors import RateLimitedError
from userkit.features.throttling.disguise import DisguisedLimiter
from userkit.features.throttling.events import AttemptsThrottled
from userkit.features.throttling.receipts import Counted, Receipt, Refused
from userkit.kernel.clock import Clock
from userkit.kernel.origin import current_origin
from userkit.ports.rate_limit import Limit
from userkit.storage.journal import Journal

__all__ = ["Guard", "Whose"]

Whose = str | Callable[[], Awaitable[str | None]] | None
"""The id of the user whose attempts these are; or what looks it up, and is asked if a delay begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Let an attempt pass, or refuse it."""

    limiter: DisguisedLimiter
    journal: Journal
    now: Clock

    async def __call__(self, attempts: Sequence[Counted], *, user_id: Whose = None) -> Receipt:
        """Count one attempt under each key, before it is made; all of them must allow it.

        Name the widest first and last the one whose owner can show who they are: the address of a
        client, then the account. When one refuses, it is counted under none of the others.
        ``user_id`` is whose account the last one is; the event AttemptsThrottled tells it.

        Raises RateLimitedError.
        """
        taken = await self.limiter.take_all(attempts)
        if not isinstance(taken, Refused):
            return taken
        verdict = taken.verdict
        if verdict.began:
            limit, _ = attempts[taken.place]
            last = taken.place == len(attempts) - 1
            await self._tell(limit, verdict.retry_after, user_id if last else None)
        raise RateLimitedError(retry_after=verdict.retry_after)

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
