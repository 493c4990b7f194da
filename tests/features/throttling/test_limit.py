"""Limits, and the rules of counting that need no limiter to be seen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.errors import ConfigurationError
from userkit.ports.rate_limit import Limit, Tally

SECOND = timedelta(seconds=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def limit(**changes: Any) -> Limit:
    """Return a limit that is usual but for the changes."""
    return Limit(**{"name": "passwords", "attempts": 5, "within": 600 * SECOND, **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "name of 1 to 100"),
        ({"name": "x" * 101}, "name of 1 to 100"),
        ({"attempts": 0}, "at least one attempt"),
        ({"within": timedelta(0)}, "more than zero"),
        ({"within": -SECOND}, "more than zero"),
        ({"delay": timedelta(0)}, "more than zero"),
        ({"delay": 61 * SECOND, "longest": 60 * SECOND}, "longest is not less"),
        ({"within": timedelta(days=367)}, "at most 366 days"),
        ({"longest": timedelta(days=367)}, "at most 366 days"),
        ({"within": timedelta(microseconds=1500)}, "whole milliseconds"),
        ({"delay": timedelta(microseconds=1)}, "whole milliseconds"),
    ],
)
def test_a_limit_that_cannot_work_is_refused_at_once(changes: dict[str, Any], told: str) -> None:
    """With what is wrong with it."""
    with pytest.raises(ConfigurationError, match=told):
        limit(**changes)


def test_the_longest_limit_is_fine() -> None:
    """A year, and one attempt."""
    year = timedelta(days=366)
    assert limit(attempts=1, within=year, delay=year, longest=year).delay_number(10**9) == year


@given(
    delay=st.integers(1, 10**7),
    more=st.integers(0, 10**10),
    number=st.integers(1, 10**12),
)
def test_each_delay_is_twice_the_one_before_up_to_the_longest(delay: int, more: int, number: int) -> None:
    """However many there were."""
    some = limit(delay=timedelta(milliseconds=delay), longest=timedelta(milliseconds=delay + more))
    length = some.delay_number(number)
    assert some.delay_number(1) == some.delay <= length <= some.longest
    assert some.delay_number(number + 1) == min(2 * length, some.longest)


def test_what_changes_nothing_is_the_same_object() -> None:
    """So that a limiter can tell that there is nothing to write."""
    some = limit(attempts=1)
    fresh = Tally(since=START)
    assert fresh.released(some, START) is fresh
    assert fresh.cleared(START) is fresh
    delayed = fresh.taken(some, START)[0].taken(some, START)[0]
    later, verdict = delayed.taken(some, START + 59 * SECOND)
    assert later is delayed
    assert verdict.retry_after == 1
    assert delayed.released(some, START) is delayed


def test_a_limit_made_milder_shortens_delays_that_run() -> None:
    """A new setting holds at once."""
    strict = limit(attempts=1, delay=600 * SECOND, longest=600 * SECOND)
    mild = limit(attempts=1, delay=10 * SECOND, longest=10 * SECOND)
    delayed = Tally(since=START).taken(strict, START)[0].taken(strict, START)[0]
    assert delayed.delay_left(START) == 600 * SECOND
    assert delayed.taken(mild, START)[1].retry_after == 10


steps = st.one_of(st.integers(-4000, -1), st.integers(0, 100), st.integers(0, 4000))


@given(st.lists(steps, max_size=60), st.integers(1, 4))
def test_x14_however_the_clock_jumps_back_no_delay_is_cut_short_and_none_lasts(
    jumps: list[int], attempts: int
) -> None:
    """Seconds that really pass are counted beside a clock that also steps back."""
    some = limit(attempts=attempts, within=600 * SECOND, delay=60 * SECOND, longest=240 * SECOND)
    tally, now, passed = Tally(since=START), START, 0
    delay_ends = 0
    for jump in jumps:
        # A step back takes no time; a step forward is time that passes.
        passed += max(jump, 0)
        now += jump * SECOND
        tally, verdict = tally.taken(some, now)
        if verdict.allowed:
            assert passed >= delay_ends
        elif verdict.began:
            delay_ends = passed + int(verdict.retry_after)
        assert verdict.retry_after <= 240
    # From now on the clock goes right: within the longest delay an attempt is allowed.
    tally, verdict = tally.taken(some, now)
    if not verdict.allowed:
        assert tally.taken(some, now + timedelta(seconds=verdict.retry_after))[1].allowed
