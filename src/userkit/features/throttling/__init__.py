"""Throttling: what may be tried a few times only is counted before it is tried."""

from userkit.feature import Feature
from userkit.features.throttling.collection import RATE_LIMITS
from userkit.features.throttling.events import AttemptsThrottled
from userkit.features.throttling.guard import Guard, Whose
from userkit.features.throttling.limiters import StoreRateLimiter
from userkit.features.throttling.model import Attempts
from userkit.features.throttling.offer import SyncThrottling, Throttling
from userkit.features.throttling.receipts import Counted, Receipt

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


def throttling() -> Feature[Throttling, SyncThrottling]:
    """Return the feature; ``UserKit(limiter=…)`` says where attempts are counted."""
    return Feature(
        name="throttling", collections=(RATE_LIMITS,), build=Throttling.build, mirror=SyncThrottling
    )
