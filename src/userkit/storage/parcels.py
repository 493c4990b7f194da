"""What a commit in one store leaves to be done in another: written down in the first, in that very commit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from userkit.errors import InvalidEntityError
from userkit.kernel.entity import Entity
from userkit.kernel.json import JSONObject
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.plain import Plain

__all__ = ["PARCELS", "PATIENCE", "Packing", "Parcel", "reverse"]

PATIENCE = timedelta(seconds=30)
"""How long a parcel is left to who sent it, or to who has taken it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel(Entity):
    """Changes that are still to be made in the main store.

    ``changes`` are those; ``undo`` are what takes back the commit that the parcel came with, should
    the main store refuse them. ``taken_at`` is when somebody took it over from its sender, or from
    who had it before.
    """

    changes: JSONObject = field(repr=False, hash=False)
    undo: JSONObject = field(repr=False, hash=False)
    created_at: datetime
    taken_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether others may see to it."""
        return (self.taken_at or self.created_at) + PATIENCE <= now

    def taken(self, now: datetime) -> Self:
        """Return the parcel as it is while somebody else sees to it."""
        return self.evolve(taken_at=now)


PARCELS = Collection("parcels", Parcel)
"""Where a store that others are routed to keeps them. It is empty when nothing is under way."""


class Packing:
    """Put changes into parcels, and take them out."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Take what knows the collections; it may learn more later."""
        self._catalogue = catalogue

    def pack(
        self, id: str, changes: Sequence[Change], *, undo: Sequence[Change], created_at: datetime
    ) -> Parcel:
        """Return a parcel. Raises UsageError and InvalidEntityError for what no store would take."""
        noted, undoing = ({"changes": [self._note(each) for each in some]} for some in (changes, undo))
        return Parcel(id=id, changes=noted, undo=undoing, created_at=created_at)

    def changes(self, parcel: Parcel) -> list[Change]:
        """Return what is to be done."""
        return list(self._read(parcel.changes))

    def undo(self, parcel: Parcel) -> list[Change]:
        """Return what takes the other part back."""
        return list(self._read(parcel.undo))

    def _note(self, change: Change) -> JSONObject:
        if isinstance(change, Save):
            return {"verb": "save", "before": self._form(change.before), "after": self._form(change.after)}
        verb = "add" if isinstance(change, Add) else "remove"
        return {"verb": verb, "entity": self._form(change.entity)}

    def _form(self, entity: Entity) -> JSONObject:
        records = self._catalogue.records(type(entity))
        collection = records.collection
        written = Plain(records).write(records.encode(entity))
        return {"collection": collection.name, "schema": collection.schema, "record": written}

    def _read(self, noted: JSONObject) -> Iterator[Change]:
        for each in noted["changes"]:
            if each["verb"] == "save":
                yield Save(self._entity(each["before"]), self._entity(each["after"]))
            else:
                entity = self._entity(each["entity"])
                yield Add(entity) if each["verb"] == "add" else Remove(entity)

    def _entity(self, form: Mapping[str, Any]) -> Entity:
        for collection in self._catalogue.collections:
            if collection.name == form["collection"]:
                plain: Plain[Entity] = Plain(self._catalogue.records(collection.entity))
                return plain.read(form["record"], schema=form["schema"])
        raise InvalidEntityError(f"A parcel is for {form['collection']}, which this kit does not store.")


def reverse(changes: Sequence[Change]) -> list[Change]:
    """Return changes that take others back, made of revisions that follow theirs; in reverse order."""
    return [_reverse(each) for each in reversed(changes)]


def _reverse(change: Change) -> Change:
    if isinstance(change, Save):
        return Save(change.after, replace(change.before, version=change.after.version + 1))
    if isinstance(change, Add):
        return Remove(change.entity)
    # Not as the revision that it was, for who has read that must not take it for unchanged.
    return Add(replace(change.entity, version=change.entity.version + 1))
