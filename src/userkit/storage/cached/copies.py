"""Copies of the entities of one collection: under which keys, and in which form."""

import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Generic, TypeVar

from userkit.errors import InvalidEntityError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.storage.collection import Collection
from userkit.storage.plain import Plain
from userkit.storage.records import Records

__all__ = ["Copies"]

E = TypeVar("E", bound=Entity)

# Whatever a text that was not written here makes of being read.
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Copies(Generic[E]):
    """How a cache keeps the entities of one collection.

    A copy is compact JSON in the plain form of records; no bytes at all stand for "there is none".
    """

    def __init__(self, collection: Collection[E]) -> None:
        """Take the collection."""
        self._records = Records(collection)
        self._name, self._unique = collection.name, collection.unique
        # Versions of an application that know other fields would read each other's defaults.
        fields = [(each.name, each.kind.name, each.optional) for each in collection.fields]
        self._form = _digest(json.dumps([collection.schema, fields]), 6)
        self._plain = Plain(self._records)

    def key(self, field: str | None, value: str | None) -> str | None:
        """Return the key for what is found by an id or by a unique value, or None if nothing can be."""
        if field == "id":
            return f"{self._name}:id:{value}" if isinstance(value, str) and is_id(value) else None
        if field not in self._unique or not isinstance(value, str):
            return None
        if not self._records.matchable(field, value):
            return None
        # Nobody reads addresses in a list of keys, and keys have one length.
        return f"{self._name}:{field}:{_digest(value, 16)}"

    def keys(self, entity: E) -> Iterator[str]:
        """Return every key under which an entity may be kept."""
        for field in ("id", *self._unique):
            key = self.key(field, getattr(entity, field))
            if key is not None:
                yield key

    def encode(self, entity: E | None) -> bytes:
        """Return the copy of an entity. Raises InvalidEntityError for what no store should have held."""
        if entity is None:
            return b""
        record = self._plain.write(self._records.encode(entity))
        return json.dumps([self._form, record], separators=(",", ":"), ensure_ascii=False).encode()

    def decode(self, copy: bytes, field: str, value: str) -> E | None:
        """Return the entity of a copy, which was found by this value.

        Raises InvalidEntityError for a copy of another form, or of something else.
        """
        if not copy:
            return None
        try:
            form, record = json.loads(copy)
            if form != self._form:
                raise InvalidEntityError("A copy has another form.")
            entity = self._plain.read(record)
            if getattr(entity, field) != value:
                raise InvalidEntityError("A copy is of something else.")
        except _UNREADABLE as error:
            raise InvalidEntityError("A copy cannot be read.") from error
        return entity


def _digest(text: str, size: int) -> str:
    return blake2b(text.encode(), digest_size=size).hexdigest()
