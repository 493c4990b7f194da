"""The time that a summary is of."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from userkit.errors import InvalidInputError

__all__ = ["Period"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From one moment, which is in it, to another, which is not; both in UTC."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, since: datetime, until: datetime, *, longest: timedelta) -> Self:
        """Take two aware times in any zone. Raises InvalidInputError."""
        if since.tzinfo is None or until.tzinfo is None:
            raise InvalidInputError("A period begins and ends at times with a zone.")
        try:
            period = cls(since=since.astimezone(UTC), until=until.astimezone(UTC))
        except OverflowError:
            raise InvalidInputError("A period begins and ends between the years 1 and 9999.") from None
        if not period.since < period.until:
            raise InvalidInputError("A period ends after it begins.")
        if period.until - period.since > longest:
            raise InvalidInputError(f"A period is at most {longest.total_seconds() / 86_400:g} days long.")
        return period

    def __contains__(self, moment: datetime) -> bool:
        """Tell whether a moment is in the period."""
        return self.since <= moment < self.until

    @property
    def milliseconds(self) -> tuple[int, int]:
        """Return when it begins and ends, in milliseconds since 1970."""
        return (self.since - _EPOCH) // _MILLISECOND, (self.until - _EPOCH) // _MILLISECOND
