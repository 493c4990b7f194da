"""Changes that make sense on any revision: when somebody else was faster, read again."""

from collections.abc import Callable
from typing import TypeVar

from userkit.errors import StaleError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.storage.changes import Change, Remove, Save
from userkit.storage.port import Store

__all__ = ["ATTEMPTS", "discard", "rewrite"]

E = TypeVar("E", bound=Entity)

ATTEMPTS = 3


async def rewrite(store: Store, entity: type[E], id: str, change: Callable[[E], E]) -> tuple[E, E] | None:
    """Read an entity, change it and commit; read again when somebody else was faster.

    ``change`` gets the stored revision and returns its successor, or the same object when there
    is nothing to do. Returns the revisions before and after, or None when there is no such entity.
    Raises StaleError when others were faster three times.
    """

    def save(before: E) -> tuple[E, Change | None]:
        after = change(before)
        return after, None if after is before else Save(before, after)

    return await _on_fresh(store, entity, id, save)


async def discard(store: Store, entity: type[E], id: str) -> E | None:
    """Take an entity out, whatever its revision, and return the last one; None when there is none.

    Raises StaleError when others changed it three times in the meantime.
    """
    done = await _on_fresh(store, entity, id, lambda before: (before, Remove(before)))
    return None if done is None else done[0]


async def _on_fresh(
    store: Store, entity: type[E], id: str, change: Callable[[E], tuple[E, Change | None]]
) -> tuple[E, E] | None:
    attempt = 0
    while True:
        before = await store.get(entity, id) if is_id(id) else None
        if before is None:
            return None
        after, wanted = change(before)
        if wanted is None:
            return before, after
        attempt += 1
        try:
            await store.commit(wanted)
        except StaleError:
            if attempt == ATTEMPTS:
                raise
        else:
            return before, after
