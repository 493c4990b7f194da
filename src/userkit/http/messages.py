"""A request and a response, as every framework can say them."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

__all__ = ["Headers", "Request", "Response"]

Headers = tuple[tuple[str, str], ...]
"""Names in lower case with their values, in the order in which they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client sent.

    - ``path_values``: what stands in the places of the route's path, decoded.
    - ``query``: the query string as it came, without the question mark.
    - ``peer``: the address at the other end of the socket, None when there is none.
    - ``scheme``: what the server speaks, before any proxy is asked.
    """

    method: str
    path: str
    path_values: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    peer: str | None = None
    scheme: str = "http"

    def values(self, name: str) -> list[str]:
        """Return every value of a header, whose name is given in lower case."""
        return [value for key, value in self.headers if key == name]

    def value(self, name: str) -> str | None:
        """Return the value of a header that came exactly once, else None."""
        found = self.values(name)
        return found[0] if len(found) == 1 else None

    def __repr__(self) -> str:
        # Paths, queries and headers may carry what nobody else should read.
        return f"Request({self.method})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a client gets. ``headers`` may name one several times, such as ``set-cookie``.

    ``stream`` is a body that comes bit by bit, in the place of ``body``. Whoever sends it closes it.
    """

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    stream: AsyncGenerator[bytes, None] | None = field(default=None, repr=False)

    def with_headers(self, *headers: tuple[str, str]) -> Self:
        """Return the response with more headers."""
        return replace(self, headers=(*self.headers, *headers))

    def without_body(self) -> Self:
        """Return the answer to HEAD: the same headers and no body (RFC 9110, section 9.3.2)."""
        return replace(self, headers=(*self.headers, ("content-length", str(len(self.body)))), body=b"")

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whose name is given in lower case."""
        return next((value for key, value in self.headers if key == name), None)

    def __repr__(self) -> str:
        # A cookie in it opens an account.
        return f"Response({self.status})"
