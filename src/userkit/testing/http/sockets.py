"""Speak HTTP/1.1 to a server over a socket, one connection for each request."""

import io
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
            first = connection.recv(65_536) if waits else b""
            if not waits or first.startswith(_CONTINUE):
                _send(connection, _pieces(body))
            return _read(first + _rest(connection), method)


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


def _rest(connection: socket.socket) -> bytes:
    received = bytearray()
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    return bytes(received)


class _Replayed:
    """What has been received, in the place of a socket."""

    def __init__(self, received: bytes) -> None:
        self._file = io.BytesIO(received)

    def makefile(self, _: str) -> io.BytesIO:
        return self._file


def _read(received: bytes, method: str) -> Answer:
    replayed = _Replayed(received)
    # Whatever follows the headers is read, also where there should be nothing.
    response = HTTPResponse(replayed, method=method)  # type: ignore[arg-type]  # all it wants is the file
    response.begin()
    file = replayed.makefile("rb")
    body = file.read() if response.length == 0 else response.read()
    headers = tuple((name.lower(), value) for name, value in response.getheaders())
    return Answer(status=response.status, headers=headers, body=body)
