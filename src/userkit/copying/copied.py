"""What has become of one place of a copy."""

from dataclasses import dataclass, field

from userkit.copying.scope import Place

__all__ = ["Copied"]

_MOST_REMEMBERED = 1000


@dataclass(slots=True, kw_only=True)
class Copied:
    """What has become of one place.

    ``total`` is how many the source had when the copy began, if it can count; ``seen`` how many were
    read. Of these, ``loaded`` were added, ``there`` were in the target already, as they are, and
    ``levelled`` were added, replaced or taken out one by one. ``conflicts`` could not be: the target has
    another record in the place, or another one with the same unique value; ``first`` are ids of some.
    """

    place: Place
    total: int | None = None
    seen: int = 0
    loaded: int = 0
    there: int = 0
    levelled: int = 0
    conflicts: int = 0
    first: list[str] = field(default_factory=list)

    def conflict(self, id: str) -> None:
        """Count one that could not be copied."""
        self.conflicts += 1
        if len(self.first) < _MOST_REMEMBERED:
            self.first.append(id)
