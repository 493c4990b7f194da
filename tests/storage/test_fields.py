"""The annotations of an entity say what is stored; what some database could not keep is refused."""

import typing
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, make_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, Optional, Union
from uuid import UUID

import pytest

from tests.storage.things import Colour, Thing
from userkit.errors import UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import Id
from userkit.storage.fields import Field, Kind, fields_of


class Size(StrEnum):
    """An enumeration whose items are text."""

    SMALL = "s"


class Level(IntEnum):
    """An enumeration of numbers."""

    ONE = 1


class Mixed(Enum):
    """An enumeration of text and a number."""

    TEXT = "text"
    NUMBER = 1


def with_field(hint: Any, name: str = "field") -> type[Entity]:
    """Return an entity class with one more field."""
    return make_dataclass("Made", [(name, hint)], bases=(Entity,), frozen=True, kw_only=True)


def test_every_kind_is_known_in_the_order_of_the_fields() -> None:
    """Required and optional ones."""
    kinds = [
        ("text", Kind.TEXT, None),
        ("number", Kind.INT, None),
        ("flag", Kind.BOOL, None),
        ("at", Kind.DATETIME, None),
        ("data", Kind.BYTES, None),
        ("colour", Kind.ENUM, Colour),
        ("owner", Kind.ID, None),
        ("tags", Kind.TEXT_SET, None),
        ("steps", Kind.TEXT_TUPLE, None),
        ("facts", Kind.JSON, None),
    ]
    assert {kind for _, kind, _ in kinds} == set(Kind)
    assert fields_of(Thing) == (
        Field("id", Kind.ID),
        Field("version", Kind.INT),
        *(Field(name, kind, False, enum) for name, kind, enum in kinds),
        *(Field(f"{name}_or_none", kind, True, enum) for name, kind, enum in kinds),
    )


@pytest.mark.parametrize(
    ("hint", "field"),
    [
        (Optional[str], Field("field", Kind.TEXT, True)),  # noqa: UP045  # the older form is read, too
        (Union[None, int], Field("field", Kind.INT, True)),  # noqa: UP007
        (None | bytes, Field("field", Kind.BYTES, True)),
        (Annotated[str, "anything"], Field("field", Kind.TEXT)),
        (Annotated[int, "anything"] | None, Field("field", Kind.INT, True)),
        (Id | None, Field("field", Kind.ID, True)),
        (Size, Field("field", Kind.ENUM, False, Size)),
        (Size | None, Field("field", Kind.ENUM, True, Size)),
        (typing.Mapping[str, int], Field("field", Kind.JSON)),
        (Mapping[str, Any] | None, Field("field", Kind.JSON, True)),
        ("str | None", Field("field", Kind.TEXT, True)),
    ],
)
def test_a_kind_may_be_written_in_several_ways(hint: Any, field: Field) -> None:
    """Optional, annotated, from typing, or as text that can be looked up."""
    assert fields_of(with_field(hint))[-1] == field


def test_an_annotation_that_cannot_be_looked_up_is_refused() -> None:
    """As when it is imported for type checkers only."""
    with pytest.raises(UsageError, match="Made: an annotation cannot be looked up: name 'Unheard'"):
        fields_of(with_field("Unheard"))


@pytest.mark.parametrize(
    "hint",
    [
        float,
        Decimal,
        date,
        UUID,
        object,
        Any,
        None,
        list[str],
        set[str],
        frozenset[int],
        frozenset,
        tuple[str],
        tuple[str, str],
        tuple[int, ...],
        tuple,
        dict[str, Any],
        MutableMapping[str, Any],
        Mapping,
        typing.Mapping,
        Mapping[int, str],
        Level,
        Mixed,
        Literal["a", "b"],
        str | int,
        str | int | None,
        Annotated[float, "anything"],
        Annotated[str | None, "anything"],
        Callable[[], str],
        Thing,
    ],
)
def test_anything_else_is_refused_by_name(hint: Any) -> None:
    """At start-up, and not when the first row is written."""
    with pytest.raises(UsageError, match=r"Made\.field: .* cannot be stored; a field is text"):
        fields_of(with_field(hint))


@pytest.mark.parametrize("name", ["realm", "schema"])
def test_names_that_stores_use_themselves_are_refused(name: str) -> None:
    """Every record has them already."""
    with pytest.raises(UsageError, match=f"Made.{name}: this name is taken"):
        fields_of(with_field(str, name))


def test_only_dataclasses_have_fields() -> None:
    """A plain class declares nothing."""

    class Plain:
        pass

    with pytest.raises(UsageError, match="Plain is not a dataclass"):
        fields_of(Plain)  # type: ignore[arg-type]  # the mistake under test


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Entity):
    """An entity whose annotations are text, as in a module with `from __future__ import annotations`."""

    at: "datetime | None" = None
    size: "Size" = Size.SMALL


def test_annotations_that_are_text_are_looked_up() -> None:
    """In the module of the class."""
    assert fields_of(Written)[2:] == (
        Field("at", Kind.DATETIME, True),
        Field("size", Kind.ENUM, False, Size),
    )
