"""Answers that come bit by bit: server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from userkit.http.messages import Headers
from userkit.http.problems import to_response
from userkit.kernel.origin import Origin, coming_from, current_origin

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["EVENT_STREAM", "EVENT_STREAM_HEADERS", "ServerEvent", "begun", "event_bytes"]

_log = logging.getLogger("userkit.http")

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
        first = await _next(events, current_origin())
        sent = b"" if first is None else _encoded(first)
    except BaseException:
        # A request that is cancelled has no answer whose end would close them.
        await _close(events)
        raise
    stream = _all(sent, events, current_origin())
    await anext(stream)  # from here on closing it closes the events, even if nobody asks for them
    return stream


def event_bytes(name: str, data: bytes) -> bytes:
    """Return an event as it is sent; the data are one line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


async def _all(
    first: bytes, events: AsyncGenerator[ServerEvent, None], origin: Origin
) -> AsyncGenerator[bytes, None]:
    try:
        yield b""
        if first:
            yield first
        while (event := await _next(events, origin)) is not None:
            yield _encoded(event)
    except Exception as error:  # noqa: BLE001  # the status has been sent, and the log has the rest
        yield event_bytes(PROBLEM, to_response(error).body)
    finally:
        with _within(origin):
            await _close(events)


async def _next(events: AsyncGenerator[ServerEvent, None], origin: Origin) -> ServerEvent | None:
    # Whoever sends the events knows nothing of the request any more.
    with _within(origin):
        try:
            return await events.__anext__()
        except StopAsyncIteration:
            return None


async def _close(events: AsyncGenerator[ServerEvent, None]) -> None:
    try:
        await events.aclose()
    except Exception:  # noqa: BLE001  # nobody is there to be told; the log has it
        _log.exception("A stream of events failed when it was closed")


def _within(origin: Origin) -> AbstractContextManager[Origin]:
    return coming_from(
        actor_id=origin.actor_id,
        session_id=origin.session_id,
        address=origin.address,
        user_agent=origin.user_agent,
    )


def _encoded(event: ServerEvent) -> bytes:
    return event_bytes(event.name, event.data.__pydantic_serializer__.to_json(event.data))
