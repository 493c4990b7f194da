"""Attempts are counted in Redis as everywhere, and when Redis fails, as documented."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, ValkeyCluster, ValkeyServer
from userkit import SyncUserKit, UserKit
from userkit.backends.memory import MemoryRateLimiter
from userkit.backends.redis.limiter import RedisRateLimiter
from userkit.errors import ConfigurationError, InvalidCredentialsError, RateLimitedError
from userkit.kernel.clock import Clock, utc_now
from userkit.ports.rate_limit import Limit, RateLimiter, Verdict
from userkit.sync import run
from userkit.testing import FrozenClock
from userkit.testing.limits import LIMIT, OpenLimiter, RateLimiterConformance

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
UNSURE = Verdict(allowed=False, retry_after=1.0)


class Closing(RateLimiterConformance):
    """Limiters with connections, which are closed after each test."""

    blocking = True

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def open_limiter(self, url: str) -> Iterator[OpenLimiter]:
        opened: list[RateLimiter] = []

        def opening(now: Clock) -> RateLimiter:
            opened.append(RedisRateLimiter.from_url(url, blocking=self.blocking, now=now))
            return opened[-1]

        yield opening
        for each in opened:
            if each.blocking:
                run(each.close())

    @pytest.fixture(autouse=True)
    def _closes(self, bench: object) -> Iterator[None]:
        yield
        limiter: RateLimiter = bench.limiter  # type: ignore[attr-defined]  # of the suite
        if not limiter.blocking:
            bench.run(limiter.close())  # type: ignore[attr-defined]


class TestValkey(Closing):
    @pytest.fixture
    def url(self, valkey: ValkeyServer) -> str:
        return valkey.url()


class TestValkeyAsynchronous(TestValkey):
    blocking = False


class TestRedis(Closing):
    @pytest.fixture
    def url(self, redis7: RedisServer) -> str:
        return redis7.url()


class TestCluster(Closing):
    @pytest.fixture
    def url(self, valkey_cluster: ValkeyCluster) -> str:
        return valkey_cluster.url()


class TestClusterAsynchronous(TestCluster):
    blocking = False


SECOND = timedelta(seconds=1)
LIMITS = (
    Limit(name="of one", attempts=1, within=300 * SECOND, delay=30 * SECOND, longest=30 * SECOND),
    Limit(name="of three", attempts=3, within=100 * SECOND, delay=60 * SECOND, longest=200 * SECOND),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "take", "release", "forget", "wait"]),
        st.integers(-500, 500) | st.sampled_from([30, 60, 100, 120, 200, 300]),
    ),
    max_size=60,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LIMITS), STEPS)
def test_x14_the_same_calls_at_the_same_times_have_the_same_answers(
    valkey: ValkeyServer, limit: Limit, steps: list[tuple[str, int]]
) -> None:
    """As in memory, also when the clock is set back.

    Of one key: what is forgotten by now is cleared away in memory when another key is asked for, and
    does not come back when the clock is set back.
    """
    clock = FrozenClock()
    memory = MemoryRateLimiter(clock)
    url = f"{valkey.url()}?prefix=x{secrets.token_hex(6)}"
    redis = RedisRateLimiter.from_url(url, blocking=True, now=clock)
    for verb, seconds in steps:
        if verb == "wait":
            clock.advance(seconds=seconds)
        elif verb == "take":
            assert run(redis.take(limit, "ada")) == run(memory.take(limit, "ada"))
        else:
            run(getattr(redis, verb)(limit, "ada"))
            run(getattr(memory, verb)(limit, "ada"))
    run(redis.close())


def test_a_key_vanishes_with_what_it_remembers(valkey: ValkeyServer) -> None:
    """It says nothing of who tried."""
    limiter = RedisRateLimiter.from_url(f"{valkey.url()}?prefix=vanish", blocking=True, now=utc_now)
    run(limiter.take(LIMIT, "ada@example.com"))
    with valkey.client() as client:
        (key,) = client.keys("vanish:*")
        assert b"ada" not in key
        assert 600_000 < client.pttl(key) <= 660_000
    run(limiter.forget(LIMIT, "ada@example.com"))
    with valkey.client() as client:
        assert client.keys("vanish:*") == []
    run(limiter.close())


def test_an_attempt_is_one_command(valkey: ValkeyServer) -> None:
    """Counted by the server."""
    limiter = RedisRateLimiter.from_url(f"{valkey.url()}?prefix=counted", blocking=True, now=utc_now)
    run(limiter.take(LIMIT, "first"))
    with valkey.client() as client:
        before = client.info("commandstats")
        run(limiter.take(LIMIT, "ada"))
        run(limiter.release(LIMIT, "ada"))
        after = client.info("commandstats")
    used = {
        name: each["calls"] - before.get(name, {"calls": 0})["calls"]
        for name, each in after.items()
        if name.startswith("cmdstat_eval")
    }
    assert sum(used.values()) == 2
    run(limiter.close())


def gone(url: str, **changes: object) -> RedisRateLimiter:
    return RedisRateLimiter.from_url(url, blocking=True, now=utc_now, **changes)  # type: ignore[arg-type]  # of tests


def test_x6_without_redis_every_attempt_is_refused_for_a_second(caplog: pytest.LogCaptureFixture) -> None:
    """It fails closed, and says so once."""
    limiter = gone(f"redis://127.0.0.1:{free_port()}")
    with caplog.at_level(logging.WARNING, logger="userkit.throttling"):
        assert [run(limiter.take(LIMIT, "ada")) for _ in range(3)] == [UNSURE] * 3
        run(limiter.release(LIMIT, "ada"))
        run(limiter.forget(LIMIT, "ada"))
    assert len(caplog.messages) == 1
    run(limiter.close())


def test_x6_a_fallback_counts_for_this_process() -> None:
    """With the same rules."""
    limiter = gone(f"redis://127.0.0.1:{free_port()}", fallback=MemoryRateLimiter(utc_now))
    verdicts = [run(limiter.take(LIMIT, "ada")) for _ in range(4)]
    assert [each.allowed for each in verdicts] == [True] * 3 + [False]
    run(limiter.release(LIMIT, "bob"))
    run(limiter.forget(LIMIT, "ada"))
    assert run(limiter.take(LIMIT, "ada")).allowed
    run(limiter.close())


class WaitingLimiter(MemoryRateLimiter):
    """A limiter for event loops."""

    blocking = False


def test_a_fallback_must_fit() -> None:
    """A blocking limiter has no event loop for it."""
    with pytest.raises(ConfigurationError, match="WaitingLimiter waits"):
        gone("redis://127.0.0.1", fallback=WaitingLimiter(utc_now))


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(RedisServer.kill, id="down"),
        pytest.param(RedisServer.suspend, id="hangs"),
        pytest.param(lambda server: server.command("REPLICAOF", "127.0.0.1", 1), id="read-only"),
        pytest.param(lambda server: server.command("CONFIG", "SET", "maxmemory", "1"), id="full"),
        pytest.param(lambda server: server.command("CONFIG", "SET", "requirepass", "other"), id="password"),
        pytest.param(lambda server: server.command("ACL", "SETUSER", "default", "-@scripting"), id="rights"),
    ],
)
@pytest.mark.server
def test_x6_a_redis_that_fails_lets_nobody_guess(harm: Callable[[RedisServer], object]) -> None:
    """Afterwards it counts again, without a restart of ours."""
    with RedisServer() as server:
        limiter = gone(f"{server.url()}?operation_timeout=0.2&connect_timeout=0.2")
        assert run(limiter.take(LIMIT, "ada")).allowed
        harm(server)
        run(limiter._link.close())  # a connection that is open need not sign in again
        assert run(limiter.take(LIMIT, "ada")) == UNSURE
        assert run(limiter.take(LIMIT, "ada")) == UNSURE
        run(limiter.close())


@pytest.mark.server
def test_x6_when_redis_is_back_it_counts_again() -> None:
    """After the pause that the breaker makes."""
    with RedisServer() as server:
        limiter = gone(f"{server.url()}?operation_timeout=0.2&connect_timeout=0.2")
        server.stop()
        assert run(limiter.take(LIMIT, "ada")) == UNSURE
        server.start()
        limiter._breaker._retry_at = 0.0  # the pause is over
        assert run(limiter.take(LIMIT, "ada")).allowed
        run(limiter.close())


def test_x6_after_a_flush_it_counts_anew(valkey: ValkeyServer) -> None:
    """Scripts and counts are gone; it is no failure, and the window begins again."""
    limiter = gone(f"{valkey.url()}?prefix=flushed")
    for _ in range(4):
        last = run(limiter.take(LIMIT, "ada"))
    assert not last.allowed
    with valkey.client() as client:
        client.delete(*client.keys("flushed:*"))
        client.script_flush()
    assert run(limiter.take(LIMIT, "ada")).allowed
    run(limiter.close())


def test_a_key_of_somebody_else_is_no_count(valkey: ValkeyServer) -> None:
    """Of another type, it refuses."""
    limiter = gone(f"{valkey.url()}?prefix=other")
    place = limiter._place(LIMIT, "ada")
    valkey.command("SET", place, "text")
    assert run(limiter.take(LIMIT, "ada")) == UNSURE
    run(limiter.close())


def test_x5_a_kit_counts_in_redis(valkey: ValkeyServer) -> None:
    """By a URL, in both kits, and it is closed with them."""
    limit = 5
    url = f"{valkey.url()}?prefix=kit{secrets.token_hex(4)}"
    with SyncUserKit("memory://", secret=SECRET, limiter=url) as kit:
        kit.users.register(email="ada@example.com", name="Ada", password="mauve otters juggle teapots")
        refused = 0
        for _ in range(limit + 2):
            try:
                kit.sessions.sign_in(email="ada@example.com", password="a wrong password")
            except RateLimitedError:
                refused += 1
            except InvalidCredentialsError:
                continue
        assert refused == 2

    async def ask() -> Verdict:
        async with UserKit("memory://", secret=SECRET, limiter=url) as kit:
            return await kit.throttling.limiter.take(LIMIT, "ada")

    assert asyncio.run(ask()).allowed
