"""Telling users by mail what has happened to their account, in the commit in which it happens."""

from collections.abc import Sequence
from dataclasses import dataclass

from userkit.features.mail.offer import Letters
from userkit.features.users.model import User
from userkit.kernel.origin import current_origin
from userkit.storage.changes import Change
from userkit.storage.port import Store

__all__ = ["Notices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Write letters that only tell something, to the stored address of a user."""

    store: Store
    letters: Letters

    async def to(self, user_id: str, letter: str) -> Sequence[Change]:
        """Return a letter for the next commit; nothing where no mail can be sent, or nobody is there."""
        user = await self.store.get(User, user_id) if self.letters.available else None
        if user is None:
            return ()
        address = current_origin().address
        context = {"user_name": user.name} | ({} if address is None else {"address": address})
        return self.letters.notice(letter, user_id=user_id, to=user.email, context=context)
