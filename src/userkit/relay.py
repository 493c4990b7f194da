"""Doing what is in the outbox beside the application: in a task of the event loop, or in a thread."""

import logging
import os
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from userkit.errors import UserKitError

if TYPE_CHECKING:
    import asyncio

__all__ = ["PAUSE", "TaskRelay", "ThreadRelay", "respawn_relays"]

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
            except Exception:  # noqa: BLE001  # it goes on, whatever a handler does
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
        _running.add(self)

    def stop(self) -> None:
        """End the thread; wait for what it is doing."""
        self._stopped.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _spawn(self) -> None:
        work = partial(self._work, self._stopped)
        self._thread = threading.Thread(target=work, name="userkit-relay", daemon=True)
        self._thread.start()

    @property
    def is_stopped(self) -> bool:
        """Tell whether it looks no more."""
        return self._thread is None

    def respawn(self) -> None:
        """Begin again in a process that was forked: threads stay behind. Does nothing once stopped."""
        if not self.is_stopped:
            self._stopped = threading.Event()  # the lock of the old one may be held for ever
            self._spawn()

    def _work(self, stopped: threading.Event) -> None:
        while True:
            try:
                self._deliver()
            except UserKitError as error:
                _log.warning("The outbox cannot be read: %s", error.code)
            except Exception:  # noqa: BLE001  # it goes on, whatever a handler does
                _log.exception("The relay failed")
            if stopped.wait(self._pause):
                return


_running: WeakSet[ThreadRelay] = WeakSet()


def respawn_relays() -> None:
    """Begin every relay again that was running when this process was forked."""
    for relay in list(_running):
        relay.respawn()


# Not every system can fork.
getattr(os, "register_at_fork", dict)(after_in_child=respawn_relays)
