"""Every limiter counts alike."""

import pytest

from tests.features.throttling.limiters import disguised, in_store, in_waiting_store
from userkit.backends.memory import MemoryRateLimiter
from userkit.errors import UsageError
from userkit.testing.limits import OpenLimiter, RateLimiterConformance


class TestMemoryRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def open_limiter(self) -> OpenLimiter:
        return MemoryRateLimiter


class TestStoreRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def open_limiter(self) -> OpenLimiter:
        return in_store


class TestStoreRateLimiterThatWaits(RateLimiterConformance):
    @pytest.fixture
    def open_limiter(self) -> OpenLimiter:
        return in_waiting_store


class TestDisguisedLimiter(RateLimiterConformance):
    @pytest.fixture
    def open_limiter(self) -> OpenLimiter:
        return disguised


def test_a_suite_without_a_limiter_says_what_to_define() -> None:
    """The fixture is named."""
    with pytest.raises(UsageError, match="open_limiter"):
        RateLimiterConformance.open_limiter.__wrapped__(RateLimiterConformance())  # type: ignore[attr-defined]
