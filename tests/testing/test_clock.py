"""Time that stands still."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from userkit.kernel.clock import Clock
from userkit.testing import FrozenClock


def test_it_stands_still() -> None:
    """Asking does not make time pass."""
    clock: Clock = FrozenClock()
    assert clock() == clock()
    assert clock().tzinfo is UTC


def test_it_stands_where_it_was_put() -> None:
    """In UTC and whole milliseconds, whatever it was given."""
    start = datetime(2026, 7, 31, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    assert FrozenClock(start)() == datetime(2026, 7, 31, 12, 0, 0, 123000, tzinfo=UTC)


def test_it_is_moved_by_hand() -> None:
    """Forward, by any mixture of units, and back."""
    clock = FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.advance(seconds=1.5) == datetime(2026, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)
    assert clock.advance(days=1, hours=1, minutes=1, seconds=-1.5) == datetime(2026, 1, 2, 1, 1, tzinfo=UTC)
    assert clock.advance(days=-1) == clock() == datetime(2026, 1, 1, 1, 1, tzinfo=UTC)
    assert repr(clock) == "FrozenClock(2026-01-01T01:01:00+00:00)"


def test_it_needs_a_zone() -> None:
    """A time without one is nobody's time."""
    with pytest.raises(ValueError, match="aware"):
        FrozenClock(datetime(2026, 1, 1))  # noqa: DTZ001 - it is what must be refused
