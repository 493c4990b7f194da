"""What happens when activity is summarised."""

from dataclasses import dataclass
from datetime import datetime

from userkit.kernel.events import Event

__all__ = ["ActivitySummarised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivitySummarised(Event):
    """Somebody has asked for a summary of what happened to a user from ``since`` to ``until``.

    ``entries`` is how many entries of the trail a language model was told of, as far as one may be told.
    """

    user_id: str
    since: datetime
    until: datetime
    entries: int
