"""The port for limits on how often something may be tried."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from userkit.errors import ConfigurationError

__all__ = ["Limit", "RateLimiter", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How often something may be tried, and what follows.

    ``attempts`` may be taken within the time ``within``. The next one is refused for ``delay``,
    and each one taken after that doubles the delay, up to ``longest``. When nothing was tried for
    ``within`` after the last delay, everything is forgotten.
    """

    name: str
    attempts: int
    within: timedelta
    delay: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        """Refuse limits that let nobody in, or everybody."""
        if self.attempts < 1:
            raise ConfigurationError(f"The limit {self.name} must allow at least one attempt.")
        if min(self.within, self.delay) <= timedelta(0) or self.longest < self.delay:
            raise ConfigurationError(
                f"The limit {self.name}: within and delay are more than zero, longest is not less than delay."
            )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an attempt may be made. ``retry_after`` is in seconds.

    ``began`` is true for the one refusal with which a delay begins.
    """

    allowed: bool
    retry_after: float = 0.0
    began: bool = False


class RateLimiter(Protocol):
    """Counts attempts exactly, also when many are made at once and in several processes."""

    async def take(self, limit: Limit, key: str) -> Verdict:
        """Count one attempt before it is made, and tell whether it may be made."""
        ...

    async def release(self, limit: Limit, key: str) -> None:
        """Give back one attempt that was taken, because it was no failure."""
        ...

    async def forget(self, limit: Limit, key: str) -> None:
        """Forget every attempt and delay under a key, because its owner has shown who they are."""
        ...
