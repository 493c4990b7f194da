"""Opening a kit when the first request comes, in the process that answers it."""

import atexit
import os
import threading
from weakref import WeakKeyDictionary

from userkit.kit import SyncUserKit

__all__ = ["KitOpener", "opener_of"]


class KitOpener:
    """Open a kit once in each process, and close it there at the end.

    A server may load the application in one process and answer in others that are forked from it, so
    nothing is opened before there is something to answer.
    """

    def __init__(self, kit: SyncUserKit) -> None:
        """Take a kit, as it is."""
        self._kit = kit
        self._process: int | None = None
        # The lock of a forked process may be held by a thread that stayed behind; each has its own.
        self._locks: dict[int, threading.Lock] = {}

    def open(self) -> None:
        """Open the kit unless it is open in this process. Raises as ``SyncUserKit.open``."""
        process = os.getpid()
        if self._process == process:
            return
        # setdefault is atomic, so that threads that come at once agree on one.
        with self._locks.setdefault(process, threading.Lock()):
            if self._process != process:
                self._kit.open()
                self._process = process

    def close(self) -> None:
        """Close the kit if it was opened here, in this process."""
        if self._process == os.getpid():
            self._process = None
            self._kit.close()


_openers: WeakKeyDictionary[SyncUserKit, KitOpener] = WeakKeyDictionary()


def opener_of(kit: SyncUserKit) -> KitOpener:
    """Return the one opener of a kit, which several applications may share."""
    return _openers.setdefault(kit, KitOpener(kit))


@atexit.register
def _close_all() -> None:
    for opener in list(_openers.values()):
        opener.close()
