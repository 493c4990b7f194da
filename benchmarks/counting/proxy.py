"""A wire that counts what goes over it."""

import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Self
from urllib.parse import urlsplit, urlunsplit

__all__ = ["CountingProxy"]

_PIECE = 1 << 16


class CountingProxy:
    """Forwards to a server on this machine, and counts bytes and round trips.

    A round trip begins when the client says something after the server has spoken, or first of all. All
    of an answer is counted before its client can know it.
    """

    def __init__(self, upstream_port: int) -> None:
        """Listen, and forward every connection to the port."""
        self._upstream = upstream_port
        self._tally: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, server_url: str) -> str:
        """Return the URL of a server with this proxy's port in the place of its own."""
        parts = urlsplit(server_url)
        account, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{account}{at}127.0.0.1:{self.port}"))

    def begin(self) -> None:
        """Count from here."""
        with self._lock:
            self._tally.clear()

    def end(self) -> dict[str, int]:
        """Return what has been counted."""
        with self._lock:
            return {name: self._tally[name] for name in ("round trips", "bytes sent", "bytes received")}

    def close(self) -> None:
        """Hang up, and listen no more."""
        for each in (self._listener, *self._sockets):
            _hang_up(each)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._upstream))
            self._sockets += [client, server]
            line = _Line(self._tally, self._lock)
            self._start(partial(_forward, client, server, line.sent))
            self._start(partial(_forward, server, client, line.received))

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()


class _Line:
    """What has been said over one connection."""

    def __init__(self, tally: Counter[str], lock: threading.Lock) -> None:
        self._tally, self._lock, self._asking = tally, lock, False

    def sent(self, size: int) -> None:
        with self._lock:
            self._tally["round trips"] += not self._asking
            self._tally["bytes sent"] += size
            self._asking = True

    def received(self, size: int) -> None:
        with self._lock:
            self._tally["bytes received"] += size
            self._asking = False


def _forward(source: socket.socket, sink: socket.socket, note: Callable[[int], None]) -> None:
    sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while piece := source.recv(_PIECE):
            note(len(piece))
            sink.sendall(piece)
    except OSError:
        pass  # one of both has hung up
    _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
