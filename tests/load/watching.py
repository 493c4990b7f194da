"""What load does to a process: who hashes, how long the event loop is held up, and what memory it takes."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from userkit.ports.passwords import Verification

__all__ = ["LoopWatch", "Watched", "arrive", "peak_memory"]

T = TypeVar("T")


class Watched:
    """A plain hasher that notes which threads run it, and how many at once."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain
        self.threads: set[int] = set()
        self.runs = self.most = self._inside = 0
        self._lock = threading.Lock()

    def hash(self, password: str) -> str:
        return self._watch(lambda: self._plain.hash(password))

    def verify(self, password: str, encoded: str | None) -> Verification:
        return self._watch(lambda: self._plain.verify(password, encoded))

    def recognises(self, encoded: str) -> bool:
        return bool(self._plain.recognises(encoded))

    def _watch(self, call: Callable[[], T]) -> T:
        with self._lock:
            self.runs += 1
            self._inside += 1
            self.most = max(self.most, self._inside)
            self.threads.add(threading.get_ident())
        try:
            return call()
        finally:
            with self._lock:
                self._inside -= 1


class LoopWatch:
    """Tick on an event loop, and note for how long each tick was held up.

    ``worked`` is the CPU time that the loop's thread spent from one tick to the next: what a busy
    machine does to all of its processes is not in it. ``waited`` is how late the ticks came.
    """

    def __init__(self, every: float = 0.001) -> None:
        self._every = every
        self.worked: list[float] = []
        self.waited: list[float] = []

    async def __aenter__(self) -> "LoopWatch":
        self._task = asyncio.create_task(self._tick())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _tick(self) -> None:
        while True:
            cpu, begin = time.thread_time(), time.perf_counter()
            try:
                await asyncio.sleep(self._every)
            finally:
                self.worked.append(time.thread_time() - cpu)
                self.waited.append(time.perf_counter() - begin - self._every)

    @staticmethod
    def p99(times: Sequence[float]) -> float:
        """Return what 99 of 100 ticks stay below."""
        return sorted(times)[int(len(times) * 0.99)]


async def arrive(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T | BaseException]:
    """Start calls one after the other, as a server does that accepts connections; wait for all."""
    tasks = []
    for call in calls:
        tasks.append(asyncio.create_task(call))
        await asyncio.sleep(0)
    return await asyncio.gather(*tasks, return_exceptions=True)


def peak_memory() -> int:
    """Return the most that this process has held so far, in KiB."""
    # getrusage would count the parent of a process as well.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])
