"""Opening a kit when the first request comes, in the process that answers it."""

import atexit
import os
import threading
from weakref import WeakSet

from userkit.kit import SyncUserKit

__all__ = ["KitOpener"]


class KitOpener:
    """Open a kit when there is something to answer, and close it at the end of the process.

    A server may load the application in one process and answer in others that are forked from it, so
    nothing is opened before. What the application has opened itself is left to it.
    """

    def __init__(self, kit: SyncUserKit) -> None:
        """Take a kit, as it is."""
        self._kit = kit
        self._ready = False
        self._ours = False
        _openers.add(self)

    def open(self) -> None:
        """Open the kit unless it is open. Raises as ``SyncUserKit.open``."""
        if self._ready and self._kit.is_open:
            return
        with _lock():
            if not self._kit.is_open:
                self._kit.open()
                self._ours = True
            self._ready = True

    def close(self) -> None:
        """Close the kit if it was opened here."""
        if self._ours:
            self._kit.close()


_openers: WeakSet[KitOpener] = WeakSet()
_locks: dict[int, threading.Lock] = {}


def _lock() -> threading.Lock:
    """Return the lock of this process: that of its parent may be held by a thread that stayed there.

    It is one for all kits, since views of realms are kits of which one opens all.
    """
    # setdefault is atomic, so that threads that come at once agree on one.
    return _locks.setdefault(os.getpid(), threading.Lock())


@atexit.register
def _close_all() -> None:
    for opener in list(_openers):
        opener.close()
