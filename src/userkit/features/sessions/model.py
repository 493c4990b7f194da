"""Sessions: how long they live, and what becomes of a refresh token that is presented."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Self

from userkit.kernel.entity import Entity
from userkit.kernel.identity import SessionFacts
from userkit.kernel.ids import Id
from userkit.kernel.opaque import matches

__all__ = ["Lifetimes", "Session", "SessionKind", "Standing"]


class SessionKind(Enum):
    """What a session is opened with."""

    BEARER = "bearer"  # access tokens and a rotating refresh token
    OPAQUE = "opaque"  # one token that is looked up, for cookies


class Standing(Enum):
    """What a refresh token is to its session."""

    CURRENT = auto()
    JUST_SPENT = auto()
    REUSED = auto()
    FOREIGN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long sessions live: ``idle`` without use, ``absolute`` in any case.

    A refresh token that was spent less than ``grace`` ago is refused without punishment.
    """

    idle: timedelta = timedelta(days=14)
    absolute: timedelta = timedelta(days=90)
    grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Entity):
    """Somebody signed in somewhere.

    ``methods`` are the proofs given (RFC 8176), the last of them at ``authenticated_at``. It ends at
    ``expires_at`` unless it is used before, and at ``ends_at`` in any case. ``generation`` counts
    the refresh tokens; only the newest is good, and only its digest is kept.
    """

    user_id: Id
    epoch: int
    kind: SessionKind
    methods: frozenset[str]
    digest: bytes = field(repr=False)
    generation: int = 0
    created_at: datetime
    authenticated_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ends_at: datetime
    user_agent: str | None = None
    address: str | None = None

    def facts(self) -> SessionFacts:
        """Return what an auth backend needs to know."""
        return SessionFacts(
            id=self.id,
            user_id=self.user_id,
            epoch=self.epoch,
            methods=self.methods,
            authenticated_at=self.authenticated_at,
            expires_at=self.ends_at,
        )

    def is_over(self, now: datetime) -> bool:
        """Tell whether its time is up."""
        return now >= self.expires_at

    def used(self, now: datetime, lifetimes: Lifetimes) -> Self:
        """Return the session with its idle time begun anew."""
        return self.evolve(last_used_at=now, expires_at=min(now + lifetimes.idle, self.ends_at))

    def rotated(self, digest: bytes, now: datetime, lifetimes: Lifetimes) -> Self:
        """Return the session with its next refresh token."""
        return self.evolve(
            digest=digest,
            generation=self.generation + 1,
            last_used_at=now,
            expires_at=min(now + lifetimes.idle, self.ends_at),
        )

    def proved_again(self, methods: frozenset[str], now: datetime) -> Self:
        """Return the session after one more proof."""
        return self.evolve(methods=self.methods | methods, authenticated_at=now)

    def standing(
        self, *, generation: int, secret: bytes, genuine: bool, now: datetime, grace: timedelta
    ) -> Standing:
        """Tell what a refresh token is to this session; ``genuine``: it was issued here once."""
        if generation == self.generation and matches(secret, self.digest):
            return Standing.CURRENT
        if not genuine or generation >= self.generation:
            return Standing.FOREIGN
        # A clock that stepped back makes a token look spent in the future: that is recent, too.
        recent = now - self.last_used_at <= grace
        return Standing.JUST_SPENT if recent and generation == self.generation - 1 else Standing.REUSED
