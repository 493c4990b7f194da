"""Handing out what is kept of a user: the named fields of entities, as JSON, a page at a time."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Generic, TypeVar

from userkit.errors import UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.json import JSONObject
from userkit.storage.port import Store

__all__ = ["Disclosure", "shown", "walk"]

E = TypeVar("E", bound=Entity)

_PAGE = 500


async def walk(
    store: Store,
    entity: type[E],
    field: str | None = None,
    value: str | None = None,
    *,
    after: str | None = None,
) -> AsyncGenerator[E, None]:
    """Go through what ``Store.find`` finds, in the order of ids, with no more than a page in memory."""
    while True:
        page = await store.find(entity, field, value, after=after, limit=_PAGE)
        for each in page.items:
            yield each
        after = page.next
        if after is None:
            return


@dataclass(frozen=True, slots=True)
class Disclosure(Generic[E]):
    """Yield these fields of every entity of a user; ``by`` is what holds the id of the user.

    ``Parts.disclose`` takes it: ``parts.disclose["notes"] = Disclosure(store, Note, ("text", "at"))``.
    """

    store: Store
    entity: type[E]
    fields: tuple[str, ...]
    by: str = "user_id"

    async def __call__(self, user_id: str) -> AsyncGenerator[JSONObject, None]:
        """Yield what is kept of a user, oldest first."""
        if self.by == "id":
            found = await self.store.get(self.entity, user_id)
            if found is not None:
                yield shown(found, *self.fields)
            return
        async for each in walk(self.store, self.entity, self.by, user_id):
            yield shown(each, *self.fields)


def shown(entity: Entity, *fields: str) -> JSONObject:
    """Return these fields of an entity as JSON, times as RFC 3339.

    Raises UsageError for bytes: they are digests and keys, and nobody is shown them.
    """
    return {name: _shown(name, getattr(entity, name)) for name in fields}


def _shown(name: str, value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        raise UsageError(f"{name} is bytes, which are digests and keys: nobody is shown them.")
    return value
