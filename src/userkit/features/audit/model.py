"""One line of the trail: what happened to whom, and who did it from where."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from userkit.kernel.entity import Entity
from userkit.kernel.ids import Id
from userkit.kernel.json import JSONObject

__all__ = ["AuditEntry", "rfc_3339"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry(Entity):
    """Something that has happened. It is written once, and changed only when somebody is erased.

    - ``event``: what it was, such as ``user_registered``.
    - ``user_id``: whom it is about; None where there is no such user, as for an unknown address.
    - ``actor_id``, ``session_id``, ``address``, ``user_agent``: who did it and from where, as far
      as ``coming_from`` has said.
    - ``facts``: what the event tells beside that.
    - ``expires_at``: when it may be purged; None is never.

    No text in it holds a line break, an escape code or anything else that is not printable.
    """

    at: datetime
    event: str
    user_id: Id | None = None
    actor_id: str | None = None
    session_id: str | None = None
    address: str | None = None
    user_agent: str | None = None
    facts: JSONObject = field(default_factory=dict, hash=False)
    expires_at: datetime | None = None

    def document(self) -> dict[str, Any]:
        """Return the entry as a JSON object, times as RFC 3339."""
        return {
            "id": self.id,
            "at": rfc_3339(self.at),
            "event": self.event,
            "user_id": self.user_id,
            "actor_id": self.actor_id,
            "session_id": self.session_id,
            "address": self.address,
            "user_agent": self.user_agent,
            "facts": dict(self.facts),
            "expires_at": None if self.expires_at is None else rfc_3339(self.expires_at),
        }


def rfc_3339(moment: datetime) -> str:
    """Return an aware time as RFC 3339 writes it, in UTC and milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
