"""Every limiter counts alike, and the suite that says so would notice one that does not."""

import asyncio
import time

import pytest

from tests.features.throttling.limiters import disguised, in_store, in_waiting_store
from userkit.backends.memory import MemoryRateLimiter
from userkit.errors import UsageError
from userkit.kernel.clock import Clock
from userkit.ports.rate_limit import Limit, Tally, Verdict
from userkit.testing import FrozenClock
from userkit.testing.limits import LIMIT, LimiterBench, OpenLimiter, RateLimiterConformance


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


class ReadsThenWrites:
    """A limiter with neither a lock nor a condition."""

    def __init__(self, now: Clock, *, blocking: bool) -> None:
        self.now = now
        self.blocking = blocking
        self.tallies: dict[str, Tally] = {}

    async def take(self, limit: Limit, key: str) -> Verdict:
        before = self.tallies.get(key, Tally(since=self.now()))
        if self.blocking:
            _dawdle()
        else:
            await asyncio.sleep(0)
        self.tallies[key], verdict = before.taken(limit, self.now())
        return verdict

    async def release(self, limit: Limit, key: str) -> None: ...

    async def forget(self, limit: Limit, key: str) -> None: ...

    async def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("blocking", [True, False])
def test_a_crowd_would_notice_a_limiter_that_reads_and_then_writes(blocking: bool) -> None:
    """As threads and as tasks, far more than the limit are let in."""
    bench = LimiterBench(lambda now: ReadsThenWrites(now, blocking=blocking), FrozenClock())
    verdicts = bench.run(bench.take_at_once(LIMIT, "ada", 200))
    bench.close()
    assert len(verdicts) == 200
    assert sum(each.allowed for each in verdicts) > LIMIT.attempts


def _dawdle() -> None:
    time.sleep(0.0005)  # what a network would take
