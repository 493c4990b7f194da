"""Whether the results of a report are within what is promised, and what is written where they are not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.measure import Contest, Count
from benchmarks.report.goals import GOALS, Goal
from benchmarks.report.record import Report

__all__ = [
    "Bounded",
    "Judged",
    "State",
    "bounded",
    "distance_of",
    "judged",
    "missing_distances",
    "number",
    "outlived_distances",
]

DISTANCES = Path(__file__).parent / "distances"

State = Literal["reached", "not reached", "not measured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A result with the bound that is promised for it."""

    name: str
    value: float
    bound: float
    is_most: bool
    """Whether the bound is the most that it may be, or the least."""

    @property
    def share(self) -> float:
        """Return how much of what is allowed is used up: 1 is just within."""
        used, allowed = (self.value, self.bound) if self.is_most else (self.bound, self.value)
        if allowed:
            return used / allowed
        return float("inf") if used > 0 else 0.0

    @property
    def is_kept(self) -> bool:
        """Tell whether the result is within the bound."""
        return self.value <= self.bound if self.is_most else self.value >= self.bound

    @property
    def told(self) -> str:
        """Return the bound in short."""
        return f"{'≤' if self.is_most else '≥'} {number(self.bound)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a goal."""

    goal: Goal
    state: State
    kept: int
    bounds: int
    worst: Bounded | None
    """The result that is closest to its bound, or furthest beyond it."""


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that mean something, and never with an exponent."""
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def bounded(result: Contest | Count) -> Iterator[Bounded]:
    """Return a result with each of its bounds; most have one, some have none."""
    against = f" against {result.rival}" if isinstance(result, Contest) else ""
    value = result.ratio if isinstance(result, Contest) else result.value
    least = None if isinstance(result, Contest) else result.at_least
    for bound, is_most in ((result.at_most, True), (least, False)):
        if bound is not None:
            yield Bounded(name=result.name + against, value=value, bound=bound, is_most=is_most)


def judged(report: Report) -> list[Judged]:
    """Judge each goal: it is reached when every result with a bound that names it is within."""
    cut_short = {
        result.goal for each in report.failed for result in each.results if not isinstance(result, str)
    }
    return [_judged(goal, report.results(), is_whole=goal.name not in cut_short) for goal in GOALS]


def _judged(goal: Goal, results: Iterable[Contest | Count], *, is_whole: bool) -> Judged:
    found = [each for result in results if result.goal == goal.name for each in bounded(result)]
    worst = max(found, key=lambda each: (not each.is_kept, each.share), default=None)
    state: State = "not measured"
    if worst is not None and not worst.is_kept:
        state = "not reached"
    elif worst is not None and is_whole:
        state = "reached"
    return Judged(
        goal=goal, state=state, kept=sum(each.is_kept for each in found), bounds=len(found), worst=worst
    )


def distance_of(goal: str, folder: Path = DISTANCES) -> str | None:
    """Return what has been written on why a goal is not reached, and on what it would take."""
    path = folder / f"{goal}.md"
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def missing_distances(report: Report, folder: Path = DISTANCES) -> list[str]:
    """Return the goals that are not reached, and nobody has written why."""
    missed = [each.goal.name for each in judged(report) if each.state == "not reached"]
    return [name for name in missed if not distance_of(name, folder)]


def outlived_distances(report: Report, folder: Path = DISTANCES) -> list[str]:
    """Return what is written on goals that are reached, or on none at all."""
    open_goals = {each.goal.name for each in judged(report) if each.state != "reached"}
    return sorted(each.stem for each in folder.glob("*.md") if each.stem not in open_goals)
