"""Reading a collection in the order of its ids, a page at a time."""

from collections.abc import AsyncIterator
from typing import TypeVar

from userkit.kernel.entity import Entity
from userkit.storage.port import Store

__all__ = ["between", "stream"]

E = TypeVar("E", bound=Entity)


async def stream(store: Store, entity: type[E], *, after: str | None = None, limit: int) -> AsyncIterator[E]:
    """Go through everything of a kind after an id, with no more than a page in memory."""
    while True:
        page = await store.find(entity, after=after, limit=limit)
        for each in page.items:
            yield each
        after = page.next
        if after is None:
            return


async def between(
    store: Store, entity: type[E], after: str | None, until: str, *, limit: int
) -> dict[str, E]:
    """Return what lies after one id and up to another, by its id."""
    found: dict[str, E] = {}
    async for each in stream(store, entity, after=after, limit=limit):
        if each.id > until:
            break
        found[each.id] = each
    return found
