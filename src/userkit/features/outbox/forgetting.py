"""Forgetting deleted users: remembered in the commit that deletes, done right after, and once more later."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from userkit.feature import Forget
from userkit.features.outbox.model import LEASE, OutboxEntry
from userkit.features.outbox.offer import Outbox
from userkit.features.users.events import UserDeleted
from userkit.kernel.ids import derived_id
from userkit.storage.changes import Change

__all__ = ["Forgetting"]

_log = logging.getLogger("userkit.outbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """Let every feature delete what it kept of a user who is gone.

    It is done at once, and again after a while: a sign-in that had read the user before the deletion
    may store its session after it. The second time is also what a crash leaves to others.
    """

    TOPIC: ClassVar[str] = "user.deleted"

    outbox: Outbox
    forget: Sequence[Forget]

    async def remember(self, event: UserDeleted) -> Sequence[Change]:
        """Put the second time into the commit that deletes the user."""
        user_id = event.user.id
        return [
            self.outbox.entry(
                self.TOPIC, {}, user_id=user_id, id=derived_id(self.TOPIC, user_id), delay=LEASE
            )
        ]

    async def begin(self, event: UserDeleted) -> None:
        """Forget this user, and those again who were deleted a while ago."""
        try:
            await self._forget(event.user.id)
        except Exception:  # noqa: BLE001  # whatever a feature raises, it is done again later
            _log.warning("A deleted user could not be forgotten at once", exc_info=True)
        await self.outbox.deliver(topics=(self.TOPIC,))

    async def carry_out(self, entry: OutboxEntry) -> None:
        """Do what an entry of the outbox says."""
        await self._forget(entry.user_id or "")

    async def _forget(self, user_id: str) -> None:
        for forget in self.forget:
            await forget(user_id)
