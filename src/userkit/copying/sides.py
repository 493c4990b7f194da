"""A store whose errors say which side of a copy it is."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from userkit.errors import (
    InvalidEntityError,
    SchemaOutdatedError,
    StoreUnavailableError,
    UnsupportedStoreError,
)
from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.capabilities import bulk_loadable, countable, surveyable
from userkit.storage.changes import Change
from userkit.storage.collection import Collection
from userkit.storage.port import Store

__all__ = ["Side"]

E = TypeVar("E", bound=Entity)


class Side:
    """Pass everything on to a store, and say in errors whether it is the source or the target."""

    def __init__(self, name: str, store: Store) -> None:
        """Take what it is called, and the store."""
        self.name = name
        self.inner = store

    @property
    def blocking(self) -> bool:
        """See Store.blocking."""
        return self.inner.blocking

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare."""
        with self._named():
            await self.inner.prepare(collections, create=create)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        with self._named():
            return await self.inner.get(entity, id)

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
        """See Store.find."""
        with self._named():
            return await self.inner.find(
                entity, field, value, after=after, limit=limit, newest_first=newest_first
            )

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        with self._named():
            await self.inner.commit(*changes)

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load."""
        with self._named():
            return await bulk_loadable(self.inner).load(entities, batch=batch)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        with self._named():
            return await countable(self.inner).count(entity, field, value)

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms."""
        with self._named():
            return await surveyable(self.inner).realms()

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        return type(self)(self.name, self.inner.realm(name))

    async def close(self) -> None:
        """See Store.close."""
        await self.inner.close()

    @contextmanager
    def _named(self) -> Generator[None, None, None]:
        try:
            yield
        except (
            InvalidEntityError,
            SchemaOutdatedError,
            StoreUnavailableError,
            UnsupportedStoreError,
        ) as error:
            raise type(error)(f"The {self.name} of the copy: {error.detail}") from error
