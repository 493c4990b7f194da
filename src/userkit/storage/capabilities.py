"""What a store may be able to do beyond the three verbs; each ability is a protocol of its own."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar, runtime_checkable

from userkit.errors import UnsupportedStoreError
from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.inspection import Inspection
from userkit.storage.migrations import Migrations
from userkit.storage.port import Store

__all__ = [
    "BulkLoadable",
    "Concurrent",
    "Countable",
    "Forwarding",
    "InProcess",
    "Inspectable",
    "Migratable",
    "Purgeable",
    "Searchable",
    "Surveyable",
    "bulk_loadable",
    "countable",
    "forwarding",
    "migratable",
    "purgeable",
    "searchable",
    "supports",
    "surveyable",
]

E = TypeVar("E", bound=Entity)


@runtime_checkable
class Searchable(Protocol):
    """Finds entities by how their words begin."""

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """Return a page of entities, in the order of their ids, that match every word of ``text``.

        A word matches when one of the entity's search words begins with it, case folded. Text
        without a word matches nothing.
        """
        ...


@runtime_checkable
class Countable(Protocol):
    """Counts entities."""

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """Return how many there are, or how many have this value in a declared field."""
        ...


@runtime_checkable
class Purgeable(Protocol):
    """Cleans up what has expired."""

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """Take out at most ``limit`` entities that expired before a time; return how many."""
        ...


@runtime_checkable
class BulkLoadable(Protocol):
    """Takes in many entities at once."""

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """Add entities in flat memory and return how many.

        Each batch is added as a whole or not at all; when one fails (DuplicateError), those before
        it stay.
        """
        ...


@runtime_checkable
class Surveyable(Protocol):
    """Tells which realms there are."""

    async def realms(self) -> Sequence[str]:
        """Return the names of all realms in which something is stored, in order.

        A store may go on naming a realm from which everything was taken out.
        """
        ...


@runtime_checkable
class Forwarding(Protocol):
    """Has something to see to that a process may have left behind."""

    async def forward(self) -> int:
        """See to what was left behind in this realm, and return how much it was.

        Several processes may do this at once. Raises StoreUnavailableError.
        """
        ...


@runtime_checkable
class Concurrent(Protocol):
    """A blocking store that serves several calls at once, each in a thread of its own."""

    @property
    def concurrency(self) -> int:
        """Tell how many calls make sense at once, such as the size of the connection pool."""
        ...


@runtime_checkable
class InProcess(Protocol):
    """A blocking store whose calls are so short that an event loop can make them itself."""

    @property
    def in_process(self) -> bool:
        """Tell whether calls never leave the process and its memory."""
        ...


@runtime_checkable
class Inspectable(Protocol):
    """Tells of the engine behind it what only it can ask."""

    async def inspect(self) -> Inspection:
        """Return what engine it is and how it is set up. Nothing is changed. Raises StoreUnavailableError."""
        ...


@runtime_checkable
class Migratable(Protocol):
    """A blocking store whose tables have a history."""

    def migrations(self) -> Migrations:
        """Return what brings the tables up to this version; nothing is connected to yet.

        Raises MissingExtraError when packages for it are not installed, and UnsupportedStoreError
        when this store waits for an event loop or is on somebody's session.
        """
        ...


def supports(store: Store, capability: type[object]) -> bool:
    """Tell whether a store, and the store it may be wrapped around, has a capability."""
    inner: Store | None = getattr(store, "inner", None)
    return isinstance(store, capability) and (inner is None or supports(inner, capability))


def searchable(store: Store) -> Searchable:
    """Return the store as one that can search, or raise UnsupportedStoreError."""
    if isinstance(store, Searchable) and supports(store, Searchable):
        return store
    raise _cannot(store, "search")


def countable(store: Store) -> Countable:
    """Return the store as one that can count, or raise UnsupportedStoreError."""
    if isinstance(store, Countable) and supports(store, Countable):
        return store
    raise _cannot(store, "count")


def purgeable(store: Store) -> Purgeable:
    """Return the store as one that can purge, or raise UnsupportedStoreError."""
    if isinstance(store, Purgeable) and supports(store, Purgeable):
        return store
    raise _cannot(store, "purge")


def bulk_loadable(store: Store) -> BulkLoadable:
    """Return the store as one that can take in many at once, or raise UnsupportedStoreError."""
    if isinstance(store, BulkLoadable) and supports(store, BulkLoadable):
        return store
    raise _cannot(store, "bulk load")


def surveyable(store: Store) -> Surveyable:
    """Return the store as one that can list its realms, or raise UnsupportedStoreError."""
    if isinstance(store, Surveyable) and supports(store, Surveyable):
        return store
    raise _cannot(store, "list realms")


def forwarding(store: Store) -> Forwarding | None:
    """Return the first of a store, and the stores it is wrapped around, that has something to see to."""
    inner: Store | None = store
    while inner is not None and not isinstance(inner, Forwarding):
        inner = getattr(inner, "inner", None)
    return inner


def migratable(store: Store) -> Migratable:
    """Return the store as one with migrations, or raise UnsupportedStoreError."""
    if isinstance(store, Migratable) and supports(store, Migratable):
        return store
    raise _cannot(store, "run migrations")


def _cannot(store: Store, verb: str) -> UnsupportedStoreError:
    inner = getattr(store, "inner", store)
    return UnsupportedStoreError(f"{type(inner).__name__} cannot {verb}.")
