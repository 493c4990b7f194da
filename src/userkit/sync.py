"""Step coroutines that never wait, without an event loop.

The core is written ``async def`` but never touches an event loop. Over a blocking store every
coroutine runs to its end at the first step, which costs about a microsecond.
"""

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from userkit.errors import WouldWaitError

__all__ = ["iterate", "run", "synced"]

P = ParamSpec("P")
T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits, and return its result.

    Raises WouldWaitError, naming who waits for whom, when it does after all.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # typeshed does not know what a coroutine returns
    culprit = _who_waits(coroutine)
    with suppress(RuntimeError):  # it may wait again while it cleans up
        coroutine.close()
    raise WouldWaitError(
        f"{culprit} waited for an event loop. A synchronous kit needs a blocking store, and "
        "listeners, checks and mailers that do not wait."
    )


def synced(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Return the synchronous twin of a coroutine function, with the same parameters and result."""

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(function(*args, **kwargs))

    return call


def iterate(pieces: AsyncGenerator[T, None]) -> Generator[T, None, None]:
    """Step an asynchronous generator that never waits. Closing this one closes that one.

    Raises WouldWaitError as ``run``.
    """
    try:
        while True:
            try:
                piece = run(anext(pieces))
            except StopAsyncIteration:
                return
            yield piece
    finally:
        run(pieces.aclose())


def _who_waits(coroutine: object) -> str:
    """Return who waits for whom, from the outermost to the innermost coroutine."""
    names: list[str] = []
    while inspect.iscoroutine(coroutine):
        names.append(coroutine.__qualname__)
        coroutine = coroutine.cr_await
    return " -> ".join(names) or "A coroutine"
