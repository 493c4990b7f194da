"""What a client sends and gets, byte for byte: nothing is normalised, followed, kept or decoded."""

import json as json_text
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Answer", "Client", "Sent", "framed"]

Sent = Sequence[tuple[str, str]]
"""Header fields as they are sent, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. Names of headers are in lower case, their values as they came."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def values(self, name: str) -> list[str]:
        """Return every value of a header, whose name is given in lower case."""
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str | None:
        """Return the value of a header that came exactly once, else None."""
        found = self.values(name)
        return found[0] if len(found) == 1 else None

    def json(self) -> Any:
        """Return what the body says, read as JSON."""
        return json_text.loads(self.body)


class Client(Protocol):
    """Speaks to an application, directly or over a socket."""

    @property
    def is_wired(self) -> bool:
        """Tell whether there is a socket in between."""
        ...

    def ask(
        self, method: str, target: str, *, headers: Sent = (), body: bytes | Iterable[bytes] = b""
    ) -> Answer:
        """Send one request and return the answer.

        ``target`` is the path and the query, percent-encoded, and goes out as it is. A body in
        pieces is sent in chunks, without its length being told.
        """
        ...


def framed(headers: Sent, body: bytes | Iterable[bytes]) -> list[tuple[str, str]]:
    """Return the headers with those that say where the body ends, and who is asked."""
    names = {name.lower() for name, _ in headers}
    framed = [] if "host" in names else [("host", "app.example")]
    framed += headers
    if "content-length" in names or "transfer-encoding" in names:
        return framed
    if not isinstance(body, bytes):
        return [*framed, ("transfer-encoding", "chunked")]
    return [*framed, ("content-length", str(len(body)))] if body else framed
