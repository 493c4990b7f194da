"""What is particular to the limiter in memory: it is bounded, and lets nobody out of a delay for it."""

from datetime import timedelta

import pytest

from userkit.backends.memory import MemoryRateLimiter
from userkit.errors import ConfigurationError
from userkit.ports.rate_limit import Limit, Verdict
from userkit.sync import run
from userkit.testing import FrozenClock

LIMIT = Limit(name="sign in", attempts=2, within=timedelta(minutes=10))
SHORT = Limit(name="short", attempts=2, within=timedelta(minutes=1))
ALLOWED = Verdict(allowed=True)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


def take(limiter: MemoryRateLimiter, key: str, times: int = 1, limit: Limit = LIMIT) -> list[Verdict]:
    """Take attempts one after the other."""
    return [run(limiter.take(limit, key)) for _ in range(times)]


def holds(limiter: MemoryRateLimiter, key: str, limit: Limit = LIMIT) -> bool:
    """Tell whether the limiter still counts two attempts under a key."""
    return take(limiter, key, limit=limit) != [ALLOWED]


def test_there_is_room_for_one_key_at_least(clock: FrozenClock) -> None:
    """No room at all would refuse everybody."""
    with pytest.raises(ConfigurationError, match="most_keys"):
        MemoryRateLimiter(clock, most_keys=0)


def test_what_is_forgotten_takes_no_room(clock: FrozenClock) -> None:
    """Every call clears away a few more keys than it adds."""
    limiter = MemoryRateLimiter(clock)
    for number in range(100):
        take(limiter, f"before {number}")
    assert len(limiter) == 100
    clock.advance(minutes=10)
    for number in range(34):
        take(limiter, f"after {number}")
    assert len(limiter) == 34


def test_delays_that_are_over_are_forgotten_as_well(clock: FrozenClock) -> None:
    """When nothing was tried for long enough after them."""
    limiter = MemoryRateLimiter(clock)
    take(limiter, "ada", 3)
    clock.advance(minutes=10, seconds=59)
    take(limiter, "bob")
    assert len(limiter) == 2
    clock.advance(seconds=1)
    take(limiter, "bob")
    assert len(limiter) == 1


def test_forgetting_a_key_makes_room(clock: FrozenClock) -> None:
    """At once."""
    limiter = MemoryRateLimiter(clock)
    take(limiter, "ada", 3)
    run(limiter.forget(LIMIT, "ada"))
    run(limiter.forget(LIMIT, "ada"))
    assert len(limiter) == 0


def test_when_it_is_full_the_key_goes_that_would_be_forgotten_soonest(clock: FrozenClock) -> None:
    """Whatever the order in which they came."""
    limiter = MemoryRateLimiter(clock, most_keys=3)
    take(limiter, "long", 2)
    take(limiter, "short", 2, SHORT)
    take(limiter, "long, too", 2)
    take(limiter, "new")
    assert len(limiter) == 3
    assert holds(limiter, "long")
    assert holds(limiter, "long, too")
    assert not holds(limiter, "short", SHORT)


def test_a_key_under_a_delay_never_goes(clock: FrozenClock) -> None:
    """Even where it would be forgotten sooner than all others."""
    limiter = MemoryRateLimiter(clock, most_keys=3)
    take(limiter, "delayed", 3, SHORT)
    for number in range(100):
        take(limiter, f"stranger {number}")
    assert len(limiter) == 3
    assert take(limiter, "delayed", limit=SHORT) == [Verdict(allowed=False, retry_after=60)]


def test_among_nothing_but_delays_a_new_key_is_refused_until_the_first_ends(clock: FrozenClock) -> None:
    """It fails closed, and those who are known are served as ever."""
    limiter = MemoryRateLimiter(clock, most_keys=2)
    take(limiter, "ada", 3)
    run(limiter.forget(LIMIT, "ada"))
    take(limiter, "ada", 3)
    clock.advance(seconds=20)
    take(limiter, "bob", 3)
    assert take(limiter, "new") == [Verdict(allowed=False, retry_after=40)]
    run(limiter.forget(LIMIT, "bob"))
    assert take(limiter, "new") == [ALLOWED]
    take(limiter, "new", 2)
    assert take(limiter, "newer") == [Verdict(allowed=False, retry_after=40)]
    clock.advance(seconds=40)
    assert take(limiter, "newer") == [ALLOWED]
    assert len(limiter) == 2


def test_a_stale_place_in_line_is_passed_over(clock: FrozenClock) -> None:
    """The first to end a delay may be one that was forgotten."""
    limiter = MemoryRateLimiter(clock, most_keys=2)
    take(limiter, "ada", 3)
    clock.advance(seconds=10)
    take(limiter, "bob", 3)
    run(limiter.forget(LIMIT, "ada"))
    clock.advance(seconds=10)
    take(limiter, "eve", 3)
    assert take(limiter, "new") == [Verdict(allowed=False, retry_after=50)]
    clock.advance(seconds=60)
    assert take(limiter, "new") == [ALLOWED]


def test_x14_a_delay_that_comes_back_with_the_clock_is_kept_too(clock: FrozenClock) -> None:
    """It had ended, and runs again when the clock is set back."""
    limiter = MemoryRateLimiter(clock, most_keys=2)
    take(limiter, "ada", 3, SHORT)
    clock.advance(seconds=60)
    take(limiter, "bob")
    clock.advance(seconds=-30)
    take(limiter, "eve")
    assert len(limiter) == 2
    assert take(limiter, "ada", limit=SHORT) == [Verdict(allowed=False, retry_after=30)]


def test_revisions_do_not_pile_up(clock: FrozenClock) -> None:
    """A key that is used for ever takes the room of one."""
    limiter = MemoryRateLimiter(clock, most_keys=10)
    take(limiter, "delayed", 3)
    for _ in range(5_000):
        take(limiter, "ada")
        run(limiter.release(LIMIT, "ada"))
    assert len(limiter._free) + len(limiter._delayed) < 100
    assert take(limiter, "delayed") == [Verdict(allowed=False, retry_after=60)]
    run(limiter.release(LIMIT, "delayed"))
    run(limiter.release(LIMIT, "nobody"))
    assert len(limiter) == 2


def test_x16_any_number_of_strangers_takes_no_more_room_than_the_first(clock: FrozenClock) -> None:
    """Some begin a delay while the clock goes on: the bound holds, and so do the delays."""
    limiter = MemoryRateLimiter(clock, most_keys=500)
    take(limiter, "ada", 3)
    for number in range(100_000):
        run(limiter.take(LIMIT, str(number)))
        if number % 4_000 == 0:
            take(limiter, str(number), 2)
            clock.advance(seconds=1)
    assert len(limiter) == 500
    assert len(limiter._free) + len(limiter._delayed) <= 2 * 500 + 64
    assert take(limiter, "ada") == [Verdict(allowed=False, retry_after=35)]
