"""Bedrock's HTTP on the loopback interface, played by a script: good answers, refusals and broken wires.

An *act* is what the server does with one request. ``BedrockLoopback.script`` says which act comes after
which; the last is played again and again::

    loopback.script = [refuses(429, "ThrottlingException"), says("Yes.")]
"""

import contextlib
import json
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, unquote

from tests.servers.eventstream import begun, text_frames, tool_frames
from tests.servers.ports import LOOPBACK

__all__ = [
    "Act",
    "Asked",
    "BedrockLoopback",
    "Wire",
    "answers",
    "cuts",
    "cuts_body",
    "drips",
    "floods",
    "hangs",
    "refuses",
    "reply",
    "says",
    "speaks",
    "streams",
    "uses",
]

_LOOK = 0.01
"""Seconds between two looks at whether the client is gone."""

_PATIENCE = 10.0
_STREAMED = "application/vnd.amazon.eventstream"


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A request. ``closed`` is set when the client has closed the connection that it came over."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    connection: int
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def model(self) -> str:
        """Return the id of the model."""
        return unquote(self.path.split("/")[2])

    @property
    def operation(self) -> str:
        """Return ``converse``, ``converse-stream`` or ``invoke``."""
        return self.path.rpartition("/")[2]

    @property
    def tool(self) -> str:
        """Return the name of the first tool."""
        return str(self.body["toolConfig"]["tools"][0]["toolSpec"]["name"])

    @property
    def text(self) -> str:
        """Return everything that was said, to look for what must not be in it."""
        return json.dumps(self.body, ensure_ascii=False)


class ClientGoneError(Exception):
    """The client has closed the connection."""


class CutError(Exception):
    """The server closes the connection, in good order or not."""

    def __init__(self, *, reset: bool) -> None:
        """Say whether the client is told that the connection was reset."""
        super().__init__()
        self.reset = reset


class Wire:
    """One connection, for the act that answers a request which came over it."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        """Take the connection, and what is set when the server ends."""
        self._connection = connection
        self._over = over

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._connection.sendall(data)

    def respond(
        self, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, claim: int = 0
    ) -> None:
        """Send a whole answer. With a ``claim``, more bytes are promised than there are."""
        self.begin(status, {"Content-Length": str(claim or len(body)), **(headers or {})})
        self.send(body)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of an answer."""
        fields = {"Content-Type": "application/json", "x-amzn-RequestId": "loopback", **headers}
        lines = [f"HTTP/1.1 {status} Loopback", *(f"{name}: {value}" for name, value in fields.items())]
        self.send("\r\n".join([*lines, "", ""]).encode())

    def chunk(self, data: bytes) -> None:
        """Send a chunk of an answer whose length nobody knows yet; the empty one ends it."""
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def until(self, event: threading.Event) -> None:
        """Wait for a test, unless the client closes the connection first."""
        while not event.wait(_LOOK):
            self._look()

    def pause(self) -> None:
        """Wait a moment."""
        self._over.wait(_LOOK)
        self._look()

    def cut(self, *, reset: bool = True) -> None:
        """Close the connection as a machine does that has crashed; else as if everything was said."""
        raise CutError(reset=reset)

    def _look(self) -> None:
        if self._over.is_set():
            raise CutError(reset=True)
        if select.select([self._connection], [], [], 0)[0] and not self._connection.recv(1, socket.MSG_PEEK):
            raise ClientGoneError


Act = Callable[[Wire, Asked], None]


