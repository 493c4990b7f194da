"""Things to store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from userkit.kernel.clock import utc_now
from userkit.kernel.entity import Entity
from userkit.kernel.ids import Id, UUIDv7
from userkit.storage.collection import Collection

new_id = UUIDv7(utc_now)


class Colour(Enum):
    """An enumeration of text."""

    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Entity):
    """A field of every kind, required and optional."""

    text: str
    number: int
    flag: bool
    at: datetime
    data: bytes
    colour: Colour
    owner: Id
    tags: frozenset[str]
    steps: tuple[str, ...]
    facts: Mapping[str, Any] = field(hash=False)
    text_or_none: str | None = None
    number_or_none: int | None = None
    flag_or_none: bool | None = None
    at_or_none: datetime | None = None
    data_or_none: bytes | None = None
    colour_or_none: Colour | None = None
    owner_or_none: Id | None = None
    tags_or_none: frozenset[str] | None = None
    steps_or_none: tuple[str, ...] | None = None
    facts_or_none: Mapping[str, Any] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Entity):
    """Something short, with every sort of lookup."""

    text: str = ""
    label: str | None = None
    colour: Colour | None = None
    done_at: datetime | None = None

    @property
    def initial(self) -> Any:
        """Return what the text begins with: a derived lookup."""
        return self.text[:1] or None

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words to search by."""
        return tuple(self.text.split())


THINGS = Collection("things", Thing)
NOTES = Collection(
    "notes",
    Note,
    unique=("label",),
    index=("colour", "initial"),
    expires="done_at",
    search="words",
)


def note(text: str = "", **values: Any) -> Note:
    """Return a new note."""
    return Note(**{"id": new_id(), "text": text, **values})
