"""What happens to limits on what is spent."""

from dataclasses import dataclass
from datetime import datetime

from userkit.kernel.events import Event

__all__ = ["SpendingLimitReached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingLimitReached(Event):
    """A language model was not asked, because it might have cost more than the hour has left.

    It is told once for each hour. ``hour`` is when it began, ``limit`` what may be spent within it, and
    ``purpose`` what the model was to be asked for.
    """

    hour: datetime
    limit: float
    purpose: str
