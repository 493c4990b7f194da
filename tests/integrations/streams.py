"""A feature whose answers are streams, directed from outside, and clients that listen as they come.

What a stream does is written in its query: `script=watch:4711 say:a wait say:b`.

- `say:WORD` sends an event, `flood` sends them without end, `fail` raises an error.
- `watch:PORT` tells whoever listens there how the stream is doing, and `wait` waits for their word.
- `trip` makes its cleanup fail.
"""

import asyncio
import http.client
import socket
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from tests.http.eventsource import Event, Reader
from userkit import Feature
from userkit.errors import ModelUnavailableError
from userkit.http.events import ServerEvent
from userkit.http.route import PUBLIC, SESSION, AnyCall, AnyRoute, Reply, Route, permission
from userkit.http.schemas import ReplyModel, RequestModel, Text
from userkit.kernel.origin import current_origin
from userkit.testing.bench import PATIENCE

__all__ = ["STREAMS", "Director", "Listener", "Said", "script"]

_TAG = "streams"


class Said(ReplyModel):
    """A word, and who had it said."""

    word: str
    actor: str | None
    address: str | None


class Play(RequestModel):
    """What a stream is to do."""

    script: Text = ""


class Channel(Protocol):
    """Speaks with the director of a stream."""

    async def tell(self, line: str) -> None:
        """Say a line."""
        ...

    async def hear(self) -> str:
        """Wait for a line."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class BlockingChannel:
    """Waits in its thread."""

    def __init__(self, port: int) -> None:
        """Call the director."""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._lines = self._socket.makefile("rw", encoding="ascii")

    async def tell(self, line: str) -> None:
        """See Channel.tell."""
        self._lines.write(f"{line}\n")
        self._lines.flush()

    async def hear(self) -> str:
        """See Channel.hear."""
        return self._lines.readline().strip()

    def close(self) -> None:
        """See Channel.close."""
        self._lines.close()
        self._socket.close()


@dataclass
class WaitingChannel:
    """Waits on the event loop."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, port: int) -> Self:
        """Call the director."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def tell(self, line: str) -> None:
        """See Channel.tell."""
        self.writer.write(f"{line}\n".encode())
        await self.writer.drain()

    async def hear(self) -> str:
        """See Channel.hear."""
        return (await self.reader.readline()).decode().strip()

    def close(self) -> None:
        """See Channel.close."""
        self.writer.close()


@dataclass(frozen=True)
class Stage:
    """Plays scripts."""

    blocking: bool

    async def play(self, words: Sequence[str]) -> AsyncGenerator[ServerEvent, None]:
        """Do what a script says."""
        channel: Channel | None = None
        try:
            for word, _, what in (each.partition(":") for each in words):
                match word:
                    case "watch":
                        channel = await self._channel(int(what))
                        await channel.tell("begun")
                    case "wait":
                        assert channel is not None
                        await channel.tell("waiting")
                        assert await channel.hear() == "go"
                    case "say":
                        yield _said(what)
                    case "flood":
                        while True:
                            yield _said("flood " * 1000)
                    case "fail":
                        raise ModelUnavailableError(retry_after=7)
        finally:
            if channel is not None:
                # That the books are closed is known when somebody has answered.
                await channel.tell(f"closed {current_origin().actor_id}")
                assert await channel.hear() == "noted"
                channel.close()
            if "trip" in words:
                raise RuntimeError("the books are not balanced")

    async def _channel(self, port: int) -> Channel:
        return BlockingChannel(port) if self.blocking else await WaitingChannel.to(port)


def _said(word: str) -> ServerEvent:
    origin = current_origin()
    return ServerEvent(name="said", data=Said(word=word, actor=origin.actor_id, address=origin.address))


def _routes(stage: Stage) -> Sequence[AnyRoute]:
    async def listen(call: AnyCall) -> Reply:
        return Reply(events=stage.play(call.query.script.split()))

    async def order(call: AnyCall) -> Reply:
        return Reply(events=stage.play(call.body.script.split()))

    usual: dict[str, Any] = {"tag": _TAG, "events": {"said": "a word"}, "errors": (ModelUnavailableError,)}
    return (
        Route(
            **usual,
            method="GET",
            path="/streams",
            name="listen",
            summary="Listen",
            handler=listen,
            access=PUBLIC,
            query=Play,
        ),
        Route(
            **usual,
            method="GET",
            path="/streams/guarded",
            name="listen_guarded",
            summary="Listen with permission",
            handler=listen,
            access=permission("users:write"),
            query=Play,
        ),
        Route(
            **usual,
            method="POST",
            path="/streams/orders",
            name="order",
            summary="Order a stream",
            handler=order,
            access=SESSION,
            body=Play,
        ),
    )


STREAMS: Feature[Stage, Stage] = Feature(
    name="streams",
    build=lambda parts: Stage(blocking=parts.blocking),
    mirror=lambda stage: stage,
    routes=_routes,
)


def script(*words: str) -> str:
    """Return the target whose stream does this."""
    return "/api/v1/streams?script=" + "+".join(words)


class Director:
    """Hears how one stream is doing, and gives the word; enter it to listen."""

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self._lines: Any = None
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._listener.close()
        if self._lines is not None:
            self._lines.close()

    @property
    def watch(self) -> str:
        """Return the word that makes a stream call."""
        return f"watch:{self._listener.getsockname()[1]}"

    def begin(self) -> None:
        """Wait until a stream calls."""
        connection, _ = self._listener.accept()
        connection.settimeout(PATIENCE)
        with connection:
            self._lines = connection.makefile("rw", encoding="ascii")
        assert self._hear() == "begun"

    def wait(self) -> None:
        """Wait until the stream waits."""
        assert self._hear() == "waiting"

    def go(self) -> None:
        """Let the stream go on."""
        self._tell("go")

    def closed(self) -> str:
        """Wait until the cleanup of the stream runs, let it end, and return for whom it runs."""
        word, _, actor = self._hear().partition(" ")
        assert word == "closed"
        self._tell("noted")
        assert self._hear() == "", "its cleanup was cut off"
        return str(actor)

    def _tell(self, line: str) -> None:
        self._lines.write(f"{line}\n")
        self._lines.flush()

    def _hear(self) -> str:
        return str(self._lines.readline()).strip()


@dataclass
class Listener:
    """A client that hears each event as it comes; enter it to ask, leave it to go away."""

    host: str
    port: int
    target: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        self._connection.request(self.method, self.target, headers=self.headers)
        self.answer = self._connection.getresponse()
        self._reader = Reader()
        self._heard: list[Event] = []
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Go away, in the middle of the stream."""
        self.answer.close()
        self._connection.close()

    def next(self) -> Event:
        """Wait for an event."""
        while not self._heard:
            piece = self.answer.read1(65_536)
            assert piece, "the stream has ended"
            self._heard = self._reader.feed(piece)
        return self._heard.pop(0)

    def rest(self) -> list[Event]:
        """Return the events until the end."""
        heard = self._heard + self._reader.feed(self.answer.read())
        assert self._reader.rest == b""
        return heard
