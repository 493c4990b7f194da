"""Taking turns: writers of one process queue fairly, where SQLite alone would starve some."""

import threading
from collections import deque
from types import TracebackType
from typing import Self

from userkit.errors import StoreUnavailableError

__all__ = ["Turns"]


class Turns:
    """A lock that is handed over in the order it was asked for."""

    def __init__(self, patience: float) -> None:
        """Take how many seconds to wait for a turn at most."""
        self._patience = patience
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def anew(self) -> Self:
        """Return turns as patient that nobody has taken."""
        return type(self)(self._patience)

    def __enter__(self) -> None:
        """Wait for a turn, or raise StoreUnavailableError."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            given = turn.wait(self._patience)
        except BaseException:
            self._leave(turn)
            raise
        if not given:
            self._leave(turn)
            raise StoreUnavailableError(
                "The SQLite file is busy: other writers of this process did not finish in time."
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the turn to whoever waits longest."""
        with self._mutex:
            self._pass_on()

    def _leave(self, turn: threading.Event) -> None:
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                # It was given at the last moment.
                self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._taken = False
