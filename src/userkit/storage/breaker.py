"""When to try something that has failed again: not at once, and one caller at a time."""

import threading
from collections.abc import Callable

__all__ = ["Breaker"]


class Breaker:
    """Let callers through while what they call works; else now and then one, to see whether it does again.

    After a failure nobody is let through for ``first`` seconds, after each further one for twice as
    long, at most ``longest``.
    """

    __slots__ = ("_first", "_lock", "_longest", "_moment", "_retry_at", "_ticket", "_wait")

    def __init__(self, moment: Callable[[], float], *, first: float = 1.0, longest: float = 30.0) -> None:
        """Begin closed. ``moment`` counts seconds and is never set back."""
        self._moment, self._first, self._longest = moment, first, longest
        self._wait, self._retry_at, self._ticket = 0.0, 0.0, 0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Tell whether the last attempt that counts has failed."""
        return self._wait > 0

    def admit(self) -> int | None:
        """Return a ticket for one attempt, or None when it is too early for another."""
        with self._lock:
            if self.is_open:
                now = self._moment()
                if now < self._retry_at:
                    return None
                # A probe that never comes back, as one that is cancelled, is followed by another.
                self._retry_at = now + self._wait
            return self._ticket

    def failed(self, ticket: int) -> float | None:
        """Note a failure; return for how long callers are kept away if it is the first to tell."""
        with self._lock:
            if ticket != self._ticket:
                return None
            self._ticket += 1
            self._wait = min(self._wait * 2, self._longest) if self.is_open else self._first
            self._retry_at = self._moment() + self._wait
            return self._wait

    def succeeded(self, ticket: int) -> bool:
        """Note a success; tell whether it ends a time of failures."""
        with self._lock:
            if not self.is_open or ticket != self._ticket:
                return False
            self._ticket += 1
            self._wait = 0.0
            return True
