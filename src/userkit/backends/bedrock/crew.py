"""The threads of a model in one process, and the places in which calls wait for them."""

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from userkit.backends.bedrock.line import Line
from userkit.errors import ModelTimeoutError, ModelUnavailableError

__all__ = ["Crew"]

T = TypeVar("T")

_CLOSED = "The language model was closed meanwhile."
_PATIENCE = 5.0
"""How many seconds to wait for threads that cannot be reached, when a crew is dismissed."""


class Crew:
    """As many threads as places: who has a place has a connection, and a thread when it needs one."""

    def __init__(self, count: int) -> None:
        """Begin with all places free; the threads start with the first calls."""
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="userkit-bedrock")
        self._lock = threading.Lock()
        self._free = count
        self._waiting: deque[Future[None]] = deque()
        self._lines: set[Line] = set()
        self._jobs: set[Future[Any]] = set()

    async def enter(self, line: Line) -> None:
        """Wait for a place, as long as there is time. Raises ModelTimeoutError."""
        place = self._ask()
        try:
            async with asyncio.timeout(line.left()):
                await asyncio.wrap_future(place)
        except BaseException as error:
            # However we go, also when cancelled, the place must not go with us.
            if not place.cancel():
                self._give()  # it was given while we went
            if isinstance(error, TimeoutError):
                raise ModelTimeoutError from None
            raise
        self._lines.add(line)

    def leave(self, line: Line) -> None:
        """Give a place back, from any thread."""
        self._lines.discard(line)
        self._give()

    def start(self, work: Callable[[], T], line: Line) -> "Future[T]":
        """Do something in a thread, or give the place back where there is none any more."""
        try:
            return self.submit(work)
        except BaseException:
            # Nobody else would give the place back, whatever it was.
            self.leave(line)
            raise

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Do something in a thread, with the context variables of who asks."""
        # Tracing and logging keep who asks in context variables.
        context = contextvars.copy_context()
        try:
            job: Future[T] = self._threads.submit(context.run, work)
        except RuntimeError as error:
            raise ModelUnavailableError(_CLOSED) from error
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return job

    @staticmethod
    async def result(job: "Future[T]", line: Line) -> T:
        """Wait for what a thread does, as long as there is time; then its line is cut.

        Raises ModelTimeoutError.
        """
        try:
            async with asyncio.timeout(line.left()):
                return await asyncio.wrap_future(job)
        except TimeoutError:
            line.cut()
            raise ModelTimeoutError from None
        except asyncio.CancelledError:
            line.cut()
            raise

    async def dismiss(self, *, patience: float = _PATIENCE) -> None:
        """Cut what goes on and end the threads; one that cannot be reached ends by its own time-out."""
        self._threads.shutdown(wait=False)
        self._turn_away()
        for line in tuple(self._lines):
            line.cut()
        going = [asyncio.wrap_future(job) for job in tuple(self._jobs)]
        done, late = await asyncio.wait(going, timeout=patience) if going else (set(), set())
        for job in done:
            # Told to whom it may concern already.
            _ = job.cancelled() or job.exception()
        for job in late:
            job.cancel()
        # Idle threads end within microseconds.
        self._threads.shutdown(wait=not late)

    def _turn_away(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for place in waiting:
            if place.set_running_or_notify_cancel():
                place.set_exception(ModelUnavailableError(_CLOSED))

    def _ask(self) -> "Future[None]":
        place: Future[None] = Future()
        with self._lock:
            if not self._free:
                self._waiting.append(place)
                return place
            self._free -= 1
        place.set_result(None)
        return place

    def _give(self) -> None:
        with self._lock:
            place = self._next()
            if place is None:
                self._free += 1
        if place is not None:
            place.set_result(None)

    def _next(self) -> "Future[None] | None":
        while self._waiting:
            place = self._waiting.popleft()
            if place.set_running_or_notify_cancel():
                return place
        return None
