"""Copying from one store to another, batch by batch, while the source may go on changing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from userkit.copying.bookmark import Bookmark
from userkit.copying.copied import Copied
from userkit.copying.scope import Place, Scope
from userkit.copying.settling import Settling
from userkit.copying.sides import Side
from userkit.copying.streams import between, stream
from userkit.errors import ConfigurationError, DuplicateError, StoreUnavailableError
from userkit.kernel.entity import Entity
from userkit.storage.canonical import is_same
from userkit.storage.capabilities import BulkLoadable, Countable, supports
from userkit.storage.changes import Add
from userkit.storage.collection import Collection
from userkit.storage.port import LARGEST_COMMIT, Store
from userkit.storage.records import Records

__all__ = ["Copying", "Watch"]

Watch = Callable[[Copied], object]
"""Is told of a place whenever something has been done there."""


def _unwatched(copied: Copied) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """Copy everything in a scope, in bounded memory, and go on where another copy was interrupted.

    A batch is read, loaded and read again: what was changed or removed at the source in the meantime
    is levelled in the target. Records keep their ids, versions and times. With ``replace`` the target
    is made equal where it has other records; without, they are conflicts, unless they are older
    revisions of the source's own.
    """

    source: Store
    target: Store
    scope: Scope
    bookmark: Bookmark = field(default_factory=Bookmark)
    batch: int = 1000
    replace: bool = False
    watch: Watch = _unwatched

    async def __call__(self) -> Sequence[Copied]:
        """Copy, and return what has become of each place.

        Both stores are prepared for the collections of the scope. Raises ConfigurationError for a
        target that is not empty, unless there is a bookmark in a file or ``replace``; and
        StoreUnavailableError, which says how to go on.
        """
        try:
            return await _Work(self).run()
        except StoreUnavailableError as error:
            raise StoreUnavailableError(f"{error.detail} {self._advice}") from error

    @property
    def _advice(self) -> str:
        if self.bookmark.is_kept:
            return "What was copied stays: run the same command again, and it goes on from there."
        return "What was copied stays. To go on, run it again with --resume FILE."


class _Work:
    """A copy while it runs."""

    def __init__(self, copying: Copying) -> None:
        self.copying = copying
        self.source = Side("source", copying.source)
        self.target = Side("target", copying.target)
        self.settling = Settling(
            self.source,
            self.target,
            copying.scope.collections,
            copying.bookmark,
            replace=copying.replace,
        )

    async def run(self) -> Sequence[Copied]:
        if not self.copying.bookmark.is_kept and not self.copying.replace:
            await self._refuse_what_is_there()
        await self.settling.put_back()
        done = [await _Transfer(self, place, collection).run() for place, collection in self.copying.scope]
        by_place = {each.place: each for each in done}
        for realm, key in await self.settling.put_back():
            if (place := Place(realm, key.collection)) in by_place:
                by_place[place].conflict(key.id)
        for each in done:
            await self.settling.look_again(each)
        return done

    async def _refuse_what_is_there(self) -> None:
        for place, collection in self.copying.scope:
            if (await self.target.realm(place.realm).find(collection.entity, limit=1)).items:
                raise ConfigurationError(
                    f"The target is not empty: there are {place.collection} in the realm {place.realm}. "
                    "To go on with a copy, or to add what is missing, use --resume FILE; to make the target "
                    "equal to the source, whatever it holds, use --replace."
                )


class _Transfer:
    """One place while it is copied."""

    def __init__(self, work: _Work, place: Place, collection: Collection[Any]) -> None:
        self._source, self._target = work.source.realm(place.realm), work.target.realm(place.realm)
        self._copying = work.copying
        self._bookmark, self._batch = work.copying.bookmark, work.copying.batch
        self._settling = work.settling
        self._place = place
        self._entity: type[Entity] = collection.entity
        self._records: Records[Any] = Records(collection)
        self._copied = Copied(place=place)

    async def run(self) -> Copied:
        if supports(self._source.inner, Countable):
            self._copied.total = await self._source.count(self._entity)
        self._copying.watch(self._copied)
        await self._settle_doubts()
        after = self._bookmark.last(self._place)
        is_bare = not (await self._target.find(self._entity, after=after, limit=1)).items
        while True:
            page = await self._source.find(self._entity, after=after, limit=self._batch)
            if page.items:
                await self._put(after, page.items, is_bare=is_bare)
                after = page.items[-1].id
            if page.next is None:
                break
        if self._copying.replace:
            async for each in stream(self._target, self._entity, after=after, limit=self._batch):
                await self._settling.settle(self._copied, each.id)
        return self._copied

    async def _settle_doubts(self) -> None:
        """Compare what may have arrived before an interruption, and complete it one by one."""
        until = self._bookmark.doubtful(self._place)
        if until is None:
            return
        last = self._bookmark.last(self._place)
        sent = await self._between(self._source, last, until)
        there = await self._between(self._target, last, until)
        for id in sorted({*sent, *there}):
            if is_same(self._records, sent.get(id), there.get(id)):
                self._copied.there += 1
            else:
                await self._settling.settle(self._copied, id)
        self._arrived(until, len(sent))

    async def _put(self, after: str | None, batch: Sequence[Entity], *, is_bare: bool) -> None:
        until = batch[-1].id
        self._bookmark.begin(self._place, until)
        there = {} if is_bare else await self._between(self._target, after, until)
        missing = [each for each in batch if each.id not in there]
        has_loaded = await self._load(missing)
        # What was removed after it was read must not come back, and what was changed is out of date.
        now = await self._between(self._source, after, until)
        loaded = {each.id: each for each in missing} if has_loaded else {}
        ids = now.keys() | {each.id for each in batch} | (there.keys() if self._copying.replace else set())
        for id in sorted(ids):
            if id in loaded and loaded[id] == now.get(id):
                self._copied.loaded += 1
            elif id in there and is_same(self._records, there[id], now.get(id)):
                self._copied.there += 1
            else:
                await self._settling.settle(self._copied, id)
        self._arrived(until, len(batch))

    def _arrived(self, until: str, count: int) -> None:
        self._bookmark.arrived(self._place, until)
        self._copied.seen += count
        self._copying.watch(self._copied)

    async def _load(self, entities: Sequence[Entity]) -> bool:
        """Add entities, or return False when one of them cannot be added as it is."""
        try:
            if supports(self._target.inner, BulkLoadable):
                await self._target.load(entities, batch=self._batch)
            else:
                for start in range(0, len(entities), LARGEST_COMMIT):
                    await self._target.commit(*map(Add, entities[start : start + LARGEST_COMMIT]))
        except DuplicateError:
            return False
        return True

    async def _between(self, side: Side, after: str | None, until: str) -> dict[str, Entity]:
        return await between(side, self._entity, after, until, limit=self._batch)
