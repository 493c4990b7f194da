"""The same calls at the same times have the same answers, wherever attempts are counted."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.features.throttling.limiters import prepared
from userkit.backends.memory import MemoryRateLimiter
from userkit.features.throttling import StoreRateLimiter
from userkit.features.throttling.use_cases import PurgeAttempts
from userkit.ports.rate_limit import Limit
from userkit.sync import run
from userkit.testing import FrozenClock

SECOND = timedelta(seconds=1)
LIMITS = (
    Limit(name="of one", attempts=1, within=300 * SECOND, delay=30 * SECOND, longest=30 * SECOND),
    Limit(name="of three", attempts=3, within=100 * SECOND, delay=60 * SECOND, longest=200 * SECOND),
)

limits, keys = st.sampled_from(LIMITS), st.sampled_from(["ada", "bob"])


class BothLimiters(RuleBasedStateMachine):
    """One in memory and one over a store, with one clock."""

    @initialize()
    def begin(self) -> None:
        self.clock = FrozenClock()
        store = prepared()
        self.in_memory = MemoryRateLimiter(self.clock)
        self.in_store = StoreRateLimiter(store=store, now=self.clock)
        self.purging = PurgeAttempts(store=store, now=self.clock)

    @rule(limit=limits, key=keys, times=st.integers(1, 5))
    def take(self, limit: Limit, key: str, times: int) -> None:
        for _ in range(times):
            verdict = run(self.in_memory.take(limit, key))
            assert run(self.in_store.take(limit, key)) == verdict
            assert (verdict.retry_after > 0) is not verdict.allowed

    @rule(limit=limits, key=keys)
    def release(self, limit: Limit, key: str) -> None:
        run(self.in_memory.release(limit, key))
        run(self.in_store.release(limit, key))

    @rule(limit=limits, key=keys)
    def forget(self, limit: Limit, key: str) -> None:
        run(self.in_memory.forget(limit, key))
        run(self.in_store.forget(limit, key))

    @rule(seconds=st.integers(0, 400) | st.sampled_from([30, 60, 100, 120, 200, 300]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule()
    def purge(self) -> None:
        run(self.purging())

    @invariant()
    def few_keys_are_remembered(self) -> None:
        assert len(self.in_memory) <= len(LIMITS) * 2


TestBothLimiters = BothLimiters.TestCase
TestBothLimiters.settings = settings(max_examples=50, stateful_step_count=40)
