"""Events: what has happened, told after it is stored."""

import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, TypeVar

__all__ = ["Event", "Listener", "Listeners", "Publish", "Publisher"]

_log = logging.getLogger("userkit.events")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that has happened. Subclasses are named in the past tense.

    ``realm`` is filled in by the kit that tells of it. ``routine`` kinds are what happens all the
    time and is worth no line in an audit trail.
    """

    routine: ClassVar[bool] = False

    at: datetime
    realm: str = ""


EventT = TypeVar("EventT", bound=Event)

Listener = Callable[[EventT], Awaitable[None] | None]
"""What is called with an event; plain, or asynchronous where the kit is."""

Publish = Callable[[Event], Awaitable[None]]
"""Tell everybody who listens."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who listens to which events; ``wider`` are told after those who listen here."""

    wider: "Listeners | None" = None
    by_type: dict[type[Event], list[Listener[Any]]] = field(default_factory=dict)

    def add(self, kind: type[EventT], listener: Listener[EventT]) -> None:
        """Call ``listener`` with every event of exactly this kind."""
        self.by_type.setdefault(kind, []).append(listener)

    def to(self, event: type[Event]) -> list[Listener[Any]]:
        """Return who is told of a kind of event, in order."""
        wider = self.wider.to(event) if self.wider else []
        return [*self.by_type.get(event, ()), *wider]


@dataclass(frozen=True, slots=True)
class Publisher:
    """Tell the listeners of one realm what has happened there."""

    realm: str
    listeners: Listeners

    async def __call__(self, event: Event) -> None:
        """Call each listener in turn.

        What happened is stored already and cannot be undone by a listener, so one that fails is
        logged and the others are still called.
        """
        listeners = self.listeners.to(type(event))
        if listeners:
            event = replace(event, realm=self.realm)
        for listener in listeners:
            try:
                pending = listener(event)
                if inspect.isawaitable(pending):
                    await pending
            except Exception:  # noqa: BLE001  # whatever a listener raises, the event has happened
                facts = {"event": type(event).__name__, "listener": _name(listener)}
                _log.exception("A listener failed", extra=facts)


def _name(listener: Listener[Any]) -> str:
    return getattr(listener, "__qualname__", type(listener).__qualname__)
