"""Comparing two stores record by record, in bounded memory."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from userkit.copying.scope import Place, Scope
from userkit.copying.sides import Side
from userkit.copying.streams import stream
from userkit.kernel.clock import Clock, utc_now
from userkit.kernel.entity import Entity
from userkit.storage.canonical import canonical
from userkit.storage.collection import Collection
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.storage.records import Records

__all__ = ["Difference", "Verified", "verify"]

_FIRST = 20


class Difference(NamedTuple):
    """A record that is ``missing`` in the target, ``extra`` there, or an ``other`` one."""

    id: str
    kind: str


@dataclass(slots=True, kw_only=True)
class Verified:
    """How the two sides of one place compare.

    The digests are SHA-256 over the canonical text of each record and a line end, in the order of
    the ids. ``expired`` counts what is on one side only and past its time: engines that delete by
    themselves do so at different moments, so it is neither a difference nor in the digests.
    """

    place: Place
    source_count: int = 0
    target_count: int = 0
    source_digest: str = ""
    target_digest: str = ""
    differences: int = 0
    first: list[Difference] = field(default_factory=list)
    expired: int = 0

    @property
    def ok(self) -> bool:
        """Tell whether the two are the same."""
        return self.differences == 0


def _unwatched(verified: Verified) -> None:
    """Tell nobody."""


async def verify(
    source: Store,
    target: Store,
    scope: Scope,
    *,
    now: Clock = utc_now,
    watch: Callable[[Verified], object] = _unwatched,
) -> Sequence[Verified]:
    """Compare everything in a scope, and return what was found in each place.

    What differs is read once more, so that a change which was on its way to both is none. Both stores
    are prepared for the collections of the scope.
    """
    sides = Side("source", source), Side("target", target)
    moment = now()
    return [await _Comparison(place, collection, sides, moment, watch).run() for place, collection in scope]


class _Comparison:
    """One place of two stores while it is gone through."""

    def __init__(
        self,
        place: Place,
        collection: Collection[Any],
        sides: tuple[Side, Side],
        now: datetime,
        watch: Callable[[Verified], object],
    ) -> None:
        self._found = Verified(place=place)
        self._records: Records[Any] = Records(collection)
        self._source, self._target = (each.realm(place.realm) for each in sides)
        self._now = now
        self._watch = watch
        self._digests = hashlib.sha256(), hashlib.sha256()

    async def run(self) -> Verified:
        entity = self._records.collection.entity
        ours = stream(self._source, entity, limit=LARGEST_PAGE)
        theirs = stream(self._target, entity, limit=LARGEST_PAGE)
        one, other = await _next(ours), await _next(theirs)
        while one is not None or other is not None:
            id = min(each.id for each in (one, other) if each is not None)
            mine = one if one is not None and one.id == id else None
            yours = other if other is not None and other.id == id else None
            await self._compare(id, mine, yours)
            one = await _next(ours) if mine is not None else one
            other = await _next(theirs) if yours is not None else other
        self._found.source_digest, self._found.target_digest = (each.hexdigest() for each in self._digests)
        self._watch(self._found)
        return self._found

    async def _compare(self, id: str, one: Entity | None, other: Entity | None) -> None:
        mine, yours = self._text(one), self._text(other)
        if mine != yours:
            entity = self._records.collection.entity
            other, one = await self._target.get(entity, id), await self._source.get(entity, id)
            mine, yours = self._text(one), self._text(other)
        if (mine is None) != (yours is None) and self._is_over(one or other):
            self._found.expired += 1
            return
        if mine is not None:
            self._digests[0].update(mine + b"\n")
            self._found.source_count += 1
        if yours is not None:
            self._digests[1].update(yours + b"\n")
            self._found.target_count += 1
        if mine != yours:
            self._found.differences += 1
            if len(self._found.first) < _FIRST:
                kind = "missing" if yours is None else "extra" if mine is None else "other"
                self._found.first.append(Difference(id, kind))
        if self._found.source_count % LARGEST_PAGE == 0:
            self._watch(self._found)

    def _text(self, entity: Entity | None) -> bytes | None:
        return None if entity is None else canonical(self._records, entity)

    def _is_over(self, entity: Entity | None) -> bool:
        expires = self._records.collection.expires
        at: datetime | None = None if expires is None else getattr(entity, expires)
        return at is not None and at < self._now


async def _next(entities: AsyncIterator[Entity]) -> Entity | None:
    return await anext(entities, None)
