"""One store made of several: each kind of entity has its home."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Self, TypeVar

from userkit.errors import (
    DuplicateError,
    InvalidEntityError,
    StaleError,
    StoreError,
    StoreUnavailableError,
    UnsupportedStoreError,
    UsageError,
)
from userkit.kernel.clock import Clock, utc_now
from userkit.kernel.entity import Entity
from userkit.kernel.ids import NewId, UUIDv7
from userkit.kernel.page import Page
from userkit.storage.capabilities import bulk_loadable, countable, purgeable, searchable, surveyable
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.outcome import has_happened
from userkit.storage.parcels import PARCELS, Packing, Parcel, reverse
from userkit.storage.port import DEFAULT_REALM, Store

__all__ = ["PATIENCE", "RoutedStore"]

E = TypeVar("E", bound=Entity)

_log = logging.getLogger("userkit.storage")

PATIENCE = timedelta(seconds=30)
"""How old a parcel is before others than its sender see to it."""


class RoutedStore:
    """Keep some kinds of entities in other stores than the main one.

    A commit within one store is that store's. One that changes something elsewhere *and* in the
    main store is decided elsewhere: there it is all or nothing, together with a parcel that holds
    what is left to do in the main store. That is done right after, or by ``forward`` when the
    process dies in between; when the main store refuses it, what was done elsewhere is taken back.
    ``records``: kinds that are only added, so that a commit need not fail when they come later.
    """

    def __init__(
        self,
        main: Store,
        routes: Mapping[type[Entity], Store],
        *,
        records: Iterable[type[Entity]] = (),
        now: Clock = utc_now,
        new_id: NewId | None = None,
    ) -> None:
        """Take the main store and the others. Raises UnsupportedStoreError when only some of them block."""
        stores = list(dict.fromkeys((main, *routes.values())))
        self.blocking = all(store.blocking for store in stores)
        if not self.blocking and any(
            store.blocking and not getattr(store, "in_process", False) for store in stores
        ):
            raise UnsupportedStoreError(
                "The stores of a kit are all blocking or all not: put the blocking ones into a ThreadedStore."
            )
        self.inner = main
        self._stores = stores
        self._homes = {entity: stores.index(store) for entity, store in routes.items()}
        self._records = frozenset(records)
        self._now, self._new_id = now, new_id or UUIDv7(now)
        self._catalogue = Catalogue()
        self._packing = Packing(self._catalogue)
        self._realm = DEFAULT_REALM

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare; each store is prepared for what is at home there."""
        self._catalogue.add(collections)
        for place, store in enumerate(self._stores):
            mine = [each for each in collections if self._homes.get(each.entity, 0) == place]
            if place and mine:
                # What is under way is nothing that a migration knows of.
                await store.prepare([PARCELS], create=True)
            if mine:
                await store.prepare(mine, create=create)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        return await self._home(entity).get(entity, id)

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
        home = self._home(entity)
        return await home.find(entity, field, value, after=after, limit=limit, newest_first=newest_first)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit. Raises UsageError for changes in two stores beside the main one."""
        parts: dict[int, list[Change]] = {}
        for change in changes:
            parts.setdefault(self._place(change), []).append(change)
        if len(parts) < 2:
            await self._stores[next(iter(parts), 0)].commit(*changes)
            return
        if len(parts) > 2 or 0 not in parts:
            raise UsageError("A commit changes the main store and one other, not two others.")
        rest = parts.pop(0)
        ((place, decisive),) = parts.items()
        await self._split(self._stores[place], decisive, rest)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search. Raises UnsupportedStoreError where the store of these cannot."""
        return await searchable(self._home(entity)).search(entity, text, after=after, limit=limit)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count. Raises UnsupportedStoreError where the store of these cannot."""
        return await countable(self._home(entity)).count(entity, field, value)

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge. Raises UnsupportedStoreError where the store of these cannot."""
        return await purgeable(self._home(entity)).purge(entity, before=before, limit=limit)

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load; a batch ends where the next entity is at home elsewhere."""
        loaded = 0
        for place, some in groupby(entities, lambda each: self._homes.get(type(each), 0)):
            loaded += await bulk_loadable(self._stores[place]).load(some, batch=batch)
        return loaded

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms: those of all stores."""
        names: set[str] = set()
        for store in self._stores:
            names.update(await surveyable(store).realms())
        return sorted(names)

    async def forward(self) -> int:
        """See Forwarding.forward: deliver the parcels that their senders did not."""
        done = 0
        for store in [self._stores[place] for place in sorted(set(self._homes.values()) - {0})]:
            after: str | None = None
            while True:
                page = await store.find(Parcel, after=after)
                for parcel in page.items:
                    if parcel.created_at + PATIENCE <= self._now():
                        done += await self._forwarded(store, parcel)
                after = page.next
                if after is None:
                    break
        return done

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        stores = [store.realm(name) for store in self._stores]
        view.__dict__.update(self.__dict__, _stores=stores, inner=stores[0], _realm=name)
        return view

    async def close(self) -> None:
        """See Store.close: all stores are closed, also when one fails at it."""
        failures: list[Exception] = []
        for store in self._stores:
            try:
                await store.close()
            except Exception as error:  # noqa: BLE001  # it is raised below
                failures.append(error)
        if failures:
            raise failures[0]

    def _home(self, entity: type[Entity]) -> Store:
        return self._stores[self._homes.get(entity, 0)]

    def _place(self, change: Change) -> int:
        entity: object = change.before if isinstance(change, Save) else getattr(change, "entity", None)
        # What is no change is refused by the store that it is given to.
        return self._homes.get(type(entity), 0)  # type: ignore[arg-type]

    async def _split(self, store: Store, decisive: Sequence[Change], rest: Sequence[Change]) -> None:
        """Commit one part where it is decided, with the rest in a parcel; then deliver that."""
        undo = reverse(decisive)
        parcel = self._packing.pack(self._new_id(), rest, undo=undo, created_at=self._now())
        await store.commit(*decisive, Add(parcel))
        try:
            await self._deliver(parcel, rest)
        except StoreUnavailableError:
            if not all(isinstance(each, Add) and type(each.entity) in self._records for each in rest):
                raise
            _log.warning("What is recorded of a commit comes later: the main store is not available")
            return
        except StoreError:
            await self._take_back(store, parcel, undo)
            raise
        with suppress(StoreError):  # forward finds that it is done
            await store.commit(Remove(parcel))

    async def _deliver(self, parcel: Parcel, changes: Sequence[Change]) -> None:
        """Make changes in the main store, unless they are made; raises what refuses them."""
        try:
            await self.inner.commit(*changes)
        except (DuplicateError, StaleError):
            # While it is fresh nobody else has seen to it, so that this refusal is the only answer.
            if parcel.created_at + PATIENCE > self._now() or not await self._is_done(changes):
                raise

    async def _is_done(self, changes: Sequence[Change]) -> bool:
        writes = self._catalogue.plan(changes)
        stored = [await self.inner.get(each.records.collection.entity, each.id) for each in writes]
        try:
            return has_happened(stored, writes)
        except StoreUnavailableError:
            # Nobody can tell. What was decided stays decided: nothing that is spent comes back.
            return True

    @staticmethod
    async def _take_back(store: Store, parcel: Parcel, undo: Sequence[Change]) -> None:
        try:
            await store.commit(*undo, Remove(parcel))
        except (DuplicateError, StaleError):
            # Somebody has changed it since, or has taken it back.
            with suppress(StaleError):
                await store.commit(Remove(parcel))

    async def _forwarded(self, store: Store, parcel: Parcel) -> bool:
        try:
            await self._deliver(parcel, self._packing.changes(parcel))
        except StoreUnavailableError:
            raise
        except InvalidEntityError as error:
            _log.warning("A parcel cannot be delivered: %s", error)
            return False
        except StoreError:
            await self._take_back(store, parcel, self._packing.undo(parcel))
            return True
        with suppress(StaleError):
            await store.commit(Remove(parcel))
        return True
