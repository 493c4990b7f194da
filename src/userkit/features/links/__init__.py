"""Links: one-time tokens for one purpose, one user and one address, newest only."""

from datetime import timedelta
from functools import partial

from userkit.errors import ConfigurationError
from userkit.feature import Feature, Parts
from userkit.features.links.collection import LINKS
from userkit.features.links.model import Link
from userkit.features.links.offer import Links, SyncLinks
from userkit.features.links.promising import Promise
from userkit.storage.disclosure import Disclosure
from userkit.storage.rewriting import discard_all

__all__ = ["LINKS", "Link", "Links", "Promise", "SyncLinks", "check_lifetime", "links"]

_SHOWN = ("purpose", "email", "new_email", "asked_at", "created_at", "expires_at", "spent_at")

_SHORTEST = timedelta(minutes=1)
_LONGEST = timedelta(days=30)


def links() -> Feature[Links, SyncLinks]:
    """Return the feature."""

    def build(parts: Parts) -> Links:
        parts.forget.append(partial(discard_all, parts.store, Link, "user_id"))
        parts.disclose["links"] = Disclosure(parts.store, Link, _SHOWN)
        return Links.build(parts)

    return Feature(name="links", collections=(LINKS,), requires=("users",), build=build, mirror=SyncLinks)


def check_lifetime(lifetime: timedelta, *, of: str) -> timedelta:
    """Return how long links live, or raise ConfigurationError unless it is a minute to 30 days."""
    if not isinstance(lifetime, timedelta) or not _SHORTEST <= lifetime <= _LONGEST:
        raise ConfigurationError(
            f"{of} is from a minute to {_LONGEST.days} days, such as timedelta(hours=1)."
        )
    return lifetime
