"""How often work goes to another thread and back, while an asynchronous kit works on SQLite."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from contextvars import Context
from pathlib import Path
from typing import Any

from benchmarks.counting.meters import measured
from benchmarks.counting.operations import SETTINGS, operations
from userkit import UserKit
from userkit.plugins.opening import open_store
from userkit.storage.threaded import ThreadedStore

__all__ = ["hops"]


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that counts what comes back from other threads: nothing comes back by another way."""

    returned = 0

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """See AbstractEventLoop."""
        self.returned += 1
        return super().call_soon_threadsafe(callback, *args, context=context)

    def begin(self) -> None:
        """See Meter.begin."""
        self.returned = 0

    def end(self) -> Mapping[str, int]:
        """See Meter.end."""
        return {"hops": self.returned}


def hops() -> dict[str, int]:
    """Return the hops of each operation."""
    loop = _Loop()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(_counted(f"sqlite:///{Path(folder) / 'hops.db'}", loop))


async def _counted(url: str, loop: _Loop) -> dict[str, int]:
    store = ThreadedStore(open_store(url, blocking=False))
    async with UserKit(store, **SETTINGS) as kit:
        ready = await operations(kit, store)
        del ready["bulk load"]
        counted = {name: (await measured(work, [loop]))["hops"] for name, work in ready.items()}
    await store.close()
    return counted
