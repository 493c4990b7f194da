"""Time is aware, in UTC and in whole milliseconds, wherever it comes from."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from userkit.errors import ConfigurationError
from userkit.kernel.clock import in_milliseconds, utc_now, whole_milliseconds


def test_microseconds_are_cut_and_not_rounded() -> None:
    """Rounding could tell a time that has not come yet."""
    moment = datetime(2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    assert whole_milliseconds(moment) == datetime(2026, 1, 1, 23, 59, 59, 999_000, tzinfo=UTC)


def test_the_clock_of_the_system_tells_utc_in_milliseconds() -> None:
    """What is written is what is read, on every database."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    now = utc_now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0


def test_the_clock_of_the_system_is_left_as_it_is() -> None:
    """It is right already."""
    assert in_milliseconds(utc_now) is utc_now


def test_another_clock_is_turned_into_utc_and_milliseconds() -> None:
    """An application's clock may tell another zone and more digits."""
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    tell = in_milliseconds(lambda: datetime(2026, 1, 1, 5, 45, 0, 1999, tzinfo=kathmandu))
    assert tell() == datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)
    assert tell().tzinfo is UTC


def test_a_clock_without_a_zone_is_refused() -> None:
    """It could mean anything."""
    tell = in_milliseconds(lambda: datetime(2026, 1, 1))  # noqa: DTZ001  # the mistake under test
    with pytest.raises(ConfigurationError, match="aware"):
        tell()
