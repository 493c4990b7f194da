"""Answers that come bit by bit: server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from userkit.http.messages import Headers
from userkit.http.problems import to_response

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["EVENT_STREAM", "EVENT_STREAM_HEADERS", "ServerEvent", "begun", "event_bytes"]

EVENT_STREAM = "text/event-stream"

EVENT_STREAM_HEADERS: Headers = (
    ("content-type", EVENT_STREAM),
    # nginx holds answers back otherwise.
    ("x-accel-buffering", "no"),
)

PROBLEM = "problem"
"""The event that ends a stream in which something went wrong; its data are problem details (RFC 9457)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEvent:
    """One event: its name, and a model that is sent as JSON."""

    name: str
    data: BaseModel


async def begun(events: AsyncGenerator[ServerEvent, None]) -> AsyncGenerator[bytes, None]:
    """Wait for the first event and return all of them as bytes.

    What goes wrong before the first is raised, so that it can be told by a status. Later it is told by
    the event ``problem``, which is the last.
    """
    try:
        first = await anext(events, None)
    except BaseException:
        await events.aclose()
        raise
    return _all(first, events)


def event_bytes(name: str, data: bytes) -> bytes:
    """Return an event as it is sent; the data are one line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


async def _all(
    first: ServerEvent | None, events: AsyncGenerator[ServerEvent, None]
) -> AsyncGenerator[bytes, None]:
    try:
        if first is not None:
            yield _encoded(first)
        async for event in events:
            yield _encoded(event)
    except Exception as error:  # noqa: BLE001  # the status has been sent, and the log has the rest
        yield event_bytes(PROBLEM, to_response(error).body)
    finally:
        await events.aclose()


def _encoded(event: ServerEvent) -> bytes:
    return event_bytes(event.name, event.data.__pydantic_serializer__.to_json(event.data))
