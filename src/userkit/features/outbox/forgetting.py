"""Forgetting deleted users: remembered in the commit that deletes, and done right after, or after a crash."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from userkit.feature import Forget
from userkit.features.outbox.model import OutboxEntry
from userkit.features.outbox.offer import Outbox
from userkit.features.users.events import UserDeleted
from userkit.kernel.ids import derived_id
from userkit.storage.changes import Change

__all__ = ["Forgetting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """Let every feature delete what it kept of a user who is gone."""

    TOPIC: ClassVar[str] = "user.deleted"

    outbox: Outbox
    forget: Sequence[Forget]

    async def remember(self, event: UserDeleted) -> Sequence[Change]:
        """Put the task into the commit that deletes the user."""
        user_id = event.user.id
        return [self.outbox.entry(self.TOPIC, {}, user_id=user_id, id=self._task(user_id))]

    async def begin(self, event: UserDeleted) -> None:
        """Do it at once; whatever goes wrong, the task stays in the outbox."""
        entry = await self.outbox.deliver.store.get(OutboxEntry, self._task(event.user.id))
        if entry is not None:
            await self.outbox.deliver.one(entry)

    async def carry_out(self, entry: OutboxEntry) -> None:
        """Ask every feature to forget."""
        for forget in self.forget:
            await forget(entry.user_id or "")

    def _task(self, user_id: str) -> str:
        return derived_id(self.TOPIC, user_id)
