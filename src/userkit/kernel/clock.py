"""Time: UTC, in milliseconds, and always handed in."""

from collections.abc import Callable
from datetime import UTC, datetime

from userkit.errors import ConfigurationError

__all__ = ["Clock", "in_milliseconds", "utc_now", "whole_milliseconds"]

Clock = Callable[[], datetime]
"""Tells the time: aware, in UTC, in whole milliseconds."""


def whole_milliseconds(moment: datetime) -> datetime:
    """Cut a moment to the millisecond, which is all that every database keeps."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def utc_now() -> datetime:
    """Return the time of the system's clock."""
    return whole_milliseconds(datetime.now(UTC))


def in_milliseconds(clock: Clock) -> Clock:
    """Wrap any clock so that what it tells is UTC in whole milliseconds.

    Raises ConfigurationError when the clock tells a time without a zone.
    """
    if clock is utc_now:
        return clock

    def tell() -> datetime:
        moment = clock()
        if moment.tzinfo is None:
            raise ConfigurationError("The clock must tell aware times, such as datetime.now(UTC).")
        return whole_milliseconds(moment.astimezone(UTC))

    return tell
