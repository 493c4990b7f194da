"""What a commit is made of."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from userkit.errors import UsageError
from userkit.kernel.entity import Entity

__all__ = ["Add", "Change", "Remove", "Save"]

E_co = TypeVar("E_co", bound=Entity, covariant=True)


@dataclass(frozen=True, slots=True)
class Add(Generic[E_co]):
    """Store a new entity. Its id and unique values must be free, else DuplicateError."""

    entity: E_co


@dataclass(frozen=True, slots=True)
class Save(Generic[E_co]):
    """Replace a revision by its successor. ``before`` must be stored, else StaleError."""

    before: E_co
    after: E_co

    def __post_init__(self) -> None:
        """Refuse two entities that are not successive revisions of one."""
        before, after = self.before, self.after
        if type(before) is not type(after) or before.id != after.id:
            raise UsageError("Save takes two revisions of one entity.")
        if after.version != before.version + 1:
            raise UsageError("Save takes a revision and its successor: make it with evolve().")


@dataclass(frozen=True, slots=True)
class Remove(Generic[E_co]):
    """Take an entity out. Exactly this revision must be stored, else StaleError."""

    entity: E_co


Change = Add[Entity] | Save[Entity] | Remove[Entity]
"""One change; a commit takes up to 25."""
