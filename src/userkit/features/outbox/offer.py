"""The outbox as features and applications see it: ``kit.outbox``."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from userkit.errors import UsageError
from userkit.feature import Parts
from userkit.features.outbox.model import OutboxEntry
from userkit.features.outbox.use_cases import DeliverDue, Handler, ListFailed, RetryFailed
from userkit.kernel.clock import Clock
from userkit.kernel.ids import NewId
from userkit.kernel.json import JSONObject
from userkit.storage.changes import Add
from userkit.sync import synced

__all__ = ["Outbox", "SyncOutbox"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """What must still be done in one realm, and who does it.

    ``perishable`` are topics whose entries about a person, or for their address, are dropped and not
    done when the person is erased; letters are. Add those of your own that nobody needs then.
    """

    now: Clock
    new_id: NewId
    handlers: dict[str, Handler]
    deliver: DeliverDue
    failed: ListFailed
    retry: RetryFailed
    perishable: set[str] = field(default_factory=set)

    @classmethod
    def build(cls, parts: Parts) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, now = parts.store, parts.now
        handlers: dict[str, Handler] = {}
        return cls(
            now=now,
            new_id=parts.new_id,
            handlers=handlers,
            deliver=DeliverDue(store=store, now=now, handlers=handlers),
            failed=ListFailed(store=store, cursors=parts.cursors),
            retry=RetryFailed(store=store, now=now),
        )

    def handle(self, topic: str, handler: Handler) -> None:
        """Let ``handler`` do the entries of a topic. Raises UsageError when somebody does already."""
        if topic in self.handlers:
            raise UsageError(f"Two features handle {topic}.")
        self.handlers[topic] = handler

    def entry(
        self,
        topic: str,
        payload: JSONObject,
        *,
        user_id: str | None = None,
        id: str | None = None,
        delay: timedelta = timedelta(0),
    ) -> Add[OutboxEntry]:
        """Return what to put into a commit, so that it is done after the commit, at least once.

        It is not done before ``delay`` has passed.
        """
        now = self.now()
        entry = OutboxEntry(
            id=id or self.new_id(),
            topic=topic,
            payload=payload,
            user_id=user_id,
            created_at=now,
            due_at=now + delay,
        )
        return Add(entry)


class SyncOutbox:
    """The same without ``await``."""

    def __init__(self, outbox: Outbox) -> None:
        """Mirror the use cases."""
        self.deliver = synced(outbox.deliver)
        self.failed = synced(outbox.failed)
        self.retry = synced(outbox.retry)
