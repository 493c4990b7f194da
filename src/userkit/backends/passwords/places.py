"""How many calls may be inside at once, running and waiting."""

import os
import threading

from userkit.errors import ConfigurationError, OverloadedError

__all__ = ["DEFAULT_QUEUE", "Places", "check_sizes"]

DEFAULT_QUEUE = 256

# About what a full queue of the default length takes on two processors.
_RETRY_AFTER = 3.0


class Places:
    """Take a place or be turned away at once."""

    def __init__(self, count: int) -> None:
        """Begin with all of them free."""
        self._free = count
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take one. Raises OverloadedError when there is none."""
        with self._lock:
            if not self._free:
                raise OverloadedError(retry_after=_RETRY_AFTER)
            self._free -= 1

    def leave(self) -> None:
        """Give one back."""
        with self._lock:
            self._free += 1


def check_sizes(workers: int | None, queue: int) -> tuple[int, int]:
    """Return how many work and how many wait. Raises ConfigurationError for what makes no sense."""
    if workers is None:
        # The other half is for the application, which waits for nothing while the hashes are made.
        workers = max(1, (os.cpu_count() or 2) // 2)
    if type(workers) is not int or workers < 1:
        raise ConfigurationError("workers is a number of hashes made at once, at least 1.")
    if type(queue) is not int or queue < 0:
        raise ConfigurationError("queue is a number of calls that may wait, 0 for none.")
    return workers, queue
