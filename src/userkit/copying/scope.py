"""What is copied: which collections, of which realms."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from userkit.errors import ConfigurationError
from userkit.storage.capabilities import Surveyable, supports
from userkit.storage.catalogue import check_realm
from userkit.storage.collection import Collection
from userkit.storage.port import Store

__all__ = ["Place", "Scope", "collections_of", "scope_of"]


class Place(NamedTuple):
    """One collection in one realm."""

    realm: str
    collection: str

    def __str__(self) -> str:
        """Return both in one word; neither holds a slash."""
        return f"{self.realm}/{self.collection}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Collections and realms, each in the order in which they are gone through."""

    collections: tuple[Collection[Any], ...]
    realms: tuple[str, ...]

    def __iter__(self) -> Iterator[tuple[Place, Collection[Any]]]:
        """Go through all places, realm by realm."""
        for realm in self.realms:
            for collection in self.collections:
                yield Place(realm, collection.name), collection


def collections_of(
    collections: Iterable[Collection[Any]], names: Sequence[str] = ()
) -> tuple[Collection[Any], ...]:
    """Return these collections, or those of them that are named. Raises ConfigurationError."""
    known = {each.name: each for each in collections}
    for name in names:
        if name not in known:
            raise ConfigurationError(f"There is no collection {name!r}; there are {', '.join(known)}.")
    return tuple(each for each in known.values() if not names or each.name in names)


async def scope_of(
    stores: Sequence[Store], collections: Sequence[Collection[Any]], realms: Sequence[str] = ()
) -> Scope:
    """Return these realms, or all in which one of the stores holds something.

    The stores are prepared. Raises ConfigurationError when none is named and a store cannot tell.
    """
    if realms:
        return Scope(collections=tuple(collections), realms=tuple(sorted(set(map(check_realm, realms)))))
    found: set[str] = set()
    for store in stores:
        if not (isinstance(store, Surveyable) and supports(store, Surveyable)):
            raise ConfigurationError(
                "This store cannot tell which realms it has: name each of them with --realm."
            )
        found.update(await store.realms())
    return Scope(collections=tuple(collections), realms=tuple(sorted(found)))
