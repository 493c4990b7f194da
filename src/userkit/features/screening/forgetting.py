"""Forgetting deleted users: their names and their reviews."""

from dataclasses import dataclass

from userkit.features.screening.model import KnownName, Review
from userkit.storage.port import Store
from userkit.storage.rewriting import discard, discard_all

__all__ = ["ForgetScreened"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetScreened:
    """Delete what is kept of a user."""

    store: Store

    async def __call__(self, user_id: str) -> None:
        """Delete the name and every review of a user."""
        await discard(self.store, KnownName, KnownName.id_for(user_id))
        await discard_all(self.store, Review, "user_id", user_id)
