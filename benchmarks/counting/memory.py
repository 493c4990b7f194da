"""What an operation needs of memory, and what it leaves behind for the collector."""

import gc
import sys
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.counting.operations import SETTINGS, Operation, operations
from userkit import SyncUserKit
from userkit.plugins.opening import open_store
from userkit.sync import run as step

__all__ = ["Footprint", "footprint", "footprints"]

_WARM, _TIMES = 50, 100
_WHAT = (
    "get",
    "find",
    "save",
    "refresh",
    "verify a token",
    "request with a token",
    "request with a token, user read",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Bytes at the highest above those before, and blocks that only the cyclic collector frees."""

    bytes: int
    garbage: float


def footprints() -> dict[str, Footprint]:
    """Measure operations on SQLite, in process."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'memory.db'}", blocking=True)
        with SyncUserKit(store, **SETTINGS) as kit:
            ready = step(operations(kit, store))
            measured = {name: footprint(_stepping(ready[name])) for name in _WHAT}
        step(store.close())
    return measured


def footprint(work: Callable[[], object]) -> Footprint:
    """Measure one operation, which can be done as often as one likes."""
    for _ in range(_WARM):
        work()
    with _uncollected():
        return Footprint(bytes=_highest(work), garbage=_left(work))


def _highest(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        return min(_peak(work) for _ in range(10))
    finally:
        tracemalloc.stop()


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    work()
    return tracemalloc.get_traced_memory()[1] - before


def _left(work: Callable[[], object]) -> float:
    _blocks(work, _TIMES)  # fills the free lists, which a collection has emptied
    begin = _blocks(work, 0)
    return max(0.0, round((_blocks(work, _TIMES) - begin) / _TIMES, 1))


def _blocks(work: Callable[[], object], times: int) -> int:
    for _ in range(times):
        work()
    return sys.getallocatedblocks()


@contextmanager
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _stepping(operation: Operation) -> Callable[[], object]:
    return lambda: step(_awaited(operation))


async def _awaited(operation: Callable[[], Awaitable[object]]) -> None:
    await operation()
