"""What a store knows of its collections, and the checks that every commit passes first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, TypeVar

from userkit.errors import UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.port import LARGEST_COMMIT, LARGEST_PAGE
from userkit.storage.records import Record, Records

__all__ = [
    "Catalogue",
    "Move",
    "Verb",
    "Write",
    "check_after",
    "check_batch",
    "check_limit",
    "check_moment",
    "check_realm",
]

E = TypeVar("E", bound=Entity)

_LONGEST_REALM = 63


class Verb(Enum):
    """What a write does."""

    ADD = auto()
    SAVE = auto()
    REMOVE = auto()


@dataclass(frozen=True, slots=True)
class Move:
    """A field or lookup in which a write changes the value. None is no value."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Write:
    """One checked change as a backend carries it out.

    ``version`` is the revision that must be stored (SAVE and REMOVE), ``source`` that revision, and
    ``target`` the new one (ADD and SAVE). ``after`` is the record of that; ``words_before`` and
    ``words_after`` are the search words.
    """

    verb: Verb
    records: Records[Any]
    id: str
    version: int
    source: Entity | None
    target: Entity | None
    after: Record | None
    words_before: frozenset[str] = frozenset()
    words_after: frozenset[str] = frozenset()

    @property
    def before(self) -> Record | None:
        """Return the record of the revision that must be stored, encoded when it is asked for."""
        return None if self.source is None else self.records.encode(self.source)

    @property
    def changed(self) -> Record:
        """Return the part of ``after`` that the revision before does not have like this."""
        after = self.after or {}
        if self.source is None or self.target is None:
            return after
        return self.records.changes(self.source, self.target, after)

    def moves(self, fields: Sequence[str]) -> list[Move]:
        """Return which of these lookups change their value, such as those of ``collection.unique``."""
        if not fields:
            return []
        before, after = self.before or {}, self.after or {}
        moves = (Move(name, before.get(name), after.get(name)) for name in fields)
        return [move for move in moves if move.before != move.after]


class Catalogue:
    """The collections that a store was prepared for. Shared by the views of its realms."""

    def __init__(self, collections: Iterable[Collection[Any]] = ()) -> None:
        """Begin with these collections."""
        self._records: dict[type[Entity], Records[Any]] = {}
        self.add(collections)

    def add(self, collections: Iterable[Collection[Any]]) -> None:
        """Learn more collections. Raises UsageError when two have one name or one entity."""
        for collection in collections:
            for known in list(self._records.values()):  # another thread may prepare as well
                same_name = known.collection.name == collection.name
                same_entity = known.collection.entity is collection.entity
                if known.collection is not collection and (same_name or same_entity):
                    raise UsageError(f"Two collections are named {collection.name} or hold the same entity.")
            self._records.setdefault(collection.entity, Records(collection))

    @property
    def collections(self) -> Sequence[Collection[Any]]:
        """Return what was learnt, in order."""
        return [records.collection for records in self._records.values()]

    def records(self, entity: type[E]) -> Records[E]:
        """Return how entities of a kind are written, or raise UsageError."""
        try:
            return self._records[entity]
        except KeyError:
            raise UsageError(
                f"The store was not prepared for {entity.__qualname__}: enter the kit first, or prepare it."
            ) from None

    def plan(self, changes: Sequence[Change]) -> list[Write]:
        """Check and encode the changes of a commit before anything is sent.

        Raises UsageError for more than 25 changes or two to one entity, InvalidEntityError for
        values that cannot be stored.
        """
        if len(changes) > LARGEST_COMMIT:
            raise UsageError(f"A commit holds at most {LARGEST_COMMIT} changes, not {len(changes)}.")
        writes = [self._write(change) for change in changes]
        if len({(write.records.collection.name, write.id) for write in writes}) < len(writes):
            raise UsageError("A commit changes an entity only once.")
        return writes

    def _write(self, change: Change) -> Write:
        if isinstance(change, Add):
            return self._added(change.entity)
        if isinstance(change, Save):
            return self._saved(change.before, change.after)
        if isinstance(change, Remove):
            return self._removed(change.entity)
        raise UsageError(f"A commit takes Add, Save and Remove, not {type(change).__name__}.")

    def _added(self, entity: Entity) -> Write:
        records = self.records(type(entity))
        return Write(
            Verb.ADD,
            records,
            entity.id,
            version=0,
            source=None,
            target=entity,
            after=records.encode(entity),
            words_after=records.words(entity),
        )

    def _saved(self, before: Entity, after: Entity) -> Write:
        records = self.records(type(before))
        return Write(
            Verb.SAVE,
            records,
            before.id,
            version=before.version,
            source=before,
            target=after,
            after=records.encode(after),
            words_before=records.words(before),
            words_after=records.words(after),
        )

    def _removed(self, entity: Entity) -> Write:
        records = self.records(type(entity))
        records.encode(entity)  # what could not have been stored is not sent, not even its id
        return Write(
            Verb.REMOVE,
            records,
            entity.id,
            version=entity.version,
            source=entity,
            target=None,
            after=None,
            words_before=records.words(entity),
        )


def check_limit(limit: int) -> None:
    """Raise UsageError unless a page may have this many items."""
    if not isinstance(limit, int) or not 1 <= limit <= LARGEST_PAGE:
        raise UsageError(f"A page has 1 to {LARGEST_PAGE} items.")


def check_after(after: str | None) -> None:
    """Raise UsageError unless a page may begin after this."""
    if after is not None and not is_id(after):
        raise UsageError("after is an id: what the page before gave as next.")


def check_batch(batch: int) -> None:
    """Raise UsageError unless a batch of a load may have this many entities."""
    if not isinstance(batch, int) or batch < 1:
        raise UsageError("A batch has at least one entity.")


def check_moment(moment: datetime) -> None:
    """Raise UsageError unless a time says in which zone it is."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise UsageError("A time is aware, such as datetime.now(UTC).")


def check_realm(name: str) -> str:
    """Return the name of a realm, or raise UsageError.

    It is 1 to 63 characters, lower-case ASCII letters, digits, ``-`` and ``_``, and begins with a
    letter or digit.
    """
    allowed = isinstance(name, str) and name.isascii() and 0 < len(name) <= _LONGEST_REALM
    if not allowed or not name.replace("-", "").replace("_", "").isalnum() or name.lower() != name:
        raise UsageError("A realm is named in 1 to 63 lower-case letters, digits, - and _.")
    if not name[0].isalnum():
        raise UsageError("The name of a realm begins with a letter or a digit.")
    return name
