"""Clients that ask a server for one thing, over and over, with as little work as can be."""

import asyncio
from collections.abc import Callable
from typing import cast

__all__ = ["hammer"]

_GOOD = b"HTTP/1.1 200"


def hammer(port: int, path: str, headers: dict[str, str], *, connections: int, requests: int) -> int:
    """Send so many GETs over so many connections, and return how many were answered with 200.

    Every answer must be as long as the first one: bytes are counted, not parsed.
    """
    told = {"Host": f"127.0.0.1:{port}", "Accept": "application/json", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    request = f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()
    return asyncio.run(_ask(port, request, connections, requests))


async def _ask(port: int, request: bytes, connections: int, requests: int) -> int:
    loop = asyncio.get_running_loop()
    size = await _size(port, request)
    left = iter(range(requests))
    done = [loop.create_future() for _ in range(connections)]

    def make(number: int) -> Callable[[], _Client]:
        return lambda: _Client(request, size, lambda: next(left, None) is not None, done[number])

    opened = [await loop.create_connection(make(number), "127.0.0.1", port) for number in range(connections)]
    answered = sum(await asyncio.gather(*done))
    for transport, _ in opened:
        transport.close()
    return answered


async def _size(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(_GOOD), head
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    writer.close()
    await writer.wait_closed()
    return len(head) + int(length.partition(b":")[2])


class _Client(asyncio.Protocol):
    """One connection, which asks again as soon as it is answered."""

    def __init__(
        self, request: bytes, size: int, more: Callable[[], bool], done: "asyncio.Future[int]"
    ) -> None:
        self._request, self._size, self._more, self._done = request, size, more, done
        self._received, self._answered = 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if not self._received:
            assert data.startswith(_GOOD), data
        self._received += len(data)
        if self._received < self._size:
            return
        assert self._received == self._size, "answers of different lengths"
        self._received = 0
        self._answered += 1
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionResetError("The server hung up."))

    def _go_on(self) -> None:
        if self._more():
            self._transport.write(self._request)
        else:
            self._done.set_result(self._answered)
