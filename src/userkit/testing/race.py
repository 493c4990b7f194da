"""Callers who want the same thing at the same time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from userkit.errors import UserKitError
from userkit.testing.bench import Bench, Job, Outcome
from userkit.testing.crew import Crew

__all__ = ["CALLERS", "ROUNDS", "Race", "Result"]

CALLERS = 16
ROUNDS = 3
"""How often each race is run: once may be luck."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a race ended, caller by caller."""

    outcomes: tuple[Outcome, ...]

    @property
    def winners(self) -> list[int]:
        """Return who succeeded, by their place in the start."""
        return [place for place, outcome in enumerate(self.outcomes) if outcome.error is None]

    @property
    def values(self) -> list[Any]:
        """Return what those who succeeded have got."""
        return [outcome.value for outcome in self.outcomes if outcome.error is None]

    @property
    def errors(self) -> Counter[type[UserKitError]]:
        """Return how many met which error."""
        return Counter(type(outcome.error) for outcome in self.outcomes if outcome.error is not None)

    def sole_winner(self, *others: type[UserKitError]) -> int:
        """Return the only one who succeeded; everybody else must have met one of these errors."""
        assert len(self.winners) == 1, (
            f"{len(self.winners)} callers succeeded, where only one can: {self.errors}"
        )
        assert set(self.errors) <= set(others), f"callers met other errors than expected: {self.errors}"
        return self.winners[0]


@dataclass(frozen=True, slots=True)
class Race:
    """Set callers on the store of a bench, or on its storage from two other processes."""

    bench: Bench
    crew: Crew | None

    async def __call__(self, jobs: Sequence[Job]) -> Result:
        """Do jobs at the same time. Fails when a caller meets an error that is not of userkit."""
        if self.crew is None:
            outcomes = await self.bench.race(jobs)
        else:
            outcomes = self.crew.race(self.bench.open_store, self.bench.realm, jobs)
        foreign = {outcome.foreign for outcome in outcomes if outcome.foreign is not None}
        assert not foreign, f"callers met errors that are not of userkit: {sorted(foreign)}"
        return Result(tuple(outcomes))
