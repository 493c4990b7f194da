"""The port that every database stands behind: ``get``, ``find`` and ``commit``."""

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar

from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.changes import Change
from userkit.storage.collection import Collection

__all__ = ["DEFAULT_REALM", "LARGEST_COMMIT", "LARGEST_PAGE", "Store"]

E = TypeVar("E", bound=Entity)

DEFAULT_REALM = "default"
LARGEST_COMMIT = 25
LARGEST_PAGE = 1000


class Store(Protocol):
    """Where entities live.

    A store raises DuplicateError, StaleError, InvalidEntityError and StoreUnavailableError, and
    UsageError for calls that break this contract; nothing of its driver's passes through.
    """

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        ...

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """Connect, and learn what will be stored here.

        With ``create`` make what is missing (tables, indexes), safely in several processes at
        once; without, only check that it is there. Calling it again adds to what was known.

        Raises StoreUnavailableError when the database cannot be reached, and SchemaOutdatedError
        when its tables are missing or older than the collections.
        """
        ...

    async def get(self, entity: type[E], id: str) -> E | None:
        """Return the entity with this id as last committed, or None."""
        ...

    async def find(
        self,
        entity: type[E],
        field: str | None = None,
        value: str | None = None,
        *,
        after: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Page[E]:
        """Return a page of entities in the order of their ids.

        With ``field``, only those where this declared unique or indexed field has this value; by
        a unique field the answer is as last committed. ``after`` is the id to go on after, given
        as ``next`` by the page before; ``limit`` is 1 to 1,000.
        """
        ...

    async def commit(self, *changes: Change) -> None:
        """Do all of these changes, or none.

        At most 25, each to another entity. They count in the order given: a unique value that one
        gives up can be taken by a later one. Raises DuplicateError or StaleError when one cannot
        be done. A commit whose outcome is unknown (StoreUnavailableError) may be tried again: it
        never applies twice.
        """
        ...

    def realm(self, name: str) -> Self:
        """Return a view that sees and writes only this realm; uniqueness is per realm."""
        ...

    async def close(self) -> None:
        """Let go of connections, those of all views included. Closing again does no harm."""
        ...
