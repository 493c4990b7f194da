"""Measure two ways of doing one thing in turn, A B A B …, so that a drifting machine hurts both."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["HEADER", "ROUNDS", "Contest", "Count", "Result", "compared", "contest"]

ROUNDS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What came of one comparison: medians per operation in microseconds, and the ratio of rounds."""

    name: str
    rival: str
    ours_us: float
    rival_us: float
    ratio: float
    lowest: float
    highest: float
    unit: str = "CPU µs"
    goal: str = ""
    """The figure that this belongs to, such as ``P7``, or nothing where none is promised."""
    at_most: float | None = None
    """The ratio that is promised."""

    def row(self) -> str:
        """Return a row of a Markdown table."""
        return (
            f"| {self.name} | {self.rival} | {self.ours_us:,.1f} | {self.rival_us:,.1f} | "
            f"**{self.ratio:.2f}** ({self.lowest:.2f}-{self.highest:.2f}) | {self.unit} |"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number that is not compared with a rival's: statements, modules, bytes, or a ratio to itself."""

    name: str
    value: float
    unit: str
    goal: str = ""
    at_most: float | None = None
    at_least: float | None = None
    is_exact: bool = True
    """Whether a second run gives the very same number, whatever else the machine does."""

    def row(self) -> str:
        """Return a row of the same table."""
        return f"| {self.name} | | {self.value:,.5g} | | | {self.unit} |"


HEADER = "| what | against | userkit | rival | ratio (range) | unit |\n|---|---|---|---|---|---|"

Result = Contest | Count | str
"""What a suite yields: comparisons, numbers, and sentences in Markdown."""


def contest(
    name: str,
    rival: str,
    ours: Callable[[], int],
    theirs: Callable[[], int],
    *,
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
    unit: str = "CPU µs",
    goal: str = "",
    at_most: float | None = None,
) -> Contest:
    """Run both in turn after one warm-up each; each returns how many operations it did.

    ``clock`` is CPU time of this process (user and system) unless the work is done elsewhere.
    """
    ours()
    theirs()
    pairs = [(_once(ours, clock), _once(theirs, clock)) for _ in range(rounds)]
    mine, others = zip(*pairs, strict=True)
    return compared(name, rival, mine, others, unit=unit, goal=goal, at_most=at_most)


def compared(
    name: str,
    rival: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    unit: str,
    goal: str = "",
    at_most: float | None = None,
) -> Contest:
    """Return what came of rounds that were measured already, the first of ours with the first of theirs."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Contest(
        name=name,
        rival=rival,
        ours_us=statistics.median(ours),
        rival_us=statistics.median(theirs),
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        unit=unit,
        goal=goal,
        at_most=at_most,
    )


def _once(work: Callable[[], int], clock: Callable[[], float]) -> float:
    begin = clock()
    operations = work()
    return (clock() - begin) / operations * 1e6
