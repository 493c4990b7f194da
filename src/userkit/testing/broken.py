"""Four stores that are broken in ways that are easy to build and hard to notice, to test the suite with.

Each keeps its entities in a memory store, and breaks one promise of the port on the way there. A
suite that passes one of them would pass a real store with the same mistake.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self, TypeVar

from userkit.backends.memory import MemoryStore
from userkit.errors import DuplicateError, StaleError
from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.port import DEFAULT_REALM, Store

__all__ = ["BROKEN_STORES", "ChecksThenWrites", "KeepsFirstChanges", "LeaksBetweenRealms", "LosesUpdates"]

E = TypeVar("E", bound=Entity)

# What a network would take; without it, threads hardly ever meet between a check and a write.
_DELAY = 0.0005


class _Wrapped:
    """A memory store to be tampered with."""

    blocking = True

    def __init__(self) -> None:
        """Begin empty."""
        self._inner: Store = MemoryStore()

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare."""
        await self._inner.prepare(collections, create=create)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        return await self._inner.get(entity, id)

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
        return await self._inner.find(
            entity, field, value, after=after, limit=limit, newest_first=newest_first
        )

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        await self._inner.commit(*changes)

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _inner=self._inner.realm(name))
        return view

    async def close(self) -> None:
        """See Store.close."""
        await self._inner.close()


class LosesUpdates(_Wrapped):
    """Save whatever the stored revision is: the last one wins, as with ``UPDATE … WHERE id = ?``."""

    async def commit(self, *changes: Change) -> None:
        """Commit, with each save made to fit what is stored."""
        _dawdle()
        fitted = [await self._fit(change) for change in changes]
        await self._inner.commit(*fitted)

    async def _fit(self, change: Change) -> Change:
        if not isinstance(change, Save):
            return change
        stored = await self._inner.get(type(change.before), change.before.id)
        if stored is None:
            return change
        return Save(stored, replace(change.after, version=stored.version + 1))


class ChecksThenWrites(_Wrapped):
    """Look whether a commit can be done, and then do it, with neither constraints nor conditions.

    As long as there is one caller at a time, nobody notices anything.
    """

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self._catalogue = Catalogue()
        self._loose: dict[Collection[Any], Collection[Any]] = {}

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """Prepare for the same collections without anything unique in them."""
        self._catalogue.add(collections)
        for each in collections:
            self._loose.setdefault(each, replace(each, unique=(), index=each.lookups))
        await self._inner.prepare([self._loose[each] for each in collections], create=create)

    async def commit(self, *changes: Change) -> None:
        """Check every change against what is stored, then write them all."""
        self._catalogue.plan(changes)
        done: dict[tuple[type[Entity], str], Entity | None] = {}
        for change in changes:
            await self._check(change, done)
        _dawdle()
        for (kind, id), entity in done.items():
            await self._write(kind, id, entity)

    async def _check(self, change: Change, done: dict[tuple[type[Entity], str], Entity | None]) -> None:
        before = change.before if isinstance(change, Save) else change.entity
        stored = await self._inner.get(type(before), before.id)
        if isinstance(change, Add) and stored is not None:
            raise DuplicateError("id")
        if not isinstance(change, Add) and (stored is None or stored.version != before.version):
            raise StaleError
        after = None if isinstance(change, Remove) else change.after if isinstance(change, Save) else before
        for field in self._catalogue.records(type(before)).collection.unique if after else ():
            await self._check_free(field, after, done)
        done[type(before), before.id] = after

    async def _check_free(
        self, field: str, entity: Any, done: dict[tuple[type[Entity], str], Entity | None]
    ) -> None:
        value, kind = getattr(entity, field), type(entity)
        if value is None:
            return
        stored = (await self._inner.find(kind, field, value)).items
        holders = [each.id for each in stored if (kind, each.id) not in done]
        holders += [id for (_, id), each in done.items() if getattr(each, field, None) == value]
        if set(holders) - {entity.id}:
            raise DuplicateError(field)

    async def _write(self, kind: type[Entity], id: str, entity: Entity | None) -> None:
        while True:
            stored = await self._inner.get(kind, id)
            try:
                if entity is None:
                    await self._inner.commit(*([Remove(stored)] if stored else []))
                elif stored is None:
                    await self._inner.commit(Add(entity))
                else:
                    await self._inner.commit(Save(stored, replace(entity, version=stored.version + 1)))
            except (DuplicateError, StaleError):
                continue
            return


class KeepsFirstChanges(_Wrapped):
    """Do one change after the other, so that those before a failure stay."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self._catalogue = Catalogue()

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare."""
        self._catalogue.add(collections)
        await super().prepare(collections, create=create)

    async def commit(self, *changes: Change) -> None:
        """Commit each change by itself."""
        self._catalogue.plan(changes)
        for change in changes:
            await self._inner.commit(change)
            _dawdle()


class LeaksBetweenRealms(_Wrapped):
    """Forget the realm wherever the id is known, as in ``WHERE id = ?``."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self._realms: dict[str, Store] = {DEFAULT_REALM: self._inner}

    async def get(self, entity: type[E], id: str) -> E | None:
        """Return the entity, whichever realm it is in."""
        return await (await self._home(entity, id)).get(entity, id)

    async def commit(self, *changes: Change) -> None:
        """Add here; save and remove wherever the entity is."""
        homes = [await self._home_of(each) for each in changes]
        for home in dict.fromkeys(homes):
            await home.commit(*(each for each, of in zip(changes, homes, strict=True) if of is home))

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = super().realm(name)
        view._inner = self._realms.setdefault(name, view._inner)
        return view

    async def _home_of(self, change: Change) -> Store:
        if not isinstance(change, (Save, Remove)):
            return self._inner
        entity = change.before if isinstance(change, Save) else change.entity
        return await self._home(type(entity), entity.id)

    async def _home(self, kind: type[Entity], id: str) -> Store:
        for realm in (self._inner, *self._realms.values()):
            if await realm.get(kind, id) is not None:
                return realm
        return self._inner


def _dawdle() -> None:
    # Blocking on purpose: these are blocking stores, and it lets other threads in.
    time.sleep(_DELAY)


BROKEN_STORES: tuple[type[Store], ...] = (
    LosesUpdates,
    ChecksThenWrites,
    KeepsFirstChanges,
    LeaksBetweenRealms,
)
"""All four, each a class that opens an empty store."""
