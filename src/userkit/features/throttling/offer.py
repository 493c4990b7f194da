"""Throttling as features and applications see it: ``kit.throttling``."""

from dataclasses import dataclass, field
from typing import Self

from userkit.feature import Parts
from userkit.features.throttling.disguise import DisguisedLimiter
from userkit.features.throttling.guard import Guard
from userkit.features.throttling.limiters import StoreRateLimiter
from userkit.features.throttling.use_cases import ForgetAttempts, PurgeAttempts
from userkit.ports.rate_limit import Limit, RateLimiter
from userkit.sync import synced

__all__ = ["SyncLimiter", "SyncThrottling", "Throttling"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """How attempts are limited in one realm.

    ``guard`` is for features: it stands before what may be tried a few times only. ``limiter`` is
    what it counts with. ``personal`` are limits whose keys are ids or canonical addresses of users: add
    your own, so that what is counted under them is forgotten when a person is erased.
    """

    limiter: RateLimiter
    guard: Guard
    purge: PurgeAttempts
    personal: list[Limit] = field(default_factory=list)

    @classmethod
    def build(cls, parts: Parts) -> Self:
        """Wire the use cases from the parts of a kit, around its limiter, else one over its store."""
        limiter = parts.limiter
        if limiter is None:  # not by truth, for one that has a length is false while it is empty
            limiter = StoreRateLimiter(store=parts.store, now=parts.now, turns=parts.turns, is_kits_own=True)
        disguised = DisguisedLimiter(
            limiter=limiter,
            secret=parts.keys.derive("rate limits")[0],
            realm=parts.realm,
        )
        personal: list[Limit] = []
        parts.erase.append(ForgetAttempts(limiter=disguised, personal=personal))
        return cls(
            limiter=disguised,
            guard=Guard(limiter=disguised, journal=parts.journal, now=parts.now),
            purge=PurgeAttempts(store=parts.store, now=parts.now),
            personal=personal,
        )


class SyncLimiter:
    """A limiter without ``await``."""

    def __init__(self, limiter: RateLimiter) -> None:
        """Mirror its calls."""
        self.take = synced(limiter.take)
        self.release = synced(limiter.release)
        self.forget = synced(limiter.forget)


class SyncThrottling:
    """The same without ``await``."""

    def __init__(self, throttling: Throttling) -> None:
        """Mirror the use cases."""
        self.limiter = SyncLimiter(throttling.limiter)
        self.purge = synced(throttling.purge)
