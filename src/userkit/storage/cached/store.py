"""A store with a cache before it: reads by id and by unique value are answered from copies."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from secrets import token_hex
from typing import Any, Self, TypeVar

from userkit.errors import (
    ConfigurationError,
    DuplicateError,
    InvalidEntityError,
    StaleError,
    StoreUnavailableError,
    UnsupportedStoreError,
    UsageError,
)
from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.ports.cache import Cache
from userkit.ports.turns import Turns
from userkit.storage.cached.copies import Copies
from userkit.storage.cached.flights import Flights
from userkit.storage.cached.line import Line
from userkit.storage.cached.reader import Question, Reader
from userkit.storage.capabilities import (
    Concurrent,
    bulk_loadable,
    countable,
    purgeable,
    searchable,
    surveyable,
)
from userkit.storage.catalogue import check_limit
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.port import DEFAULT_REALM, Store

__all__ = ["CachedStore", "is_declared"]

E = TypeVar("E", bound=Entity)

# Longer than a commit takes. A writer that dies leaves a fence, and for so long the store is read.
_FENCE = 60.0
# After these a commit has surely not happened, and will not.
_REFUSALS = (DuplicateError, InvalidEntityError, StaleError, UsageError)


def is_declared(collection: Collection[Any]) -> bool:
    """Tell whether a collection is declared to be cached."""
    return collection.cached


class CachedStore:
    """Read through a cache, and tell it before every change.

    A commit first puts fences over everything it touches, then commits, then takes them away. A
    reader may fill in a copy only under a lease that no fence has replaced. So no copy is older than
    a commit that has ended, wherever it was made. Where the cache cannot be reached, reads and
    commits go on without it, and what it held is not used again; see the explanation in the manual
    for the bound where only this process cannot reach it.

    ``ttl`` is for how many seconds a copy may be used at most, ``negative_ttl`` the same for the
    knowledge that there is nothing. Both bound what a change made past userkit may be late by.
    ``keeps`` says which collections are cached; the others go straight to the store.
    """

    def __init__(
        self,
        store: Store,
        cache: Cache,
        *,
        turns: Turns,
        ttl: float = 30.0,
        negative_ttl: float = 5.0,
        keeps: Callable[[Collection[Any]], bool] = is_declared,
        moment: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put a cache before a store. ``turns`` are those of threads or tasks, as the store is called.

        Raises ConfigurationError for a time that is not above zero, and UnsupportedStoreError for a
        cache that would block the event loop of an asynchronous store.
        """
        if ttl <= 0 or negative_ttl <= 0:
            raise ConfigurationError("The times of a cache, ttl and negative_ttl, are above zero.")
        if cache.blocking and not store.blocking:
            raise UnsupportedStoreError("An asynchronous store needs a cache that does not block.")
        self.inner = store
        self.blocking = store.blocking and cache.blocking
        self._space, self._joined, self._keeps = DEFAULT_REALM, False, keeps
        self._line = Line(cache, moment=moment)
        self._reader = Reader(
            line=self._line, flights=Flights(turns), ttl=float(ttl), negative_ttl=float(negative_ttl)
        )
        self._copies: dict[type[Entity], Copies[Any]] = {}

    @property
    def concurrency(self) -> int:
        """See Concurrent.concurrency."""
        return self.inner.concurrency if isinstance(self.inner, Concurrent) else 1

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare. The cache is not waited for."""
        await self.inner.prepare(collections, create=create)
        for each in filter(self._keeps, collections):
            self._copies.setdefault(each.entity, Copies(each))

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get; a copy costs one round trip to the cache."""
        load = partial(self.inner.get, entity, id)
        asked = self._question(entity, "id", id)
        return await load() if asked is None else await self._reader.read(*asked, load)

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
        """See Store.find; by a unique value a copy costs one round trip to the cache."""
        asked = None if after is not None or field == "id" else self._question(entity, field, value)
        if asked is None:
            find = partial(self.inner.find, after=after, limit=limit, newest_first=newest_first)
            return await find(entity, field, value)
        check_limit(limit)

        async def load() -> E | None:
            page = await self.inner.find(entity, field, value, limit=1)
            return page.items[0] if page.items else None

        found = await self._reader.read(*asked, load)
        return Page(() if found is None else (found,))

    async def commit(self, *changes: Change) -> None:
        """See Store.commit; what is cached costs two round trips to the cache besides."""
        keys = self._touched(changes)
        if not keys:
            await self.inner.commit(*changes)
            return
        fence = await self._fence(keys)
        try:
            await self.inner.commit(*changes)
        except _REFUSALS:
            await self._uncover(keys, fence)
            raise
        except BaseException:
            # It may yet happen, so the fences stay until nobody waits for it any more.
            if fence is None:
                self._line.owe(self._space)
            raise
        await self._uncover(keys, fence)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search."""
        return await searchable(self.inner).search(entity, text, after=after, limit=limit)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        return await countable(self.inner).count(entity, field, value)

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge. A copy of what is purged is used for at most ``ttl`` seconds more."""
        return await purgeable(self.inner).purge(entity, before=before, limit=limit)

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load. The cache begins anew afterwards, for it may know of what was not there."""
        try:
            return await bulk_loadable(self.inner).load(entities, batch=batch)
        finally:
            self._line.owe(self._space)

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms."""
        return await surveyable(self.inner).realms()

    def realm(self, name: str) -> Self:
        """See Store.realm; the view shares the cache."""
        return self._view(self.inner.realm(name), space=name, joined=self._joined)

    def joined(self, store: Store) -> Self:
        """Return a view over another store on the same data whose commits count only later.

        Such is a store on the application's own session. The view reads without the cache, and
        leaves its fences to expire, because nobody tells it when the application commits. A
        transaction that is still open after a minute may be late by ``ttl`` for other readers.
        """
        return self._view(store, space=self._space, joined=True)

    async def close(self) -> None:
        """Close the store, and the cache with it unless this is a view over another store."""
        try:
            await self.inner.close()
        finally:
            if not self._joined:
                await self._line.cache.close()

    def _view(self, inner: Store, *, space: str, joined: bool) -> Self:
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, inner=inner, _space=space, _joined=joined)
        view.blocking = inner.blocking and self._line.cache.blocking
        return view

    def _question(
        self, entity: type[E], field: str | None, value: str | None
    ) -> tuple[Question, Copies[E]] | None:
        copies = None if self._joined else self._copies.get(entity)
        key = None if copies is None else copies.key(field, value)
        if copies is None or key is None:
            return None
        return Question(self._space, key, str(field), str(value)), copies

    def _touched(self, changes: Sequence[Change]) -> list[str]:
        """Return the keys of everything that these changes could be found by, before and after."""
        keys: dict[str, None] = {}
        for change in changes:
            for entity in _entities(change):
                copies = self._copies.get(type(entity))
                if copies is not None:
                    keys.update(dict.fromkeys(copies.keys(entity)))
        return list(keys)

    async def _fence(self, keys: Sequence[str]) -> str | None:
        """Return the fence that stands now, or None when the cache could not be told."""
        fence = token_hex(12)
        call = partial(self._line.cache.fence, self._space, keys, fence=fence, seconds=_FENCE)
        try:
            await self._line.ask(self._space, call)
        except StoreUnavailableError:
            return None
        return fence

    async def _uncover(self, keys: Sequence[str], fence: str | None) -> None:
        if fence is None:
            self._line.owe(self._space)
            await self._line.settle(self._space)
        elif not self._joined:
            call = partial(self._line.cache.lift, self._space, keys, fence=fence)
            try:
                await self._line.ask(self._space, call)
            except StoreUnavailableError:
                return  # the fences end by themselves


def _entities(change: Change) -> Sequence[Entity]:
    if isinstance(change, Save):
        return change.before, change.after
    return (change.entity,) if isinstance(change, Add | Remove) else ()