@dataclass(slots=True)
class BedrockLoopback:
    """A server that plays a script.

    - ``script``: what is done with the requests, one after the other; the last again and again.
    - ``asked``: the requests, as they came. ``arrivals``: released once for each of them.
    """

    script: Sequence[Act] = ()
    asked: list[Asked] = field(default_factory=list)
    arrivals: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _listener: socket.socket = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _connections: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server((LOOPBACK, 0), backlog=128)
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in list(self._threads):
            thread.join(_PATIENCE)

    @property
    def endpoint(self) -> str:
        """Return where it answers."""
        return f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """Return how many connections there have been."""
        return self._connections

    def url(self, model: str = "amazon.nova-lite-v1:0", **options: Any) -> str:
        """Return the URL of a model here; the options are those of the adapter."""
        query = {"region": "eu-central-1", "endpoint_url": self.endpoint, **options}
        pairs = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
        return f"bedrock://{quote(model, safe=':/')}?{pairs}"

    def arrived(self, count: int = 1) -> None:
        """Wait until this many more requests have come."""
        for _ in range(count):
            assert self.arrivals.acquire(timeout=_PATIENCE), f"{len(self.asked)} requests have come"

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="bedrock-loopback", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections += 1
                self._start(self._serve, connection, self._connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(_PATIENCE)
        served: list[Asked] = []
        with connection:
            try:
                self._play(connection, number, served)
            except (ClientGoneError, OSError):
                pass
            except CutError as cut:
                # Without lingering the client is told that the connection was reset.
                linger = struct.pack("ii", int(cut.reset), 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
        for asked in served:
            asked.closed.set()

    def _play(self, connection: socket.socket, number: int, served: list[Asked]) -> None:
        wire = Wire(connection, self._over)
        with connection.makefile("rb") as stream:
            while True:
                while not select.select([connection], [], [], _LOOK)[0]:
                    if self._over.is_set():
                        return
                asked = _read(stream, number)
                if asked is None:
                    return
                served.append(asked)
                self._next(asked)(wire, asked)

    def _next(self, asked: Asked) -> Act:
        with self._lock:
            act = self.script[min(len(self.asked), len(self.script) - 1)]
            self.asked.append(asked)
        self.arrivals.release()
        return act


def reply(*content: Mapping[str, Any], stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    """Return what Converse answers."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18},
        "metrics": {"latencyMs": 42},
        **more,
    }


def answers(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Act:
    """Answer with JSON, or with bytes that are none."""
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda wire, _: wire.respond(said, status=status, headers=headers)


def says(text: str, *, stop: str = "end_turn") -> Act:
    """Answer with a text, whole or streamed, as it is asked for."""

    def act(wire: Wire, asked: Asked) -> None:
        if asked.operation == "converse-stream":
            middle = len(text) // 2
            streams(*text_frames(text[:middle], text[middle:], stop=stop))(wire, asked)
        else:
            answers(reply({"text": text}, stop=stop))(wire, asked)

    return act


def uses(value: Any, *, stop: str = "tool_use", name: str | None = None) -> Act:
    """Call the tool that is offered, whole or streamed, as it is asked for."""

    def act(wire: Wire, asked: Asked) -> None:
        tool = name or asked.tool
        if asked.operation == "converse-stream":
            streams(*tool_frames(tool, json.dumps(value), stop=stop))(wire, asked)
        else:
            use = {"toolUse": {"toolUseId": "tooluse_loopback", "name": tool, "input": value}}
            answers(reply(use, stop=stop))(wire, asked)

    return act


def refuses(status: int, kind: str, message: str = "No.", *, headers: Mapping[str, str] | None = None) -> Act:
    """Refuse with one of AWS's errors."""
    named = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    return answers({"message": message}, status=status, headers={**named, **(headers or {})})


def hangs(*, status: int | None = None) -> Act:
    """Say nothing; or, with a status, nothing behind the head of the answer."""

    def act(wire: Wire, _: Asked) -> None:
        if status is not None:
            wire.begin(status, {"Content-Length": "1000"})
        wire.until(threading.Event())

    return act


def drips() -> Act:
    """Send a byte now and then, for ever; where frames are asked for, those of one that is very long."""

    def act(wire: Wire, asked: Asked) -> None:
        streamed = asked.operation == "converse-stream"
        kind = {"Content-Type": _STREAMED} if streamed else {}
        wire.begin(200, {"Transfer-Encoding": "chunked", **kind})
        if streamed:
            wire.chunk(begun(1 << 20))
        for _ in range(1000):  # which is as good as for ever, and ends a test that fails
            wire.chunk(b" ")
            wire.pause()
        wire.cut()

    return act


def cuts(*, reset: bool = True) -> Act:
    """Close the connection before there is an answer."""
    return lambda wire, _: wire.cut(reset=reset)


def cuts_body(body: Any, *, keep: int, reset: bool = True) -> Act:
    """Close the connection after so many bytes of an answer."""

    def act(wire: Wire, _: Asked) -> None:
        said = json.dumps(body).encode()
        wire.respond(said[:keep], claim=len(said))
        wire.cut(reset=reset)

    return act


def speaks(data: bytes, *, drip: bytes = b"") -> Act:
    """Send bytes instead of HTTP, and close; or first, for ever, other bytes one by one."""

    def act(wire: Wire, _: Asked) -> None:
        wire.send(data)
        for place in range(1000 if drip else 0):
            wire.send(drip[place % len(drip) :][:1])
            wire.pause()
        wire.cut(reset=False)

    return act


def floods(
    *, megabytes: int, piece: bytes, head: bytes = b"", streamed: bool = False, status: int = 200
) -> Act:
    """Send a head and then the piece again and again, up to many megabytes; never an end."""

    def act(wire: Wire, _: Asked) -> None:
        wire.begin(200, {"Transfer-Encoding": "chunked", **({"Content-Type": _STREAMED} if streamed else {})})
        if head:
            wire.chunk(head)
        block = piece * max(1, (1 << 16) // len(piece))
        for _each in range((megabytes << 20) // len(block)):
            wire.chunk(block)
        wire.cut()

    return act


def streams(*frames: bytes | threading.Event | Act) -> Act:
    """Stream frames. At an event the server waits for the test; an act may end it otherwise."""

    def act(wire: Wire, asked: Asked) -> None:
        wire.begin(200, {"Transfer-Encoding": "chunked", "Content-Type": _STREAMED})
        for each in frames:
            if isinstance(each, bytes):
                wire.chunk(each)
            elif isinstance(each, threading.Event):
                wire.until(each)
            else:
                each(wire, asked)
        wire.chunk(b"")

    return act


def _read(stream: Any, connection: int) -> Asked | None:
    """Return the next request, or None when the client has closed the connection."""
    line = stream.readline()
    if not line:
        return None
    path = line.split(b" ")[1].decode()
    headers: dict[str, str] = {}
    for field_line in iter(stream.readline, b"\r\n"):
        name, _, value = field_line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body: Iterable[int] = stream.read(int(headers.get("content-length", 0)))
    return Asked(path, headers, json.loads(bytes(body) or b"{}"), connection)
