"""A store and a password hasher that are measured; they do what those inside of them do."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.plugins import hookimpl
from userkit.ports.passwords import PasswordHasher, Verification
from userkit.serving.metrics import Metrics
from userkit.storage.capabilities import bulk_loadable, countable, purgeable, searchable, surveyable
from userkit.storage.changes import Change
from userkit.storage.collection import Collection
from userkit.storage.port import Store

__all__ = ["MeteredHasher", "MeteredStore", "StoreMetering"]

E = TypeVar("E", bound=Entity)


class MeteredStore:
    """Measure each call of a store. ``inner`` says what it is capable of."""

    def __init__(self, inner: Store, metrics: Metrics) -> None:
        """Take the store, and what its calls are counted with."""
        self.inner = inner
        self._metrics = metrics

    @property
    def blocking(self) -> bool:
        """See Store.blocking."""
        return self.inner.blocking

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare; it is not measured."""
        await self.inner.prepare(collections, create=create)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        with self._metrics.storing("get"):
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
        with self._metrics.storing("find"):
            return await self.inner.find(
                entity, field, value, after=after, limit=limit, newest_first=newest_first
            )

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        with self._metrics.storing("commit"):
            await self.inner.commit(*changes)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search."""
        with self._metrics.storing("search"):
            return await searchable(self.inner).search(entity, text, after=after, limit=limit)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        with self._metrics.storing("count"):
            return await countable(self.inner).count(entity, field, value)

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        with self._metrics.storing("purge"):
            return await purgeable(self.inner).purge(entity, before=before, limit=limit)

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load."""
        with self._metrics.storing("load"):
            return await bulk_loadable(self.inner).load(entities, batch=batch)

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms."""
        with self._metrics.storing("realms"):
            return await surveyable(self.inner).realms()

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        return type(self)(self.inner.realm(name), self._metrics)

    async def close(self) -> None:
        """See Store.close."""
        await self.inner.close()


class StoreMetering:
    """A hook plugin that puts a measured store around the one of a kit."""

    def __init__(self, metrics: Metrics) -> None:
        """Take what calls are counted with."""
        self._metrics = metrics

    @hookimpl
    def userkit_wrap_store(self, store: Store) -> Store:
        """See userkit.plugins.hookspecs."""
        return MeteredStore(store, self._metrics)


class MeteredHasher:
    """Count the passwords that are hashed, that wait for it, and that are turned away."""

    def __init__(self, inner: PasswordHasher, metrics: Metrics) -> None:
        """Take the hasher, and what its calls are counted with."""
        self.inner = inner
        self._metrics = metrics

    @property
    def blocking(self) -> bool:
        """See PasswordHasher.blocking."""
        return self.inner.blocking

    async def hash(self, password: str) -> str:
        """See PasswordHasher.hash."""
        with self._metrics.hashing():
            return await self.inner.hash(password)

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """See PasswordHasher.verify."""
        with self._metrics.hashing():
            return await self.inner.verify(password, encoded)

    def recognises(self, encoded: str) -> bool:
        """See PasswordHasher.recognises."""
        return self.inner.recognises(encoded)

    async def close(self) -> None:
        """See PasswordHasher.close."""
        await self.inner.close()
