"""Moving to another engine without a pause: a store that has another one follow it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Self, TypeVar

from userkit.errors import StoreUnavailableError, UnsupportedStoreError
from userkit.kernel.clock import Clock, utc_now
from userkit.kernel.entity import Entity
from userkit.kernel.ids import NewId, UUIDv7, is_id
from userkit.kernel.page import Page
from userkit.storage.capabilities import (
    Concurrent,
    Purgeable,
    bulk_loadable,
    countable,
    purgeable,
    searchable,
    supports,
    surveyable,
)
from userkit.storage.catalogue import check_batch
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.following import PENDING, Following, Pending
from userkit.storage.levelling import Key
from userkit.storage.port import DEFAULT_REALM, LARGEST_COMMIT, Store

__all__ = ["MigratingStore"]

E = TypeVar("E", bound=Entity)
T = TypeVar("T")


class MigratingStore:
    """Serve from a leader, and make a follower equal to it after every commit.

    The leader decides and answers everything. A commit of it records, as a part of it, which
    records it changes; then each of them is read from the leader, and the follower's made equal. A
    follower that fails makes no commit fail: what it lacks stays recorded in the leader, and
    ``catch_up`` gives it, in whatever process and order.

    Closing it closes both stores.
    """

    def __init__(
        self, leader: Store, follower: Store, *, now: Clock = utc_now, new_id: NewId | None = None
    ) -> None:
        """Take two stores. Raises UnsupportedStoreError when only one of them is blocking."""
        if leader.blocking != follower.blocking:
            raise UnsupportedStoreError(
                "A leader and its follower are both blocking or both not: put the blocking one into a "
                "ThreadedStore, or open the other one with blocking=True."
            )
        self.inner = leader
        self._following = Following(
            leader=leader,
            follower=follower,
            realm=DEFAULT_REALM,
            now=now,
            new_id=new_id or UUIDv7(now),
        )

    @property
    def blocking(self) -> bool:
        """See Store.blocking: as both are."""
        return self.inner.blocking

    @property
    def concurrency(self) -> int:
        """See Concurrent.concurrency: the leader's."""
        return self.inner.concurrency if isinstance(self.inner, Concurrent) else 1

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare. A follower that is not available is prepared when it is needed again.

        What the two keep beside the collections is created in any case: no migration does.
        """
        await self.inner.prepare(collections, create=create)
        await self.inner.prepare([PENDING])
        self._following.catalogue.add(collections)
        self._following.unprepared.append((tuple(collections), create))
        with self._following.failing_quietly(StoreUnavailableError):
            await self._following.prepare()

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get; the leader answers."""
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
        """See Store.find; the leader answers."""
        find = partial(self.inner.find, after=after, limit=limit, newest_first=newest_first)
        return await find(entity, field, value)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit; the leader decides."""
        changed = [entity for entity in map(_changed, changes) if entity is not None]
        if len(changed) != len(changes) or not 0 < len(changes) <= LARGEST_COMMIT:
            # The leader refuses it in its words, or has nothing to do.
            await self.inner.commit(*changes)
            return
        keys = [self._following.key(entity) for entity in changed]
        if len(changes) == LARGEST_COMMIT:
            # There is no room for one more change.
            await self._announced(keys, partial(self.inner.commit, *changes))
            return
        pending = self._following.pending(keys)
        await self.inner.commit(*changes, Add(pending))
        await self._following.deliver(pending)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search; the leader answers."""
        return await searchable(self.inner).search(entity, text, after=after, limit=limit)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count; the leader answers."""
        return await countable(self.inner).count(entity, field, value)

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge; the follower is purged of as many, and the leader's number returned."""
        gone = await purgeable(self.inner).purge(entity, before=before, limit=limit)
        follower = self._following.follower
        if isinstance(follower, Purgeable) and supports(follower, Purgeable):
            with self._following.failing_quietly():
                await self._following.prepare()
                await follower.purge(entity, before=before, limit=limit)
        return gone

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load; the follower is given one record after the other."""
        check_batch(batch)
        leader = bulk_loadable(self.inner)
        loaded = 0
        remaining = iter(entities)
        while some := list(islice(remaining, batch)):
            keys = [self._following.key(each) for each in some if is_id(each.id)]
            loaded += await self._announced(keys, partial(leader.load, some, batch=batch))
        return loaded

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms; the leader answers."""
        return await surveyable(self.inner).realms()

    async def catch_up(self) -> int:
        """Give the follower what it lacks of this realm, and return how many commits that was of.

        Raises StoreUnavailableError when one of the two cannot serve. What the follower refuses for
        another reason is logged, and stays pending.
        """
        return await self._following.catch_up()

    async def forward(self) -> int:
        """Do what ``catch_up`` does, for whoever sees to stores of several kinds."""
        return await self.catch_up()

    async def pending(self) -> int:
        """Return how many commits to this realm the follower lacks, with those of this very moment."""
        return await self._following.count()

    async def is_level(self) -> bool:
        """Tell whether the follower lacks nothing that was committed to this realm through such stores."""
        return not (await self.inner.find(Pending, limit=1)).items

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        view._following = self._following.at(name)
        view.inner = view._following.leader
        return view

    async def close(self) -> None:
        """Close both stores."""
        try:
            await self.inner.close()
        finally:
            await self._following.follower.close()

    async def _announced(self, keys: Sequence[Key], change: Callable[[], Awaitable[T]]) -> T:
        announced = await self._following.announce(keys)
        try:
            done = await change()
        except StoreUnavailableError:
            # Nobody knows what will become of it. In an hour anybody may look.
            raise
        except Exception:
            await self._following.deliver(*announced)
            raise
        await self._following.deliver(*announced)
        return done


def _changed(change: Change) -> Entity | None:
    if isinstance(change, Save):
        return change.before
    return change.entity if isinstance(change, (Add, Remove)) else None
