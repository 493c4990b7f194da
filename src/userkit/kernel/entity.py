"""What every stored thing has in common."""

from dataclasses import dataclass, replace
from typing import Any, Self

from userkit.kernel.ids import Id

__all__ = ["Entity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A thing with an identity and revisions.

    ``id`` is a UUID as text. ``version`` starts at 1 and grows by one with every revision; it is
    what makes a change conditional. Fields of a subclass are text, ints, bools, aware datetimes,
    bytes, enumerations of text, frozensets and tuples of text, JSON mappings, and each of them
    optional.
    """

    id: Id
    version: int = 1

    def evolve(self, **changes: Any) -> Self:
        """Return the next revision, with these fields changed."""
        return replace(self, version=self.version + 1, **changes)
