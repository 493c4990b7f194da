"""Which kinds of values an entity may hold, read from its annotations."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Annotated, Any, Union

from userkit.errors import UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import IdMarker

__all__ = ["Field", "Kind", "fields_of"]

# Columns and keys that every backend adds to a record itself.
_RESERVED = frozenset({"realm", "schema"})


class Kind(Enum):
    """The kinds of values that every database can keep."""

    ID = auto()
    TEXT = auto()
    INT = auto()
    BOOL = auto()
    DATETIME = auto()
    BYTES = auto()
    ENUM = auto()
    TEXT_SET = auto()
    TEXT_TUPLE = auto()
    JSON = auto()


_KINDS: dict[Any, Kind] = {
    str: Kind.TEXT,
    int: Kind.INT,
    bool: Kind.BOOL,
    datetime: Kind.DATETIME,
    bytes: Kind.BYTES,
    frozenset[str]: Kind.TEXT_SET,
    tuple[str, ...]: Kind.TEXT_TUPLE,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity. ``enum`` is the enumeration of an ENUM field."""

    name: str
    kind: Kind
    optional: bool = False
    enum: type[Enum] | None = None


def fields_of(entity: type[Entity]) -> tuple[Field, ...]:
    """Return the fields of an entity class in their order.

    Raises UsageError for a field that not every database can keep as it is.
    """
    if not dataclasses.is_dataclass(entity):
        raise UsageError(f"{entity.__qualname__} is not a dataclass.")
    try:
        hints = typing.get_type_hints(entity, include_extras=True)
    except NameError as error:
        raise UsageError(f"{entity.__qualname__}: an annotation cannot be looked up: {error}.") from error
    return tuple(_field(entity, field.name, hints[field.name]) for field in dataclasses.fields(entity))


def _field(entity: type[Entity], name: str, hint: Any) -> Field:
    if name in _RESERVED:
        raise UsageError(f"{entity.__qualname__}.{name}: this name is taken by the stores.")
    bare, optional = _without_none(hint)
    if typing.get_origin(bare) is Annotated:
        of_id = any(isinstance(mark, IdMarker) for mark in bare.__metadata__)
        bare = bare.__origin__
        if of_id and bare is str:
            return Field(name, Kind.ID, optional)
    if bare in _KINDS:
        return Field(name, _KINDS[bare], optional)
    if typing.get_origin(bare) is Mapping and typing.get_args(bare)[:1] == (str,):
        return Field(name, Kind.JSON, optional)
    if (
        isinstance(bare, type)
        and issubclass(bare, Enum)
        and all(isinstance(item.value, str) for item in bare)
    ):
        return Field(name, Kind.ENUM, optional, bare)
    raise UsageError(
        f"{entity.__qualname__}.{name}: {bare} cannot be stored; a field is text, an int, a bool, a "
        "datetime, bytes, an enumeration of text, a frozenset or tuple of text, a mapping with JSON, or one "
        "of these or None."
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in typing.get_args(hint) if part is not types.NoneType]
        if len(rest) == 1 and len(typing.get_args(hint)) == 2:
            return rest[0], True
    return hint, False
