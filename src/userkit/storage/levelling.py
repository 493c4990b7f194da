"""Making the records of one store equal to those of another, with others at the same work.

Somebody who has read the leader may be late: until they write, the leader can have moved on and the
follower with it, and what they write would be older than what is there, or bring back what is gone.
So everybody passes the same gate. A *mark* in the follower is read first, the leader is read after it,
and each write of the follower saves the mark in its commit. Who reads the leader before somebody else
writes is refused then (StaleError) and begins anew; a write that arrives late, after a time-out, is
refused as well. That the two are equal is confirmed by such a write, too.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from userkit.errors import DuplicateError, StaleError, StoreError, UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import derived_id
from userkit.storage.canonical import is_same
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.storage.records import Records

__all__ = ["MARKS", "BeforeTakingOut", "Key", "Leveller", "Mark"]

E = TypeVar("E", bound=Entity)

_ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Entity):
    """A gate to some of a follower's records; there are 256 in a realm, whatever is stored in it."""


MARKS = Collection("levelling_marks", Mark)
"""Where a follower keeps its marks. They may be deleted once it follows no more."""


class Key(NamedTuple):
    """Names a record: the collection and the id."""

    collection: str
    id: str


BeforeTakingOut = Callable[[Key], Awaitable[None]]
"""Is told of a record that must give up its unique value and is put back a moment later.

It keeps in mind, durably, that this record is to be levelled, or raises so that the record stays."""


async def _nothing(key: Key) -> None:
    """Keep nothing in mind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leveller:
    """Make records of the follower equal to those of the leader, in one realm.

    ``leader`` and ``follower`` are views of this realm; ``catalogue`` knows the collections of both.
    """

    leader: Store
    follower: Store
    catalogue: Catalogue
    realm: str
    before_taking_out: BeforeTakingOut = _nothing

    async def level(self, *keys: Key) -> None:
        """Make these records equal, and those that hold a unique value which one of them needs.

        Raises StoreError when a record cannot be made equal, and what either store raises when it
        cannot serve; it may be called again then.
        """
        waiting = deque(keys)
        while waiting:
            key = waiting.popleft()
            # Who made room is put back once the others are where they belong.
            waiting.extend(await self._level(self._records(key.collection), key))

    async def _level(self, records: Records[Any], key: Key) -> list[Key]:
        made_room: list[Key] = []
        refusal: StoreError = StaleError()
        for _ in range(_ATTEMPTS):
            try:
                if await self._step(records, key.id):
                    return made_room
            except StaleError as error:
                refusal = error
            except DuplicateError as error:
                refusal = error
                if error.field != "id":  # an id is taken when somebody else was faster, or in another realm
                    made_room += await self._make_room(records, key, error.field)
        raise refusal

    async def _step(self, records: Records[Any], id: str) -> bool:
        entity = records.collection.entity
        passing = await self._pass_mark(id)
        held = await self.follower.get(entity, id)
        wanted = await self.leader.get(entity, id)
        changes, is_last = _changes(records, held, wanted)
        await self.follower.commit(passing, *changes)
        return is_last

    async def _make_room(self, records: Records[E], key: Key, field: str) -> list[Key]:
        """Take out who holds the value that a record needs in a unique field, unless the leader agrees."""
        entity = records.collection.entity
        wanted = await self.leader.get(entity, key.id)
        value = None if wanted is None else records.encode(wanted)[field]
        if value is None:
            return []
        found = await self.follower.find(entity, field, value, limit=1)
        for holder in found.items:
            now = await self.leader.get(entity, holder.id)
            if holder.id != key.id and (now is None or records.encode(now)[field] != value):
                return await self._take_out(Key(key.collection, holder.id), holder)
        return []

    async def _take_out(self, key: Key, holder: Entity) -> list[Key]:
        await self.before_taking_out(key)
        try:
            await self.follower.commit(await self._pass_mark(key.id), Remove(holder))
        except (StaleError, DuplicateError):
            return []  # somebody else has passed the gate
        return [key]

    async def _pass_mark(self, id: str) -> Change:
        place = derived_id("levelling", self.realm, id[-2:])
        mark = await self.follower.get(Mark, place)
        return Add(Mark(id=place)) if mark is None else Save(mark, mark.evolve())

    def _records(self, name: str) -> Records[Any]:
        for collection in self.catalogue.collections:
            if collection.name == name:
                return self.catalogue.records(collection.entity)
        raise UsageError(f"The store was not prepared for the collection {name}.")


def _changes(records: Records[E], held: E | None, wanted: E | None) -> tuple[tuple[Change, ...], bool]:
    """Return what brings a record nearer to what is wanted, and whether it is there then."""
    if is_same(records, held, wanted):
        return (), True
    if held is None and wanted is not None:
        return (Add(wanted),), True
    if held is not None and wanted is not None and wanted.version == held.version + 1:
        return (Save(held, wanted),), True
    assert held is not None
    # An entity is changed once in a commit: one that has missed revisions is added in the next one.
    return (Remove(held),), wanted is None
