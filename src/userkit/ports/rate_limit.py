"""The port for limits on how often something may be tried, and the rules that every limiter counts by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from userkit.errors import ConfigurationError
from userkit.kernel.clock import Clock
from userkit.kernel.plugin import Plugin

__all__ = [
    "RATE_LIMITER_API",
    "Clock",
    "Limit",
    "RateLimiter",
    "RateLimiterFactory",
    "RateLimiterPlugin",
    "Tally",
    "Verdict",
]

RATE_LIMITER_API = 1
"""The version of the plugin API for rate limiters that this userkit speaks."""

_MILLISECOND = timedelta(milliseconds=1)
_LONGEST = timedelta(days=366)
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How often something may be tried, and what follows.

    - ``attempts`` may be taken within the time ``within``. It begins with the first of them, and
      when it ends the count starts anew.
    - The next one is refused, and begins a ``delay``. While it runs everything is refused.
    - After a delay one attempt is allowed. The next one after that begins a delay twice as long,
      up to ``longest``.
    - When nothing was tried for ``within`` after the last delay, everything is forgotten.

    ``name`` is what attempts are counted under: limits of one name share their counts.
    """

    name: str
    attempts: int
    within: timedelta
    delay: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        """Refuse limits that let nobody in, or everybody."""
        if not 0 < len(self.name) <= _LONGEST_NAME:
            raise ConfigurationError(f"A limit has a name of 1 to {_LONGEST_NAME} characters.")
        if self.attempts < 1:
            raise ConfigurationError(f"The limit {self.name} must allow at least one attempt.")
        times = (self.within, self.delay, self.longest)
        if min(times) <= timedelta(0) or self.longest < self.delay:
            raise ConfigurationError(
                f"The limit {self.name}: within and delay are more than zero, longest is not less than delay."
            )
        if max(times) > _LONGEST or any(each % _MILLISECOND for each in times):
            raise ConfigurationError(
                f"The limit {self.name}: its times are whole milliseconds, and at most {_LONGEST.days} days."
            )

    def delay_number(self, number: int) -> timedelta:
        """Return how long a delay lasts, the first one being number 1."""
        doublings = min(number - 1, (self.longest // self.delay).bit_length())
        return min(self.delay * (1 << doublings), self.longest)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an attempt may be made. ``retry_after`` is in seconds.

    ``began`` is true for the one refusal with which a delay begins.
    """

    allowed: bool
    retry_after: float = 0.0
    began: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What has been counted under one key, and what follows from it: the one copy of the rules.

    - ``since``: when the window began, or the last delay, or the attempt that followed it.
    - ``count``: how many attempts were taken since the window began, or since the last delay.
    - ``delays``: how many delays there were in a row.
    - ``until``: the end of the last one, as long as no attempt has followed it.

    Where a method changes nothing it returns the same object, so that nothing need be written.

    Times are what the clock told, and a clock may be set back. Then a window cannot have begun
    later than now, and a delay cannot have more left than it is long: what says so is moved to now.
    So nobody waits less than the delay; nor longer than that, counted from the first attempt after
    the clock was set back, however far.
    """

    since: datetime
    count: int = 0
    delays: int = 0
    until: datetime | None = None

    def taken(self, limit: Limit, now: datetime) -> "tuple[Tally, Verdict]":
        """Count one more attempt, and tell whether it may be made."""
        tally = self._as_of(limit, now)
        left = tally.delay_left(now)
        if left:
            return tally, Verdict(allowed=False, retry_after=left.total_seconds())
        if tally.count < (1 if tally.delays else limit.attempts):
            return tally._counted(now), Verdict(allowed=True)
        return tally._delayed(limit, now)

    def released(self, limit: Limit, now: datetime) -> "Tally":
        """Give back one attempt; a delay that runs goes on."""
        if not self.count or now >= self.forgotten_at(limit):
            return self
        return Tally(since=self.since, count=self.count - 1, delays=self.delays)

    def cleared(self, now: datetime) -> "Tally":
        """Forget every attempt and delay."""
        return Tally(since=now) if self.count or self.delays else self

    def delay_left(self, now: datetime) -> timedelta:
        """Return how much of a delay is left; zero when none runs."""
        return timedelta(0) if self.until is None or self.until <= now else self.until - now

    def forgotten_at(self, limit: Limit) -> datetime:
        """Return from when on all of this means nothing any more."""
        return max(self.since, self.until or self.since) + limit.within

    def _as_of(self, limit: Limit, now: datetime) -> "Tally":
        if now >= self.forgotten_at(limit):
            return Tally(since=now)
        since, until = min(self.since, now), self.until
        if until is not None:
            until = min(until, now + limit.delay_number(self.delays))
        if since == self.since and until == self.until:
            return self
        return Tally(since=since, count=self.count, delays=self.delays, until=until)

    def _counted(self, now: datetime) -> "Tally":
        since = self.since if self.count else now
        return Tally(since=since, count=self.count + 1, delays=self.delays)

    def _delayed(self, limit: Limit, now: datetime) -> "tuple[Tally, Verdict]":
        delays = self.delays + 1
        length = limit.delay_number(delays)
        verdict = Verdict(allowed=False, retry_after=length.total_seconds(), began=True)
        return Tally(since=now, delays=delays, until=now + length), verdict


class RateLimiter(Protocol):
    """Counts attempts exactly, also when many are made at once and in several processes.

    How it counts is said by ``Limit`` and done by ``Tally``. All time is from the clock it is
    given. A limiter that cannot tell refuses: it fails closed.
    """

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        ...

    async def take(self, limit: Limit, key: str) -> Verdict:
        """Count one attempt before it is made, and tell whether it may be made.

        A refusal while a delay runs is not counted.
        """
        ...

    async def release(self, limit: Limit, key: str) -> None:
        """Give back one attempt that was taken, because it was no failure.

        It does not end a delay. What cannot be given back stays counted.
        """
        ...

    async def forget(self, limit: Limit, key: str) -> None:
        """Forget every attempt and delay under a key, because its owner has shown who they are."""
        ...

    async def close(self) -> None:
        """Let go of connections. Closing again does no harm."""
        ...


class RateLimiterFactory(Protocol):
    """Makes a limiter for a URL."""

    def __call__(self, url: str, *, blocking: bool, now: Clock) -> RateLimiter:
        """Return a limiter that has not connected yet.

        With ``blocking`` it never waits for an event loop, else it never blocks one. ``now`` is all
        the time that it knows. Raises InvalidURLError, and never repeats the URL.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimiterPlugin(Plugin[RateLimiterFactory]):
    """A limiter, published in the entry-point group ``userkit.rate_limiters`` under its URL scheme."""
