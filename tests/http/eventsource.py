"""Reading server-sent events as browsers do (WHATWG HTML, section 9.2.6)."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Event", "Reader", "read"]


@dataclass(frozen=True)
class Event:
    """What a page hears: the name of an event, and its data."""

    name: str
    data: str

    @property
    def json(self) -> Any:
        """Return what the data say."""
        return json.loads(self.data)


@dataclass
class Reader:
    """Take a stream in pieces of any size, and tell of the events that are complete."""

    rest: bytes = b""
    name: str = ""
    lines: list[str] = field(default_factory=list)

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that a piece completes."""
        *complete, self.rest = re.split(b"\r\n|\r|\n", self.rest + piece)
        return [event for line in complete if (event := self._line(line.decode())) is not None]

    def _line(self, line: str) -> Event | None:
        if not line:
            event = Event(self.name or "message", "\n".join(self.lines)) if self.lines else None
            self.name, self.lines = "", []
            return event
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self.name = value
        elif name == "data":
            self.lines.append(value)
        else:
            raise AssertionError(f"a line that we do not send: {line!r}")
        return None


def read(stream: bytes) -> list[Event]:
    """Return the events of a stream that is over; nothing is left of it."""
    reader = Reader()
    events = reader.feed(stream)
    assert (reader.rest, reader.name, reader.lines) == (b"", "", [])
    return events
