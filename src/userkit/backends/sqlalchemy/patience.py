"""Blocking connections of psycopg that do not wait for ever for a server that has stopped answering."""

from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

from psycopg import Connection

__all__ = ["patient"]

R = TypeVar("R")

_Waiting = Generator[Any, Any, R]
"""What psycopg steps: it yields what it waits for, and is sent 0 where nothing came for a moment."""


def patient(seconds: float) -> type[Connection[Any]]:
    """Return a class of connections that raise TimeoutError when an answer takes longer."""

    class PatientConnection(Connection[Any]):
        def wait(self, gen: _Waiting[R], *args: Any, **kwargs: Any) -> R:
            return super().wait(_bounded(gen, seconds), *args, **kwargs)

    return PatientConnection


def _bounded(steps: _Waiting[R], seconds: float) -> _Waiting[R]:
    deadline = monotonic() + seconds
    try:
        state = next(steps)
        while True:
            ready = yield state
            if not ready and monotonic() > deadline:
                raise TimeoutError
            state = steps.send(ready)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # the type of a generator's return is not kept
