"""Speak HTTP/1.1 to a server over a socket, one connection for each request."""

import socket
from collections.abc import Iterable
from http.client import HTTPResponse

from userkit.testing.bench import PATIENCE
from userkit.testing.http.answers import Answer, Sent, framed

__all__ = ["SocketClient"]

_CONTINUE = b"HTTP/1.1 100"


class SocketClient:
    """Write requests as they are given. Threads may ask at the same time."""

    is_wired = True

    def __init__(self, host: str, port: int) -> None:
        """Take where the server listens."""
        self.host, self.port = host, port

    def ask(
        self, method: str, target: str, *, headers: Sent = (), body: bytes | Iterable[bytes] = b""
    ) -> Answer:
        """See Client.ask. With ``Expect: 100-continue`` the body waits until it is wanted."""
        head = [("connection", "close"), *framed(headers, body)]
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in head)]
        start = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
        waits = any(name.lower() == "expect" for name, _ in headers)
        with socket.create_connection((self.host, self.port), timeout=PATIENCE) as connection:
            connection.sendall(start)
            if not waits or connection.recv(len(_CONTINUE), socket.MSG_PEEK) == _CONTINUE:
                _send(connection, _pieces(body))
            return _received(connection, method)


def _pieces(body: bytes | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    for piece in filter(None, body):
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _send(connection: socket.socket, pieces: Iterable[bytes]) -> None:
    try:
        for piece in pieces:
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        # Who has heard enough, such as a body that is too long, answers and hangs up.
        return


def _received(connection: socket.socket, method: str) -> Answer:
    response = HTTPResponse(connection, method=method)
    with response:
        response.begin()
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        # Where there should be nothing after the headers, whatever is there is read until the end.
        body = response.fp.read() if response.length == 0 else response.read()
    return Answer(status=response.status, headers=headers, body=body)
