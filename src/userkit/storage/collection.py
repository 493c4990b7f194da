"""What a feature stores, and by which fields it looks things up."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from userkit.errors import UsageError
from userkit.kernel.entity import Entity
from userkit.storage.fields import Field, Kind, fields_of

__all__ = ["Collection", "Upgrade"]

E = TypeVar("E", bound=Entity)

Upgrade = Callable[[dict[str, Any], int], Mapping[str, Any]]
"""Turns a record written with an older schema number into one of today's."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Collection(Generic[E]):
    """Entities of one kind, as a feature declares them.

    - ``name``: lower case, at most 40 characters; tables and keys are named after it.
    - ``unique``: attributes whose value no two entities of a realm share. None is not a value.
    - ``index``: attributes to find several entities by. Both kinds hold text of at most 255
      characters, or None; an attribute may be a field or a property derived from fields.
    - ``expires``: the field with the time after which a record may be purged. It is a hint for
      cleaning up: an expired entity is still found until it is purged.
    - ``search``: the attribute with the words to search by, a tuple of case-folded text.
    - ``schema``: the number of the record's form. Give a new field a default; when more than that
      changes, raise the number and read old records through ``upgrade``.
    - ``cached``: read often and changed seldom, so that a cache may keep it.
    """

    name: str
    entity: type[E]
    unique: tuple[str, ...] = ()
    index: tuple[str, ...] = ()
    expires: str | None = None
    search: str | None = None
    schema: int = 1
    upgrade: Upgrade | None = None
    cached: bool = False
    fields: tuple[Field, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what no database could keep: it is better said at start-up than at night."""
        if not _NAME.fullmatch(self.name):
            raise UsageError(f"A collection is named in lower-case letters, digits and _: {self.name!r}")
        fields = fields_of(self.entity)
        object.__setattr__(self, "fields", fields)
        if len(set(self.lookups)) != len(self.lookups) or "id" in self.lookups:
            raise UsageError(
                f"{self.name}: a field is unique or indexed, and declared once; id is both anyway."
            )
        kinds = {each.name: each.kind for each in fields}
        for name in self.lookups:
            if not hasattr(self.entity, name) and name not in kinds:
                raise UsageError(f"{self.name}: {self.entity.__qualname__} has no {name}.")
            if kinds.get(name, Kind.TEXT) not in (Kind.ID, Kind.TEXT, Kind.ENUM):
                raise UsageError(f"{self.name}: {name} is not text, so nothing can be found by it.")
        if self.expires is not None and kinds.get(self.expires) is not Kind.DATETIME:
            raise UsageError(f"{self.name}: {self.expires} is not a datetime field.")
        if self.search is not None and not hasattr(self.entity, self.search):
            raise UsageError(f"{self.name}: {self.entity.__qualname__} has no {self.search}.")

    @property
    def lookups(self) -> tuple[str, ...]:
        """Return every attribute to find by: the unique ones, then the indexed ones."""
        return (*self.unique, *self.index)

    @property
    def derived(self) -> tuple[str, ...]:
        """Return the lookups that are not fields but properties derived from them."""
        stored = {each.name for each in self.fields}
        return tuple(name for name in self.lookups if name not in stored)
