"""A bar for what may take its time."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["watched"]

T = TypeVar("T")


def watched(what: str, items: Iterable[T], *, quiet: bool) -> Iterator[T]:
    """Yield items, and count them on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        yield from bar.track(items, total=None, description=what)
