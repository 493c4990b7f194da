"""A TCP proxy that breaks the wire at the moment a test chooses."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

from tests.servers.ports import LOOPBACK, free_port

_CHUNK = 1 << 16
_LONGEST_MATCH = 256


class Trap:
    """One cut that waits for its moment."""

    def __init__(self, match: bytes, moment: Literal["before", "after", "answer"], behind: bytes) -> None:
        self.match = match
        self.behind = behind
        self.moment = moment
        self._sprung = threading.Event()

    @property
    def has_sprung(self) -> bool:
        """Whether the wire was cut."""
        return self._sprung.is_set()

    def wait(self, timeout: float = 10.0) -> bool:
        """Wait until the wire is cut and say whether it was."""
        return self._sprung.wait(timeout)

    def spring(self) -> None:
        """Note that the wire is cut."""
        self._sprung.set()


class FaultProxy:
    """Listens on a free port and forwards to a server on this machine, until told otherwise.

    Faults add up, and `resume` ends them: the network is whole again. Connections that were cut stay cut;
    what stalled connections had to say is delivered then.
    """

    def __init__(self, upstream_port: int) -> None:
        """Listen, and forward every connection to the port."""
        self.port = free_port()
        self.upstream_port = upstream_port
        self.flowing = threading.Event()
        self.flowing.set()
        self._lock = threading.Lock()
        self._links: set[_Link] = set()
        self._threads: list[threading.Thread] = []
        self._trap: Trap | None = None
        self._listener: socket.socket | None = None
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, server_url: str) -> str:
        """Return the URL of a server with this proxy's port in the place of its own."""
        parts = urlsplit(server_url)
        account, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{account}{at}{LOOPBACK}:{self.port}"))

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        with self._lock:
            return len(self._links)

    def cut(self) -> None:
        """Drop every open connection. New ones are welcome."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.cut()

    def cut_at(
        self, match: bytes, moment: Literal["before", "after", "answer"], *, behind: bytes = b""
    ) -> Trap:
        """Cut one connection, once, when its client sends the first packet that contains `match`.

        With `behind` only what comes after a packet that contains it counts.

        `before`: the server never sees the packet. `after`: it sees the packet, and the wire is cut at once.
        `answer`: it sees the packet and its answer is lost, so that a COMMIT has surely happened. Other
        connections live on. The trap that is returned tells whether it has sprung.
        """
        assert 0 < len(match) <= _LONGEST_MATCH
        trap = self._trap = Trap(match, moment, behind)
        return trap

    def stall(self) -> None:
        """Forward nothing in either direction and keep every connection open, new ones too."""
        self.flowing.clear()

    def refuse(self) -> None:
        """Refuse new connections, as a machine does on which the server does not run."""
        listener, self._listener = self._listener, None
        if listener is not None:
            _shut(listener)
            listener.close()

    def resume(self) -> None:
        """End every fault: disarm the trap, take connections, forward what was held back."""
        self._trap = None
        if self._listener is None:
            self._listen()
        self.flowing.set()

    def close(self) -> None:
        """Cut everything and listen no more."""
        self.refuse()
        self.cut()
        self.flowing.set()
        for thread in self._threads:
            thread.join()

    def take_trap(self, before: bytes, packet: bytes) -> Trap | None:
        """Return the trap if the match ends in this packet. It is given out once."""
        with self._lock:
            trap = self._trap
            if trap is not None and trap.behind:
                if trap.behind in packet:
                    trap.behind = b""
                return None
            # Of the earlier packets only as much counts as could begin a match that ends in this one.
            if trap is None or trap.match not in before[max(0, len(before) - len(trap.match) + 1) :] + packet:
                return None
            self._trap = None
            return trap

    def forget(self, link: "_Link") -> None:
        """Count a connection no more."""
        with self._lock:
            self._links.discard(link)

    def _listen(self) -> None:
        self._listener = socket.create_server((LOOPBACK, self.port), backlog=128)
        self._start(self._accept, self._listener)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="fault-proxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        # Ends with an OSError when `refuse` closes the listener.
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection((LOOPBACK, self.upstream_port))
                except OSError:
                    client.close()
                    continue
                link = _Link(self, client, server)
                with self._lock:
                    self._links.add(link)
                self._start(link.forward_requests)
                self._start(link.forward_answers)


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._awaited: Trap | None = None
        self._is_cut = False
        self._pumps = 2
        self._lock = threading.Lock()
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def cut(self) -> None:
        self._is_cut = True
        self._proxy.forget(self)
        # Only the pumps close: a closed descriptor's number may already belong to another connection.
        _shut(self._client)
        _shut(self._server)

    def forward_requests(self) -> None:
        with self._pump():
            seen = b""
            while data := self._receive(self._client):
                trap = self._proxy.take_trap(seen, data)
                if trap is None:
                    self._server.sendall(data)
                    seen = (seen + data)[-_LONGEST_MATCH:]
                    continue
                if trap.moment != "before":
                    # Noted first: the answer may be faster than the next line, and must not pass.
                    self._awaited = trap
                    self._server.sendall(data)
                if trap.moment != "answer":
                    self.cut()
                    trap.spring()
            _shut(self._server, socket.SHUT_WR)

    def forward_answers(self) -> None:
        with self._pump():
            while data := self._receive(self._server):
                if self._awaited is not None:
                    self.cut()
                    self._awaited.spring()
                else:
                    self._client.sendall(data)
            _shut(self._client, socket.SHUT_WR)

    def _receive(self, source: socket.socket) -> bytes:
        data = source.recv(_CHUNK)
        self._proxy.flowing.wait()
        return b"" if self._is_cut else data

    @contextlib.contextmanager
    def _pump(self) -> Iterator[None]:
        try:
            with contextlib.suppress(OSError):
                yield
        finally:
            with self._lock:
                self._pumps -= 1
                is_last = self._pumps == 0
            if is_last:
                self._proxy.forget(self)
                self._client.close()
                self._server.close()


def _shut(end: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(how)
