"""The count of one key: where it is, what is stored there, and what is to be."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from userkit.features.throttling.model import Attempts
from userkit.kernel.ids import derived_id
from userkit.ports.rate_limit import Limit, Tally
from userkit.storage.changes import Add, Save

__all__ = ["Draft", "Ending", "Place", "drafted"]


class Ending(Enum):
    """What becomes of an attempt that was no failure."""

    RELEASED = auto()
    FORGOTTEN = auto()

    def of(self, tally: Tally, limit: Limit, now: datetime) -> Tally:
        """Return the tally after it."""
        return tally.released(limit, now) if self is Ending.RELEASED else tally.cleared(now)


@dataclass(frozen=True, slots=True)
class Place:
    """Where attempts under a key of a limit are counted."""

    limit: Limit
    id: str

    @classmethod
    def of(cls, limit: Limit, key: str) -> "Place":
        """Return the place of any text, also of what is not UTF-8."""
        return cls(limit, derived_id("rate limit", limit.name, ascii(key)))


@dataclass(slots=True)
class Draft:
    """What is stored at a place, and the tally that is to be there."""

    place: Place
    stored: Attempts | None
    tally: Tally
    _before: Tally = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Remember the tally that there was."""
        self._before = self.tally

    @classmethod
    def over(cls, place: Place, stored: Attempts | None, now: datetime) -> "Draft":
        """Begin with what is stored; where there is nothing, nothing was counted until now."""
        if stored is None:
            return cls(place, None, Tally(since=now))
        tally = Tally(since=stored.since, count=stored.count, delays=stored.delays, until=stored.until)
        return cls(place, stored, tally)

    @property
    def change(self) -> Add[Attempts] | Save[Attempts] | None:
        """Return what writes the tally, None when it is as it was."""
        tally, limit = self.tally, self.place.limit
        if tally is self._before:
            return None
        if self.stored is None:
            return Add(_first(self.place, tally))
        after = self.stored.evolve(
            since=tally.since,
            count=tally.count,
            delays=tally.delays,
            until=tally.until,
            expires_at=tally.forgotten_at(limit),
        )
        return Save(self.stored, after)


def drafted(drafts: Iterable[Draft]) -> list[Add[Attempts] | Save[Attempts]]:
    """Return the changes of a commit, in one order everywhere, so that commits that cross queue up."""
    changes = (each.change for each in sorted(drafts, key=lambda each: each.place.id))
    return [each for each in changes if each is not None]


def _first(place: Place, tally: Tally) -> Attempts:
    return Attempts(
        id=place.id,
        # Not 1, so that who has read it before it was purged cannot take what came after for the same.
        version=max(1, int(tally.since.timestamp() * 1000)),
        limit_name=place.limit.name,
        since=tally.since,
        count=tally.count,
        delays=tally.delays,
        until=tally.until,
        expires_at=tally.forgotten_at(place.limit),
    )
