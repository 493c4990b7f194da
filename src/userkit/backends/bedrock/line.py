"""One call: how long it may take, and the connection that it is on, which can be cut from elsewhere."""

import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from userkit.errors import ModelTimeoutError, ModelUnavailableError

__all__ = ["Line", "current_line"]

_CURRENT: ContextVar["Line | None"] = ContextVar("userkit_bedrock_line", default=None)
# Connections go from call to call through a pool: who has one now is settled under this lock.
_OWNING = threading.Lock()


class Line:
    """The line of one call. Any thread may cut it; the one that waits on it comes back at once."""

    __slots__ = ("_connection", "_deadline", "_hang_up", "_socket", "_stopped")

    def __init__(self, time_limit: float | None = None) -> None:
        """Begin, with so many seconds for everything."""
        self._deadline = None if time_limit is None else time.monotonic() + time_limit
        self._stopped = threading.Event()
        self._connection: Any = None
        self._socket: socket.socket | None = None
        self._hang_up: Callable[[], None] | None = None

    @property
    def is_cut(self) -> bool:
        """Tell whether somebody has cut it."""
        return self._stopped.is_set()

    def left(self) -> float | None:
        """Return how many seconds are left, at least 0; None without a limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def patience(self, most: float) -> float:
        """Return how long to wait for the next bytes: what is left, and no more than ``most``."""
        left = self.left()
        return most if left is None else max(0.001, min(most, left))

    def check(self) -> None:
        """Refuse to go on when the time is over, or when the line is cut."""
        if self.is_cut:
            raise ModelUnavailableError("The call was ended.")
        if self.left() == 0:
            raise ModelTimeoutError

    def pause(self, seconds: float) -> None:
        """Wait, unless the line is cut meanwhile."""
        self._stopped.wait(seconds)

    @contextmanager
    def open(self) -> Generator[None, None, None]:
        """Make this the line of what the thread requests in the block."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def take(self, connection: Any) -> None:
        """Take over a connection. Whoever had it before can no longer cut it."""
        with _OWNING:
            connection.line = self
            self._connection = connection
            self._hold(getattr(connection, "sock", None))

    def hold(self, connected: Any) -> None:
        """Note the socket of the connection, which the connection itself may forget."""
        with _OWNING:
            self._hold(connected)

    def on_cut(self, hang_up: Callable[[], None]) -> None:
        """Note another way to end what goes on, for a connection that does not know its line."""
        with _OWNING:
            self._hang_up = hang_up
        if self.is_cut:
            self.cut()

    def wait_at_most(self, seconds: float) -> None:
        """Bound how long the next read from the connection waits."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.settimeout(self.patience(seconds))

    def cut(self) -> None:
        """End what goes on, without waiting for anything."""
        self._stopped.set()
        with _OWNING:
            if self._connection is None:
                _call(self._hang_up)
            elif self._connection.line is self:
                _shut(self._socket)

    def release(self) -> None:
        """Let go of the connection: it goes back to where it came from."""
        with _OWNING:
            self._connection = self._socket = self._hang_up = None

    def _hold(self, connected: Any) -> None:
        if isinstance(connected, socket.socket):
            self._socket = connected
            if self.is_cut:
                _shut(connected)


def current_line() -> Line | None:
    """Return the line on which this thread makes a request, if any."""
    return _CURRENT.get()


def _call(hang_up: Callable[[], None] | None) -> None:
    if hang_up is not None:
        hang_up()


def _shut(connected: socket.socket | None) -> None:
    if connected is not None:
        with suppress(OSError):
            # Not that of a TLS socket, which would go on reading in the clear.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)
