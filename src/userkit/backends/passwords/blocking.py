"""Hashing for the synchronous kit: the calling thread does it, when it is its turn."""

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from userkit.backends.passwords.places import DEFAULT_QUEUE, Places, check_sizes
from userkit.backends.passwords.plain import PlainHasher
from userkit.ports.passwords import Verification

__all__ = ["BlockingHasher"]

T = TypeVar("T")


class BlockingHasher:
    """Let so many threads hash at once, make so many wait, and turn the others away."""

    blocking = True

    def __init__(self, plain: PlainHasher, *, workers: int | None = None, queue: int = DEFAULT_QUEUE) -> None:
        """Take what hashes, and the numbers; half of the processors work if nothing is said."""
        self._plain = plain
        self._workers, self._queue = check_sizes(workers, queue)
        # A forked process has none of the threads that hold a lock here; it gets a desk of its own.
        self._desks: dict[int, _Desk] = {}

    async def hash(self, password: str) -> str:
        """See PasswordHasher.hash."""
        return self._run(partial(self._plain.hash, password))

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """See PasswordHasher.verify."""
        return self._run(partial(self._plain.verify, password, encoded))

    def recognises(self, encoded: str) -> bool:
        """See PasswordHasher.recognises. Raises ConfigurationError if only a package or setting lacks."""
        return self._plain.recognises(encoded)

    async def close(self) -> None:
        """See PasswordHasher.close; there are no threads to end."""

    def _run(self, call: Callable[[], T]) -> T:
        desk = self._desk()
        desk.places.take()
        try:
            with desk.turns:
                return call()
        finally:
            desk.places.leave()

    def _desk(self) -> "_Desk":
        process = os.getpid()
        # setdefault is atomic, so that threads that come at once agree on one.
        return self._desks.get(process) or self._desks.setdefault(process, _Desk(self._workers, self._queue))


class _Desk:
    """Where the threads of one process queue up."""

    __slots__ = ("places", "turns")

    def __init__(self, workers: int, queue: int) -> None:
        self.places = Places(workers + queue)
        self.turns = threading.Semaphore(workers)
