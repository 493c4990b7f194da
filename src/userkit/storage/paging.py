"""Pages: made of what a store has found, and skipped to by those who page by number."""

from collections.abc import Sequence
from typing import TypeVar

from userkit.errors import InvalidInputError
from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.port import LARGEST_PAGE, Store

__all__ = ["LARGEST_SKIP", "check_page", "page_of", "page_of_one", "skip_to"]

E = TypeVar("E", bound=Entity)

LARGEST_SKIP = 10_000


def check_page(*, limit: int, skip: int = 0) -> None:
    """Raise InvalidInputError unless a caller may ask for such a page."""
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= LARGEST_PAGE:
        raise InvalidInputError(f"limit is a number from 1 to {LARGEST_PAGE}.")
    if not isinstance(skip, int) or isinstance(skip, bool) or not 0 <= skip <= LARGEST_SKIP:
        raise InvalidInputError(f"skip is a number from 0 to {LARGEST_SKIP}; page by cursor to go further.")


async def skip_to(
    store: Store, entity: type[E], *, skip: int, limit: int, newest_first: bool = False
) -> Page[E]:
    """Return the page that begins after ``skip`` entities, at most 10,000.

    What is skipped is read and dropped, so this costs more the further it goes; cursors do not.
    """
    after: str | None = None
    while skip:
        skipped = await store.find(
            entity, after=after, limit=min(skip, LARGEST_PAGE), newest_first=newest_first
        )
        if skipped.next is None:
            return Page(())
        skip -= len(skipped.items)
        after = skipped.next
    return await store.find(entity, after=after, limit=limit, newest_first=newest_first)


def page_of(found: Sequence[E], *, limit: int) -> Page[E]:
    """Return the page of what was found, in its order, by looking for one more than ``limit``.

    The one more is not on the page; that it is there says that there is a next page.
    """
    items = tuple(found[:limit])
    return Page(items, items[-1].id if len(found) > limit else None)


def page_of_one(found: E | None, *, after: str | None, newest_first: bool) -> Page[E]:
    """Return the page of a find by a unique value: who holds it, unless they come before ``after``."""
    if found is None:
        return Page(())
    follows = after is None or (found.id < after if newest_first else found.id > after)
    return Page((found,) if follows else ())
