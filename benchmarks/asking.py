"""Connections that stay open, and one request after the other: answers of any length and status."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

__all__ = ["Ask", "Line", "form", "get", "post"]

Ask = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One connection. Nobody asks before the last answer is there."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to a server on this machine."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader=reader, writer=writer)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return the status and the body of the answer."""
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = head.partition(b"\r\ncontent-length:")
        body = await self.reader.readexactly(int(length.partition(b"\r\n")[0]))
        return int(head[9:12]), body

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


def get(path: str, **headers: str) -> bytes:
    """Return the bytes of a GET."""
    return _request("GET", path, headers)


def post(path: str, body: object) -> bytes:
    """Return the bytes of a POST of JSON."""
    return _request("POST", path, {"Content-Type": "application/json"}, json.dumps(body).encode())


def form(path: str, fields: Mapping[str, str]) -> bytes:
    """Return the bytes of a form that is sent."""
    kind = "application/x-www-form-urlencoded"
    return _request("POST", path, {"Content-Type": kind}, urlencode(fields).encode())


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    told = {"Host": "127.0.0.1", "Accept": "application/json", **headers}
    if method == "POST":
        told["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
