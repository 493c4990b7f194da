"""Bars on standard error: how much is done, how fast, and how long it will take."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

__all__ = ["Rate", "progress", "watched"]

T = TypeVar("T")


class Rate(ProgressColumn):
    """How many are done in a second: what the task calls ``rows``, or else its steps."""

    def render(self, task: Task) -> Text:
        """Return it in whole numbers, or nothing as long as nobody can tell."""
        done = task.fields.get("rows", task.completed)
        seconds = task.finished_time or task.elapsed
        return Text(f"{done / seconds:,.0f}/s" if done and seconds else "")


def progress(*, quiet: bool = False, in_percent: bool = False, transient: bool = False) -> Progress:
    """Return a bar that is seen on a terminal only.

    ``quiet`` is for programs; ``in_percent`` for steps that are no things to count, such as bytes.
    """
    console = Console(stderr=True)
    # FORCE_COLOR makes rich take a file for a terminal, in which a bar is one line for each move.
    is_seen = console.is_terminal and sys.stderr.isatty()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn() if in_percent else MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=transient,
        disable=quiet or not is_seen,
    )


def watched(
    what: str, items: Iterable[T], *, total: Callable[[], int | None], quiet: bool = False
) -> Iterator[T]:
    """Yield items, and count them on a bar that goes away at the end.

    ``total`` is asked how many there are only where somebody sees the bar: counting may take as long.
    """
    with progress(quiet=quiet, transient=True) as bar:
        yield from bar.track(items, total=None if bar.disable else total(), description=what)
