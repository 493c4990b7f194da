"""Reading a store back, to see what is left of what was done to it."""

from typing import TypeVar

from userkit.kernel.entity import Entity
from userkit.storage.port import Store

__all__ = ["read_all", "read_pages"]

E = TypeVar("E", bound=Entity)


async def read_pages(
    store: Store,
    entity: type[E],
    field: str | None = None,
    value: str | None = None,
    *,
    limit: int = 1000,
    newest_first: bool = False,
) -> list[tuple[E, ...]]:
    """Return all pages of a list, as somebody sees them who turns them to the end."""
    pages: list[tuple[E, ...]] = []
    after: str | None = None
    while True:
        page = await store.find(entity, field, value, after=after, limit=limit, newest_first=newest_first)
        pages.append(page.items)
        if page.next is None:
            return pages
        after = page.next


async def read_all(
    store: Store, entity: type[E], field: str | None = None, value: str | None = None
) -> list[E]:
    """Return everything of a kind, or everything with this value, oldest first."""
    return [item for page in await read_pages(store, entity, field, value) for item in page]
