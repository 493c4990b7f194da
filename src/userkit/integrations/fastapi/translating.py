"""Requests and answers, from Starlette's words into ours and back."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import anyio
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from userkit.http.messages import Request as PlainRequest
from userkit.http.messages import Response as PlainResponse

__all__ = ["Answer", "native", "plain_request", "read_body"]

_MOST_DIGITS = 20  # what is longer is too long for us in any case
_NO_CONTENT = 204
_SPOKEN = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def plain_request(connection: HTTPConnection, body: bytes = b"") -> PlainRequest:
    """Return what a client sent, without a framework."""
    scope = connection.scope
    client = scope.get("client")
    return PlainRequest(
        # Opening a WebSocket is no method; like a change, it must come from the application's own pages.
        method=scope.get("method", "WEBSOCKET"),
        path=_asked_path(scope),
        path_values=scope.get("path_params", {}),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple([(key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]]),
        body=body,
        peer=client[0] if client else None,
        scheme=_SPOKEN[scope["scheme"]],
    )


async def read_body(request: Request, limit: int) -> bytes | None:
    """Return the body of a request, None when it is longer than is read.

    Raises ClientDisconnect when the client goes away in the middle of it.
    """
    if _declared_length(request.scope) > limit:
        return None
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


class Answer(Response):
    """An answer of ours as it is: nothing is added but its length."""

    def __init__(self, plain: PlainResponse) -> None:
        """Take the answer."""
        self.status_code = plain.status
        self.background = None
        self.body = plain.body
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in plain.headers]
        if plain.status != _NO_CONTENT and plain.header("content-length") is None:
            headers.append((b"content-length", b"%d" % len(plain.body)))
        self.raw_headers = headers


class StreamedAnswer(Answer):
    """An answer of ours that comes bit by bit. A client that goes away ends it at once."""

    def __init__(self, plain: PlainResponse, stream: AsyncGenerator[bytes, None]) -> None:
        """Take the answer, and its body."""
        super().__init__(plain)
        self.raw_headers = [each for each in self.raw_headers if each[0] != b"content-length"]
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and close it in any case."""
        sending, leaving = asyncio.create_task(self._send(send)), asyncio.create_task(_left(receive))
        tasks = (sending, leaving)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            # What makes the pieces is interrupted once, and may wait for something while it cleans up.
            with anyio.CancelScope(shield=True):
                await asyncio.gather(*tasks, return_exceptions=True)
                await self._stream.aclose()
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _send(self, send: Send) -> None:
        with suppress(OSError):  # how some servers say that nobody listens any more
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            async for chunk in self._stream:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                # Neither the stream nor the server need ever wait, and others want to be served, too.
                await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def native(plain: PlainResponse) -> Response:
    """Return an answer as Starlette sends it."""
    return Answer(plain) if plain.stream is None else StreamedAnswer(plain, plain.stream)


async def _left(receive: Receive) -> None:
    """Wait until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _declared_length(scope: Scope) -> int:
    """Return how long the client says that the body is, 0 when it does not."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:_MOST_DIGITS])
    return 0


def _asked_path(scope: Scope) -> str:
    """Return the path that the client asked for; some servers leave out where the application is."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path if not root or path == root or path.startswith(f"{root}/") else root + path
