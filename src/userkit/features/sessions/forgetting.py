"""Deleting the sessions of a user who is gone."""

from userkit.feature import Forget
from userkit.features.sessions.model import Session
from userkit.storage.port import LARGEST_COMMIT, Store
from userkit.storage.rewriting import discard

__all__ = ["forget_sessions"]


def forget_sessions(store: Store) -> Forget:
    """Return what deletes the sessions of a user, however many there are."""

    async def forget(user_id: str) -> None:
        while True:
            page = await store.find(Session, "user_id", user_id, limit=LARGEST_COMMIT)
            for session in page.items:
                await discard(store, Session, session.id)
            if page.next is None:
                return

    return forget
