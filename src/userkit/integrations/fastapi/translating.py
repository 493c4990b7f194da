"""Requests and answers, from Starlette's words into ours and back."""

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Scope

from userkit.http.messages import Request as PlainRequest
from userkit.http.messages import Response as PlainResponse

__all__ = ["Answer", "plain_request", "read_body"]

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
