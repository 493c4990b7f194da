"""Doing what is in the outbox beside the application: a task in the asynchronous kit, a thread in the other."""

import logging
import os
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from userkit.errors import UserKitError

if TYPE_CHECKING:
    import asyncio

__all__ = ["PAUSE", "Relay", "TaskRelay", "ThreadRelay"]

_log = logging.getLogger("userkit.relay")

PAUSE = 1.0
"""Seconds between two looks into the outbox. Several processes may look; each entry is done by one."""


class TaskRelay:
    """Look into the outbox again and again in a task of the event loop."""

    def __init__(self, deliver: Callable[[], Awaitable[object]], *, pause: float = PAUSE) -> None:
        """Take what looks once."""
        self._deliver = deliver
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, on the loop that this is called on."""
        import asyncio

        self._task = asyncio.get_running_loop().create_task(self._work(), name="userkit-relay")

    async def stop(self) -> None:
        """End the task. What it was doing is done again by the next relay."""
        import asyncio

        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _work(self) -> None:
        import asyncio

        while True:
            try:
                await self._deliver()
            except UserKitError as error:
                _log.warning("The outbox cannot be read: %s", error.code)
            except Exception:
                _log.exception("The relay failed")
            await asyncio.sleep(self._pause)


class ThreadRelay:
    """Look into the outbox again and again in a thread."""

    def __init__(self, deliver: Callable[[], object], *, pause: float = PAUSE) -> None:
        """Take what looks once."""
        self._deliver = deliver
        self._pause = pause
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin in this process, and in every process that is forked from it."""
        self._spawn()
        # Not every system can fork.
        getattr(os, "register_at_fork", dict)(after_in_child=self._respawn)

    def stop(self) -> None:
        """End the thread; wait for what it is doing."""
        self._stopped.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _spawn(self) -> None:
        self._thread = threading.Thread(target=self._work, name="userkit-relay", daemon=True)
        self._thread.start()

    def _respawn(self) -> None:
        if self._thread is not None and not self._stopped.is_set():
            self._stopped = threading.Event()
            self._spawn()

    def _work(self) -> None:
        while True:
            try:
                self._deliver()
            except UserKitError as error:
                _log.warning("The outbox cannot be read: %s", error.code)
            except Exception:
                _log.exception("The relay failed")
            if self._stopped.wait(self._pause):
                return


Relay = TaskRelay | ThreadRelay
