"""The door through which a feature gives new users their first credential."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from userkit.errors import UsageError
from userkit.features.users.model import User
from userkit.storage.changes import Change

__all__ = ["Enrolment", "FirstPassword"]

FirstPassword = Callable[[User, str], Awaitable[Sequence[Change]]]
"""Checks and hashes a password, and returns what belongs into the commit that adds the user."""


@dataclass(slots=True)
class Enrolment:
    """Filled by the feature ``passwords``; users know nothing of hashes."""

    by_password: FirstPassword | None = field(default=None, repr=False)

    async def first_password(self, user: User, password: str) -> Sequence[Change]:
        """Return what stores the first password of a user. Raises UsageError without ``passwords``."""
        if self.by_password is None:
            raise UsageError("This kit was made without the feature passwords.")
        return await self.by_password(user, password)
