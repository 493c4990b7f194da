"""Something that each process makes for itself, such as a client with connections."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["PerProcess"]

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Made when it is first needed, and anew in a forked process, whose connections would be its parent's."""

    def __init__(self, make: Callable[[], T]) -> None:
        """Take what makes it."""
        self._make = make
        self._made: tuple[int, T] | None = None
        self._lock = threading.Lock()

    def get(self) -> T:
        """Return that of this process; threads that come at once agree on one."""
        made = self._made
        if made is None or made[0] != os.getpid():
            with self._lock:
                made = self._made
                if made is None or made[0] != os.getpid():
                    made = self._made = (os.getpid(), self._make())
        return made[1]

    def take(self) -> T | None:
        """Take it away and return it, None where this process has none. Another is made when it is needed."""
        made, self._made = self._made, None
        return made[1] if made is not None and made[0] == os.getpid() else None
