"""Time that tests move by hand."""

from datetime import UTC, datetime, timedelta

from userkit.kernel.clock import whole_milliseconds

__all__ = ["FrozenClock"]

_NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class FrozenClock:
    """Stand still until told to move; a Clock for kits under test."""

    def __init__(self, start: datetime = _NEW_YEAR) -> None:
        """Take an aware time to stand at; it is told in UTC and whole milliseconds."""
        if start.tzinfo is None:
            raise ValueError("A clock stands at an aware time, such as datetime(2026, 1, 1, tzinfo=UTC).")
        self._now = whole_milliseconds(start.astimezone(UTC))

    def __call__(self) -> datetime:
        """Return the time it stands at."""
        return self._now

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> datetime:
        """Move by this much, back where it is negative, and return the new time."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._now = whole_milliseconds(self._now + step)
        return self._now

    def __repr__(self) -> str:
        return f"FrozenClock({self._now.isoformat()})"
