"""The suite that every rate limiter passes, wherever it keeps its counts.

A test is a coroutine and runs as in ``StoreConformance``: a blocking limiter is stepped and
called from threads, any other gets an event loop and is called from tasks. Every test counts under
keys that nobody used before, so what the limiter keeps need not be emptied.
"""

import asyncio
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any, TypeVar

import pytest

from userkit.errors import UsageError
from userkit.kernel.clock import Clock
from userkit.ports.rate_limit import Limit, RateLimiter, Verdict
from userkit.sync import run
from userkit.testing.bench import PATIENCE
from userkit.testing.clock import FrozenClock
from userkit.testing.standard import Standard

__all__ = ["LIMIT", "LimiterBench", "OpenLimiter", "RateLimiterConformance"]

T = TypeVar("T")

OpenLimiter = Callable[[Clock], RateLimiter]
"""Opens the limiter under test with a clock; each call opens the same counts again."""

LIMIT = Limit(
    name="conformance",
    attempts=3,
    within=timedelta(minutes=10),
    delay=timedelta(minutes=1),
    longest=timedelta(minutes=5),
)
"""The limit that the tests count by."""

_ALLOWED = Verdict(allowed=True)
_CROWD = 200


class LimiterBench:
    """Open a limiter, run what is done with it, and end what that needed."""

    def __init__(self, open_limiter: OpenLimiter, clock: FrozenClock) -> None:
        """Open a limiter, on an event loop in case it looks for one."""
        self.open_limiter = open_limiter
        self.clock = clock
        self._runner = asyncio.Runner()
        self.limiter = self._runner.run(self._open())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, on the loop unless the limiter is blocking."""
        return run(coroutine) if self.limiter.blocking else self._runner.run(coroutine)

    async def take_at_once(self, limit: Limit, key: str, times: int) -> list[Verdict]:
        """Take this many attempts at the same time, in threads or in tasks."""
        if self.limiter.blocking:
            return self._in_threads(limit, key, times)
        async with asyncio.timeout(PATIENCE):
            return await asyncio.gather(*(self.limiter.take(limit, key) for _ in range(times)))

    def close(self) -> None:
        """End the loop."""
        self._runner.close()

    async def _open(self) -> RateLimiter:
        return self.open_limiter(self.clock)

    def _in_threads(self, limit: Limit, key: str, times: int) -> list[Verdict]:
        verdicts: list[Verdict] = []
        gate = threading.Barrier(times)

        def work() -> None:
            gate.wait(PATIENCE)
            verdicts.append(run(self.limiter.take(limit, key)))

        threads = [threading.Thread(target=work, daemon=True) for _ in range(times)]
        usual = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)  # so that threads meet between two statements
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
        finally:
            sys.setswitchinterval(usual)
        return verdicts


class RateLimiterConformance(Standard):
    """Subclass this to test a rate limiter.

    ::

        class TestMyLimiter(RateLimiterConformance):
            @pytest.fixture
            def open_limiter(self) -> OpenLimiter:
                return MyLimiter
    """

    @pytest.fixture
    def open_limiter(self) -> OpenLimiter:
        """Return what opens the limiter: define this fixture."""
        raise UsageError(f"{type(self).__qualname__} defines no fixture open_limiter.")

    @pytest.fixture
    def clock(self) -> FrozenClock:
        """Stand still until told to move."""
        return FrozenClock()

    @pytest.fixture
    def bench(self, open_limiter: OpenLimiter, clock: FrozenClock) -> Iterator[LimiterBench]:
        """Open the limiter, and clean up after the test."""
        bench = LimiterBench(open_limiter, clock)
        yield bench
        bench.close()

    @pytest.fixture
    def limiter(self, bench: LimiterBench) -> RateLimiter:
        """Return the limiter."""
        return bench.limiter

    @pytest.fixture
    def key(self) -> str:
        """Return a key that nobody has used."""
        return uuid.uuid4().hex

    async def test_as_many_attempts_as_the_limit_says(self, limiter: RateLimiter, key: str) -> None:
        """The next one begins a delay, and says how long it is."""
        assert await _take(limiter, key, 3) == [_ALLOWED] * 3
        assert await limiter.take(LIMIT, key) == Verdict(allowed=False, retry_after=60, began=True)

    async def test_refusals_during_a_delay_are_not_counted(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """However many there are, the delay ends when it was said to end."""
        await _take(limiter, key, 4)
        assert await _take(limiter, key, 20) == [_refused(60)] * 20
        clock.advance(seconds=59.999)
        assert await limiter.take(LIMIT, key) == _refused(0.001)
        clock.advance(seconds=0.001)
        assert await limiter.take(LIMIT, key) == _ALLOWED

    async def test_after_a_delay_attempts_are_allowed_one_at_a_time(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """Each further delay is twice as long, up to the longest."""
        await _take(limiter, key, 4)
        lengths = [60, 120, 240, 300, 300, 300]
        for length, longer in pairwise(lengths):
            clock.advance(seconds=length)
            assert await limiter.take(LIMIT, key) == _ALLOWED
            began = await limiter.take(LIMIT, key)
            assert began == Verdict(allowed=False, retry_after=longer, began=True)
            assert await limiter.take(LIMIT, key) == _refused(longer)

    async def test_a_window_begins_with_the_first_attempt(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """When it ends the count starts anew, whatever came late in it."""
        await limiter.take(LIMIT, key)
        clock.advance(minutes=9)
        await _take(limiter, key, 2)
        clock.advance(seconds=59.999)
        assert not (await limiter.take(LIMIT, key)).allowed
        key += "another"
        await _take(limiter, key, 1)
        clock.advance(minutes=9)
        await _take(limiter, key, 2)
        clock.advance(minutes=1)
        assert await _take(limiter, key, 3) == [_ALLOWED] * 3
        assert (await limiter.take(LIMIT, key)).began

    async def test_after_a_quiet_time_everything_is_forgotten(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """The time counts from the end of the last delay; then all attempts are there again."""
        await _take(limiter, key, 4)
        clock.advance(minutes=1)
        clock.advance(minutes=9, seconds=59.999)
        assert await limiter.take(LIMIT, key) == _ALLOWED
        assert (await limiter.take(LIMIT, key)).retry_after == 120
        clock.advance(minutes=12)
        assert await _take(limiter, key, 3) == [_ALLOWED] * 3
        assert (await limiter.take(LIMIT, key)).retry_after == 60

    async def test_the_quiet_time_counts_from_the_last_attempt(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """Whoever tries once in a while after a delay is not forgotten."""
        await _take(limiter, key, 4)
        clock.advance(minutes=10)
        assert await limiter.take(LIMIT, key) == _ALLOWED
        clock.advance(minutes=9)
        assert await limiter.take(LIMIT, key) == Verdict(allowed=False, retry_after=120, began=True)

    async def test_nobody_is_kept_out_for_ever(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """After any number of attempts, one is allowed after the longest delay."""
        for _ in range(200):
            await limiter.take(LIMIT, key)
            clock.advance(minutes=1)
        clock.advance(minutes=5)
        assert await limiter.take(LIMIT, key) == _ALLOWED

    async def test_what_is_released_can_be_taken_again(self, limiter: RateLimiter, key: str) -> None:
        """Once for each that was given back."""
        for _ in range(10):
            assert await limiter.take(LIMIT, key) == _ALLOWED
            await limiter.release(LIMIT, key)
        await _take(limiter, key, 3)
        await limiter.release(LIMIT, key)
        assert await limiter.take(LIMIT, key) == _ALLOWED
        assert (await limiter.take(LIMIT, key)).began

    async def test_nothing_can_be_released_that_was_not_taken(self, limiter: RateLimiter, key: str) -> None:
        """That does not pile up attempts."""
        await limiter.release(LIMIT, key)
        await limiter.take(LIMIT, key)
        for _ in range(5):
            await limiter.release(LIMIT, key)
        assert await _take(limiter, key, 3) == [_ALLOWED] * 3
        assert (await limiter.take(LIMIT, key)).began

    async def test_releasing_does_not_end_a_delay(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """Nor does it give more than one attempt afterwards."""
        await _take(limiter, key, 4)
        await limiter.release(LIMIT, key)
        assert await limiter.take(LIMIT, key) == _refused(60)
        clock.advance(minutes=1)
        assert await limiter.take(LIMIT, key) == _ALLOWED
        assert (await limiter.take(LIMIT, key)).retry_after == 120

    async def test_the_attempt_after_a_delay_can_be_released(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """Then there is one again."""
        await _take(limiter, key, 4)
        clock.advance(minutes=1)
        assert await limiter.take(LIMIT, key) == _ALLOWED
        await limiter.release(LIMIT, key)
        assert await limiter.take(LIMIT, key) == _ALLOWED
        assert (await limiter.take(LIMIT, key)).retry_after == 120

    async def test_releasing_what_is_forgotten_changes_nothing(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """An attempt that took longer than the window gives back none of the next one."""
        await limiter.take(LIMIT, key)
        clock.advance(minutes=10)
        await limiter.release(LIMIT, key)
        assert await _take(limiter, key, 3) == [_ALLOWED] * 3
        assert (await limiter.take(LIMIT, key)).began

    async def test_forgetting_ends_a_delay_and_clears_the_count(self, limiter: RateLimiter, key: str) -> None:
        """As if nothing had been; the first delay is short again."""
        for taken in (2, 4, 10):
            await _take(limiter, key, taken)
            await limiter.forget(LIMIT, key)
            assert await _take(limiter, key, 3) == [_ALLOWED] * 3
            assert await limiter.take(LIMIT, key) == Verdict(allowed=False, retry_after=60, began=True)
            await limiter.forget(LIMIT, key)
            await limiter.forget(LIMIT, key)

    async def test_keys_and_limits_are_counted_apart(self, limiter: RateLimiter, key: str) -> None:
        """A delay under one says nothing about another."""
        other = Limit(name="conformance, too", attempts=3, within=timedelta(minutes=10))
        await _take(limiter, key, 4)
        assert await limiter.take(LIMIT, key + "x") == _ALLOWED
        assert await limiter.take(other, key) == _ALLOWED
        await limiter.forget(other, key)
        await limiter.forget(LIMIT, key + "x")
        assert await limiter.take(LIMIT, key) == _refused(60)

    @pytest.mark.parametrize("key", ["", "ada@example.com", "\ud800", "a\0b", "x" * 5000, "Å·日本"])
    async def test_any_text_is_a_key(self, bench: LimiterBench, key: str) -> None:
        """Strangers choose what they type."""
        await bench.limiter.forget(LIMIT, key)
        assert await bench.limiter.take(LIMIT, key) == _ALLOWED
        assert [each.allowed for each in await _take(bench.limiter, key, 3)] == [True, True, False]

    async def test_x14_a_clock_that_is_set_back_ends_no_delay_early(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """A little, and the delay takes so much longer; nothing is allowed before."""
        await _take(limiter, key, 4)
        clock.advance(seconds=40)
        clock.advance(seconds=-30)
        assert await limiter.take(LIMIT, key) == _refused(50)
        clock.advance(seconds=50)
        assert await limiter.take(LIMIT, key) == _ALLOWED

    async def test_x14_a_clock_that_is_set_far_back_keeps_nobody_out_for_longer_than_a_delay(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """The delay begins once more, with the first attempt after that."""
        await _take(limiter, key, 4)
        clock.advance(seconds=30)
        clock.advance(days=-3650)
        assert await _take(limiter, key, 2) == [_refused(60)] * 2
        clock.advance(seconds=59)
        assert await limiter.take(LIMIT, key) == _refused(1)
        clock.advance(seconds=1)
        assert await limiter.take(LIMIT, key) == _ALLOWED

    async def test_x14_a_clock_that_is_set_back_gives_no_attempts_back(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """What was counted stays counted, for at most one window from then."""
        await _take(limiter, key, 2)
        clock.advance(days=-3650)
        assert await limiter.take(LIMIT, key) == _ALLOWED
        clock.advance(minutes=10)
        assert await _take(limiter, key, 3) == [_ALLOWED] * 3
        clock.advance(minutes=-20)
        assert (await limiter.take(LIMIT, key)).began

    async def test_x14_an_attempt_after_a_delay_stays_taken_when_the_clock_is_set_back(
        self, limiter: RateLimiter, clock: FrozenClock, key: str
    ) -> None:
        """The next one begins the next delay."""
        await _take(limiter, key, 4)
        clock.advance(minutes=1)
        assert await limiter.take(LIMIT, key) == _ALLOWED
        clock.advance(days=-1)
        assert await limiter.take(LIMIT, key) == Verdict(allowed=False, retry_after=120, began=True)

    async def test_of_many_at_once_exactly_as_many_are_allowed(self, bench: LimiterBench, key: str) -> None:
        """One of the others begins the delay, and all the rest are told how long it is."""
        verdicts = await bench.take_at_once(LIMIT, key, _CROWD)
        began = Verdict(allowed=False, retry_after=60, began=True)
        assert Counter(verdicts) == {_ALLOWED: 3, began: 1, _refused(60): _CROWD - 4}

    async def test_of_many_at_once_after_a_delay_exactly_one_is_allowed(
        self, bench: LimiterBench, clock: FrozenClock, key: str
    ) -> None:
        """And one begins the next delay."""
        await _take(bench.limiter, key, 4)
        clock.advance(minutes=1)
        verdicts = await bench.take_at_once(LIMIT, key, _CROWD)
        began = Verdict(allowed=False, retry_after=120, began=True)
        assert Counter(verdicts) == {_ALLOWED: 1, began: 1, _refused(120): _CROWD - 2}


async def _take(limiter: RateLimiter, key: str, times: int) -> list[Verdict]:
    return [await limiter.take(LIMIT, key) for _ in range(times)]


def _refused(seconds: float) -> Verdict:
    return Verdict(allowed=False, retry_after=seconds)
