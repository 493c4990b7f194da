"""Hashing for the asynchronous kit: threads do it, so that no call blocks the event loop."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from userkit.backends.passwords.places import DEFAULT_QUEUE, Places, check_sizes
from userkit.backends.passwords.plain import PlainHasher
from userkit.ports.passwords import Verification

__all__ = ["ThreadedHasher"]

T = TypeVar("T")


class ThreadedHasher:
    """Hash in so many threads, let so many calls wait, and turn the others away.

    The threads start with the first call, in each process. A call that is cancelled while it
    waits leaves the queue; one that runs keeps its thread to the end.
    """

    blocking = False

    def __init__(self, plain: PlainHasher, *, workers: int | None = None, queue: int = DEFAULT_QUEUE) -> None:
        """Take what hashes, and the numbers; half of the processors work if nothing is said."""
        self._plain = plain
        self._workers, self._queue = check_sizes(workers, queue)
        # A forked process has none of the threads; it gets a crew of its own.
        self._crews: dict[int, _Crew] = {}

    async def hash(self, password: str) -> str:
        """See PasswordHasher.hash."""
        return await self._run(partial(self._plain.hash, password))

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """See PasswordHasher.verify."""
        return await self._run(partial(self._plain.verify, password, encoded))

    def recognises(self, encoded: str) -> bool:
        """See PasswordHasher.recognises. Raises ConfigurationError if only a package or setting lacks."""
        return self._plain.recognises(encoded)

    async def close(self) -> None:
        """Let the threads end when all calls are answered; a call that comes later starts new ones."""
        crew = self._crews.pop(os.getpid(), None)
        if crew is not None:
            crew.threads.shutdown(wait=False)

    async def _run(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        return await asyncio.wrap_future(self._crew().submit(call), loop=loop)

    def _crew(self) -> "_Crew":
        process = os.getpid()
        # setdefault is atomic, so that event loops in several threads agree on one.
        return self._crews.get(process) or self._crews.setdefault(process, _Crew(self._workers, self._queue))


class _Crew:
    """The threads of one process."""

    __slots__ = ("places", "threads")

    def __init__(self, workers: int, queue: int) -> None:
        self.places = Places(workers + queue)
        self.threads = ThreadPoolExecutor(workers, thread_name_prefix="userkit-passwords")

    def submit(self, call: Callable[[], T]) -> "Future[T]":
        self.places.take()
        try:
            job = self.threads.submit(call)
        except BaseException:
            self.places.leave()  # no thread could be started
            raise
        # It is called in every case, also when a waiter is cancelled.
        job.add_done_callback(self._done)
        return job

    def _done(self, job: "Future[T]") -> None:
        self.places.leave()
