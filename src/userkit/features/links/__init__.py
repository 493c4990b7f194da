"""Links: one-time tokens for one purpose, one user and one address, newest only."""

from datetime import timedelta

from userkit.errors import ConfigurationError
from userkit.feature import Feature, Forget, Parts
from userkit.features.links.collection import LINKS
from userkit.features.links.model import Link
from userkit.features.links.offer import Links, SyncLinks
from userkit.features.links.promising import Promise
from userkit.storage.port import LARGEST_COMMIT, Store
from userkit.storage.rewriting import discard

__all__ = ["LINKS", "Link", "Links", "Promise", "SyncLinks", "check_lifetime", "links"]

_SHORTEST = timedelta(minutes=1)
_LONGEST = timedelta(days=30)


def links() -> Feature[Links, SyncLinks]:
    """Return the feature."""

    def build(parts: Parts) -> Links:
        parts.forget.append(_forget(parts.store))
        return Links.build(parts)

    return Feature(name="links", collections=(LINKS,), requires=("users",), build=build, mirror=SyncLinks)


def check_lifetime(lifetime: timedelta, *, of: str) -> timedelta:
    """Return how long links live, or raise ConfigurationError unless it is a minute to 30 days."""
    if not isinstance(lifetime, timedelta) or not _SHORTEST <= lifetime <= _LONGEST:
        raise ConfigurationError(
            f"{of} is from a minute to {_LONGEST.days} days, such as timedelta(hours=1)."
        )
    return lifetime


def _forget(store: Store) -> Forget:
    async def forget(user_id: str) -> None:
        while True:
            page = await store.find(Link, "user_id", user_id, limit=LARGEST_COMMIT)
            for link in page.items:
                await discard(store, Link, link.id)
            if page.next is None:
                return

    return forget
