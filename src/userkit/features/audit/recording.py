"""Writing the trail: every event has its entry, in the commit of what it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from userkit.features.audit.facts import facts_of, name_of, safe_text, subject_of
from userkit.features.audit.model import AuditEntry
from userkit.kernel.clock import whole_milliseconds
from userkit.kernel.events import Event
from userkit.kernel.ids import NewId
from userkit.kernel.origin import current_origin
from userkit.storage.changes import Add, Change

__all__ = ["RecordEvent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent:
    """Take part in every commit that tells of an event."""

    new_id: NewId
    keep: timedelta | None
    routine: bool

    async def __call__(self, event: Event) -> Sequence[Change]:
        """Return the entry of an event; a routine one has none, unless it is wanted."""
        if event.routine and not self.routine:
            return ()
        return [Add(self._entry(event))]

    def _entry(self, event: Event) -> AuditEntry:
        origin, at = current_origin(), whole_milliseconds(event.at)
        return AuditEntry(
            id=self.new_id(),
            at=at,
            event=name_of(type(event).__name__),
            user_id=subject_of(event),
            actor_id=_safe(origin.actor_id),
            session_id=_safe(origin.session_id),
            address=_safe(origin.address),
            user_agent=_safe(origin.user_agent),
            facts=facts_of(event),
            expires_at=None if self.keep is None else at + self.keep,
        )


def _safe(text: str | None) -> str | None:
    return None if text is None else safe_text(text)
