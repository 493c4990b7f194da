"""One store made of several: each kind of entity has its home."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Self, TypeVar

from userkit.errors import UnsupportedStoreError, UsageError
from userkit.kernel.clock import Clock, utc_now
from userkit.kernel.entity import Entity
from userkit.kernel.ids import NewId, UUIDv7
from userkit.kernel.page import Page
from userkit.storage.capabilities import (
    bulk_loadable,
    countable,
    forwarding,
    purgeable,
    searchable,
    surveyable,
)
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Change, Save
from userkit.storage.collection import Collection
from userkit.storage.courier import Courier
from userkit.storage.parcels import PARCELS, Packing
from userkit.storage.port import Store

__all__ = ["RoutedStore"]

E = TypeVar("E", bound=Entity)


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
        self.blocking = _all_block(stores)
        self.inner = main
        self._stores = stores
        self._homes = {entity: stores.index(store) for entity, store in routes.items()}
        self._joined = False
        self._catalogue = Catalogue()
        self._courier = Courier(
            main=main,
            catalogue=self._catalogue,
            packing=Packing(self._catalogue),
            records=frozenset(records),
            now=now,
            new_id=new_id or UUIDv7(now),
        )

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
        if self._joined:
            raise UsageError(
                "A commit that changes two stores cannot wait for the application's: make it with the kit."
            )
        rest = parts.pop(0)
        ((place, decisive),) = parts.items()
        await self._courier.commit(self._stores[place], decisive, rest)

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
        """See Forwarding.forward: deliver parcels that were left behind; the stores see to what is theirs."""
        if self._joined:
            return 0
        seen_to = sum([await self._courier.forward(store) for store in self._stores[1:]])
        others = [forwarding(store) for store in self._stores]
        return seen_to + sum([await other.forward() for other in others if other is not None])

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        return self._view([store.realm(name) for store in self._stores])

    def joined(self, main: Store) -> Self:
        """Return a view with another main store, on the same data, whose commits count only later.

        Such is a store on the application's own session. Changes in one store are that store's, as
        ever. What changes two is refused with UsageError, for it would be done elsewhere already when
        the application changes its mind.
        """
        view = self._view([main, *self._stores[1:]])
        view.blocking, view._joined = _all_block(view._stores), True
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

    def _view(self, stores: list[Store]) -> Self:
        view = object.__new__(type(self))
        courier = replace(self._courier, main=stores[0])
        view.__dict__.update(self.__dict__, inner=stores[0], _stores=stores, _courier=courier)
        return view


def _all_block(stores: Sequence[Store]) -> bool:
    """Tell whether stores are blocking, or raise UnsupportedStoreError when one would block the others."""
    blocking = all(store.blocking for store in stores)
    if not blocking and any(store.blocking and not getattr(store, "in_process", False) for store in stores):
        raise UnsupportedStoreError(
            "The stores of a kit are all blocking or all not: put the blocking ones into a ThreadedStore."
        )
    return blocking
