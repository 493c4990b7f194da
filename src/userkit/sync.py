"""Step coroutines that never wait, without an event loop.

The core is written ``async def`` but never touches an event loop. Over a blocking store every
coroutine runs to its end at the first step, which costs about a microsecond.
"""

import gc
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar, cast

from userkit.errors import WouldWaitError

__all__ = ["iterate", "run", "synced"]

P = ParamSpec("P")
T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits, and return its result.

    Raises WouldWaitError, naming who waits for whom, when it does after all.
    """
    return _stepped(coroutine, coroutine)


def synced(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Return the synchronous twin of a coroutine function, with the same parameters and result."""

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(function(*args, **kwargs))

    return call


def iterate(generator: AsyncGenerator[T, None]) -> Generator[T, None, None]:
    """Step an asynchronous generator that never waits. Closing this one closes that one.

    Raises WouldWaitError as ``run``.
    """
    pieces = _pieces(generator)
    next(pieces)  # from here on closing it closes that one, even if nobody asks for a piece
    return pieces


def _pieces(generator: AsyncGenerator[T, None]) -> Generator[T, None, None]:
    try:
        yield cast(T, None)
        while True:
            try:
                piece = _stepped(generator.__anext__(), generator)
            except StopAsyncIteration:
                return
            yield piece
    finally:
        _stepped(generator.aclose(), generator)


class _Unwound(BaseException):
    """Makes what waits clean up. Closing a coroutine would not reach the generators that it steps."""


def _stepped(coroutine: Coroutine[Any, Any, T], waiting: object) -> T:
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # typeshed does not know what a coroutine returns
    culprit = _who_waits(waiting)
    _unwind(coroutine)
    raise WouldWaitError(
        f"{culprit} waited for an event loop. A synchronous kit needs a blocking store, and "
        "listeners, checks and mailers that do not wait."
    )


def _unwind(coroutine: Coroutine[Any, Any, object]) -> None:
    with suppress(_Unwound, StopIteration, StopAsyncIteration):
        coroutine.throw(_Unwound())
        coroutine.throw(_Unwound())  # it waits again while it cleans up
    with suppress(RuntimeError):  # or for ever
        coroutine.close()


def _who_waits(waiting: object) -> str:
    """Return who waits for whom, from the outermost to the innermost coroutine."""
    names: list[str] = []
    while waiting is not None:
        if inspect.iscoroutine(waiting):
            names.append(waiting.__qualname__)
            waiting = waiting.cr_await
        elif inspect.isasyncgen(waiting):
            names.append(waiting.__qualname__)
            waiting = waiting.ag_await
        else:
            # A step of a generator does not tell of which, but it holds it.
            waiting = next(filter(inspect.isasyncgen, gc.get_referents(waiting)), None)
    return " -> ".join(names) or "A coroutine"
