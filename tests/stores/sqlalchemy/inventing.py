"""Entities of any collection, invented from what its fields may hold."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from userkit.kernel.entity import Entity
from userkit.storage.collection import Collection
from userkit.storage.fields import Field, Kind
from userkit.testing.specimens import new_id

__all__ = ["START", "invented"]

START = datetime(2026, 1, 1, tzinfo=UTC)

# How many entities share a value by which several are found.
_SHARED = 50
_OWNERS = [new_id() for _ in range(100)]

_VALUES: dict[Kind, Callable[[int], Any]] = {
    Kind.ID: lambda number: _OWNERS[number // _SHARED % len(_OWNERS)],
    Kind.TEXT: "text {:05}".format,
    Kind.INT: lambda number: 1 << 40 | number,
    Kind.BOOL: lambda number: number % 2 == 0,
    Kind.DATETIME: lambda number: START + timedelta(hours=number, milliseconds=7),
    Kind.BYTES: lambda number: b"\0\xff" + number.to_bytes(30, "big"),
    Kind.TEXT_SET: lambda number: frozenset({"één", f"{number}", ""}),
    Kind.TEXT_TUPLE: lambda number: (f"{number}", "b", "a"),
    Kind.JSON: lambda number: {"number": number, "nested": [{"ключ": None}]},
}


def invented(collection: Collection[Any], number: int, *, sparse: bool = False) -> Entity:
    """Return an entity whose fields hold something, or with ``sparse`` None where that is allowed."""
    values = {
        field.name: None if sparse and field.optional else _value(field, number)
        for field in collection.fields
        if field.name not in ("id", "version")
    }
    entity: Entity = collection.entity(id=new_id(), **values)
    return entity


def _value(field: Field, number: int) -> Any:
    if field.enum is None:
        return _VALUES[field.kind](number)
    # The last is rare, and what one looks for.
    first, *_, last = field.enum
    return last if number % _SHARED == 0 else first
