"""Changes that make sense on any revision: when somebody else was faster, read again."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from userkit.errors import DuplicateError, StaleError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.storage.changes import Change, Remove, Save
from userkit.storage.port import LARGEST_COMMIT, Store

__all__ = ["ATTEMPTS", "Also", "anew", "anew_or_added", "discard", "discard_all", "rewrite"]

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

ATTEMPTS = 3


Also = Callable[[E, E], Awaitable[Iterable[Change]]]
"""Returns, for the revisions before and after, what else belongs into the same commit."""


async def anew(attempt: Callable[[], Awaitable[T]]) -> T:
    """Make an attempt that reads what is stored, and make it anew while others are faster.

    It is made three times at most. Raises StaleError when others were faster each time.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(StaleError):
            return await attempt()
    return await attempt()


async def anew_or_added(attempt: Callable[[], Awaitable[T]]) -> T:
    """Make an attempt anew, as ``anew`` does, also when somebody else has added the same in the meantime."""

    async def added_is_stale() -> T:
        try:
            return await attempt()
        except DuplicateError as error:
            raise StaleError from error

    return await anew(added_is_stale)


async def _nothing(*_: object) -> Iterable[Change]:
    return ()


async def rewrite(
    store: Store, entity: type[E], id: str, change: Callable[[E], E], *, also: Also[E] = _nothing
) -> tuple[E, E] | None:
    """Read an entity, change it and commit; read again when somebody else was faster.

    ``change`` gets the stored revision and returns its successor, or the same object when there
    is nothing to do. ``also`` adds changes of other entities to the commit. Returns the revisions
    before and after, or None when there is no such entity. Raises StaleError when others were
    faster three times.
    """

    async def save(before: E) -> tuple[E, list[Change]]:
        after = change(before)
        return after, [] if after is before else [Save(before, after), *await also(before, after)]

    return await _on_fresh(store, entity, id, save)


async def discard(
    store: Store, entity: type[E], id: str, *, also: Callable[[E], Awaitable[Iterable[Change]]] = _nothing
) -> E | None:
    """Take an entity out, whatever its revision, and return the last one; None when there is none.

    ``also`` adds changes of other entities to the commit. Raises StaleError when others changed it
    three times in the meantime.
    """

    async def remove(before: E) -> tuple[E, list[Change]]:
        return before, [Remove(before), *await also(before)]

    done = await _on_fresh(store, entity, id, remove)
    return None if done is None else done[0]


async def discard_all(store: Store, entity: type[E], field: str, value: str) -> None:
    """Take out every entity with this value in a declared field, in commits of 25, however many there are."""
    while True:
        page = await store.find(entity, field, value, limit=LARGEST_COMMIT)
        try:
            await store.commit(*(Remove(each) for each in page.items))
        except StaleError:
            # One of them was changed or taken out by somebody else: they are done one by one.
            for each in page.items:
                await discard(store, entity, each.id)
        if page.next is None:
            return


async def _on_fresh(
    store: Store, entity: type[E], id: str, change: Callable[[E], Awaitable[tuple[E, list[Change]]]]
) -> tuple[E, E] | None:
    async def attempt() -> tuple[E, E] | None:
        before = await store.get(entity, id) if is_id(id) else None
        if before is None:
            return None
        after, wanted = await change(before)
        if wanted:
            await store.commit(*wanted)
        return before, after

    return await anew(attempt)
