"""Throttling: what may be tried a few times only is counted before it is tried."""

from userkit.errors import ConfigurationError
from userkit.feature import Feature, Parts
from userkit.features.throttling.collection import RATE_LIMITS
from userkit.features.throttling.events import AttemptsThrottled
from userkit.features.throttling.guard import Counted, Guard, Receipt, Whose
from userkit.features.throttling.limiters import StoreRateLimiter
from userkit.features.throttling.model import Attempts
from userkit.features.throttling.offer import SyncThrottling, Throttling
from userkit.ports.rate_limit import RateLimiter

__all__ = [
    "RATE_LIMITS",
    "Attempts",
    "AttemptsThrottled",
    "Counted",
    "Guard",
    "Receipt",
    "StoreRateLimiter",
    "SyncThrottling",
    "Throttling",
    "Whose",
    "throttling",
]


def throttling(limiter: RateLimiter | None = None) -> Feature[Throttling, SyncThrottling]:
    """Return the feature.

    ``limiter`` counts for every realm; the application makes and closes it. Without one, attempts
    are counted in the store of the kit.
    """

    def build(parts: Parts) -> Throttling:
        if parts.blocking and limiter is not None and not limiter.blocking:
            raise ConfigurationError(
                f"{type(limiter).__name__} waits for an event loop; a SyncUserKit needs one that does not."
            )
        return Throttling.build(parts, limiter)

    return Feature(name="throttling", collections=(RATE_LIMITS,), build=build, mirror=SyncThrottling)
