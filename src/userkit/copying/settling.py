"""One record after the other: what a batch could not do, and what others have changed meanwhile."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from userkit.copying.bookmark import Bookmark
from userkit.copying.copied import Copied
from userkit.copying.sides import Side
from userkit.errors import DuplicateError, StaleError, StoreError
from userkit.kernel.entity import Entity
from userkit.storage.canonical import is_same
from userkit.storage.catalogue import Catalogue
from userkit.storage.collection import Collection
from userkit.storage.levelling import MARKS, Key, Leveller

__all__ = ["Settling"]


class _KeptError(StoreError):
    """A record of the target stays, because the source would not give it back."""

    summary = "The target holds a record with the same unique value that the source does not have."


_CONFLICTS = (DuplicateError, StaleError, _KeptError)


class Settling:
    """Make single records of the target what the source has now.

    Without ``replace`` nothing is lost that is only in the target: such a record is a conflict, unless
    it is an older revision of the source's own.
    """

    def __init__(
        self,
        source: Side,
        target: Side,
        collections: Iterable[Collection[Any]],
        bookmark: Bookmark,
        *,
        replace: bool,
    ) -> None:
        """Take the two stores, prepared for these collections, and where to note what is taken out."""
        self._source, self._target = source, target
        self._catalogue = Catalogue(collections)
        self._bookmark = bookmark
        self._replace = replace
        self._marked = False

    async def put_back(self) -> Sequence[tuple[str, Key]]:
        """Put back what was taken out to make room, and stayed out because something went wrong.

        Returns what cannot be put back yet: somebody else holds its value, who has to give it up.
        """
        for realm, key in self._bookmark.taken_out:
            with suppress(*_CONFLICTS):
                await self._level(realm, key)
                self._bookmark.put_back(realm, [key])
        return self._bookmark.taken_out

    async def settle(self, copied: Copied, id: str) -> None:
        """Make one record equal, or count it as a conflict."""
        held, wanted = await self._both(copied, id)
        if self._is_same(copied, held, wanted):
            copied.there += wanted is not None
            return
        is_older = held is None or wanted is None or held.version < wanted.version
        if is_older or self._replace:
            with suppress(*_CONFLICTS):
                await self._level(copied.place.realm, Key(copied.place.collection, id))
                copied.levelled += 1
                return
        copied.conflict(id)

    async def look_again(self, copied: Copied) -> None:
        """Forget conflicts that somebody else has resolved in the meantime."""
        for id in list(copied.first):
            if self._is_same(copied, *await self._both(copied, id)):
                copied.first.remove(id)
                copied.conflicts -= 1
                copied.there += 1

    async def _both(self, copied: Copied, id: str) -> tuple[Entity | None, Entity | None]:
        entity = self._collection(copied.place.collection).entity
        # The target first: what it was given by a store that it follows, the source has by then.
        held = await self._target.realm(copied.place.realm).get(entity, id)
        return held, await self._source.realm(copied.place.realm).get(entity, id)

    def _is_same(self, copied: Copied, one: Entity | None, other: Entity | None) -> bool:
        entity = self._collection(copied.place.collection).entity
        return is_same(self._catalogue.records(entity), one, other)

    async def _level(self, realm: str, key: Key) -> None:
        if not self._marked:
            await self._target.prepare([MARKS])
            self._marked = True
        source, target = self._source.realm(realm), self._target.realm(realm)
        taken_out: list[Key] = []

        async def keep_in_mind(key: Key) -> None:
            entity = self._collection(key.collection).entity
            if not self._replace and await source.get(entity, key.id) is None:
                raise _KeptError
            self._bookmark.take_out(realm, key)
            taken_out.append(key)

        leveller = Leveller(
            leader=source,
            follower=target,
            catalogue=self._catalogue,
            realm=realm,
            before_taking_out=keep_in_mind,
        )
        await leveller.level(key)
        self._bookmark.put_back(realm, taken_out)

    def _collection(self, name: str) -> Collection[Any]:
        return next(each for each in self._catalogue.collections if each.name == name)
