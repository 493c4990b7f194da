"""Taking turns inside one process: threads wait for a lock, tasks for their event loop."""

import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio

__all__ = ["TaskTurns", "ThreadTurns"]

L = TypeVar("L")


class _Locks(Generic[L]):
    """A lock for each key that somebody holds or waits for; the others are forgotten."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[L, int]] = {}

    def __len__(self) -> int:
        return len(self._locks)

    @contextmanager
    def one(self, key: str, fresh: L) -> Generator[L, None, None]:
        """Yield the lock of a key, which is ``fresh`` when nobody has one."""
        with self._guard:
            lock, users = self._locks.get(key, (fresh, 0))
            self._locks[key] = lock, users + 1
        try:
            yield lock
        finally:
            with self._guard:
                lock, users = self._locks[key]
                if users == 1:
                    del self._locks[key]
                else:
                    self._locks[key] = lock, users - 1


class ThreadTurns:
    """Turns of threads, for the synchronous kit: who waits blocks, and waits for no event loop."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self.locks: _Locks[threading.Lock] = _Locks()

    @asynccontextmanager
    async def of(self, key: str) -> AsyncGenerator[None, None]:
        """See Turns.of."""
        with self.locks.one(key, threading.Lock()) as lock, lock:
            yield


class TaskTurns:
    """Turns of tasks, for the asynchronous kit: who waits lets the others run."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self.locks: _Locks[asyncio.Lock] = _Locks()

    @asynccontextmanager
    async def of(self, key: str) -> AsyncGenerator[None, None]:
        """See Turns.of."""
        import asyncio

        with self.locks.one(key, asyncio.Lock()) as lock:
            async with lock:
                yield
