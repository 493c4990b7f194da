"""Deleting the API keys of a user who is gone."""

from userkit.feature import Forget
from userkit.features.api_keys.model import ApiKey
from userkit.storage.port import LARGEST_COMMIT, Store
from userkit.storage.rewriting import discard

__all__ = ["forget_api_keys"]


def forget_api_keys(store: Store) -> Forget:
    """Return what deletes the keys of a user, however many there are."""

    async def forget(user_id: str) -> None:
        while True:
            page = await store.find(ApiKey, "user_id", user_id, limit=LARGEST_COMMIT)
            for key in page.items:
                await discard(store, ApiKey, key.id)
            if page.next is None:
                return

    return forget
