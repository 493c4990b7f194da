"""What comes of an attempt that is counted under several keys: a receipt, or a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from userkit.ports.rate_limit import Limit, RateLimiter, Verdict
from userkit.storage.changes import Change

__all__ = ["Counted", "PlainReceipt", "Receipt", "Refused", "take_one_by_one"]

Counted = tuple[Limit, str]
"""A limit, and the key that an attempt is counted under."""


class Receipt(Protocol):
    """An attempt that was let pass. Do nothing with it when it failed: then it stays counted.

    Otherwise give it back, once: by ``release`` or ``forget``, or as the ``rider`` of the commit that it
    was let pass for, which forgets it with the same write where that can be.
    """

    async def release(self) -> None:
        """Give it back under all keys, because nothing was tried after all."""
        ...

    async def forget(self) -> None:
        """Forget all that was counted under the last key, since its owner has shown who they are.

        The others, such as a client address, have no owner who could show it: to them this one
        attempt is given back. Otherwise whoever signs in to an account of their own could go on
        guessing at those of others.
        """
        ...

    async def changes(self, *, anew: bool) -> Sequence[Change] | None:
        """See Rider.changes: what ``forget`` would do."""
        ...

    async def alone(self) -> None:
        """See Rider.alone: the same as ``forget``."""
        ...


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt that was not let pass and is counted nowhere; ``place`` is that of the key that refused."""

    place: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class PlainReceipt:
    """A receipt of a limiter that keeps each count by itself, wherever that is."""

    limiter: RateLimiter
    attempts: tuple[Counted, ...]

    async def release(self) -> None:
        """See Receipt.release."""
        for limit, key in reversed(self.attempts):
            await self.limiter.release(limit, key)

    async def forget(self) -> None:
        """See Receipt.forget."""
        for limit, key in self.attempts[-1:]:
            await self.limiter.forget(limit, key)
        await PlainReceipt(self.limiter, self.attempts[:-1]).release()

    async def changes(self, *, anew: bool) -> None:
        """See Rider.changes: none of it is in the store."""

    async def alone(self) -> None:
        """See Rider.alone."""
        await self.forget()


async def take_one_by_one(limiter: RateLimiter, attempts: Sequence[Counted]) -> PlainReceipt | Refused:
    """Count one attempt under each key; when one refuses, those before it get theirs back."""
    for place, (limit, key) in enumerate(attempts):
        verdict = await limiter.take(limit, key)
        if not verdict.allowed:
            await PlainReceipt(limiter, tuple(attempts[:place])).release()
            return Refused(place, verdict)
    return PlainReceipt(limiter, tuple(attempts))
