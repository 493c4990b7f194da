"""Erasing a person: the account is deleted, and what stays forgets who they were."""

from collections.abc import Awaitable, Callable, MutableSequence
from contextlib import suppress
from dataclasses import dataclass, field

from userkit.errors import DuplicateError
from userkit.features.users.disclosing import ExportSubject
from userkit.features.users.events import UserDeleted, UserErased
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.kernel.events import Event
from userkit.storage.journal import Journal

__all__ = ["EraseUser", "Finish"]

Finish = Callable[[str, str | None], Awaitable[None]]
"""Takes the id of somebody who is gone, and their canonical address if it is known; lets features forget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseUser:
    """Forget a person (GDPR, article 17). ``finish`` is filled by the feature ``outbox``."""

    journal: Journal
    now: Clock
    export: ExportSubject
    finish: MutableSequence[Finish] = field(default_factory=list)

    async def __call__(self, user_id: str) -> None:
        """Delete a user as ``delete`` does, and take out of everything else who they were.

        The audit trail keeps what has happened, when and in which order, with ids that lead nowhere;
        see there. When it returns, nothing that identifies the person is left; it looks once more after
        an hour, for whoever had begun to write something before. Killed in between, it may be called
        again, also when the user is gone. Raises UserNotFoundError when nothing is kept of anybody with
        this id, ForbiddenError for the last administrator, and StoreUnavailableError.
        """
        now = self.now()

        def tell(user: User) -> list[Event]:
            return [UserDeleted(at=now, user=user), UserErased(at=now, user_id=user.id)]

        user = await self.journal.discard(User, user_id, tell=tell)
        if user is None and not await self._was_begun(user_id):
            with suppress(DuplicateError):  # somebody else begins it at this very moment
                await self.journal.commit(tell=[UserErased(at=now, user_id=user_id)])
        for finish in self.finish:
            await finish(user_id, None if user is None else user.email_key)

    async def _was_begun(self, user_id: str) -> bool:
        """Tell whether somebody has begun this before. Raises UserNotFoundError."""
        begun = False
        async for feature, record in self.export(user_id):
            begun = begun or (feature == "audit" and record["event"] == "user_erased")
        return begun
