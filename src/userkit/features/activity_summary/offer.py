"""The use cases as an application sees them: ``kit[activity_summary()]``."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

from userkit.features.activity_summary.summary import Part
from userkit.features.activity_summary.use_cases import StreamSummary, Summarise
from userkit.sync import iterate, synced

__all__ = ["ActivitySummary", "SyncActivitySummary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivitySummary:
    """Summaries of what happened to the users of one realm."""

    summarise: Summarise
    stream: StreamSummary


class SyncActivitySummary:
    """The same without ``await``; ``stream`` is a plain generator."""

    def __init__(self, summaries: ActivitySummary) -> None:
        """Mirror the use cases."""
        self.summarise = synced(summaries.summarise)
        self._stream = summaries.stream

    def stream(self, user_id: str, *, since: datetime, until: datetime) -> Generator[Part, None, None]:
        """Yield the legend, each sentence as it is complete, and the end; see StreamSummary."""
        return iterate(self._stream(user_id, since=since, until=until))
