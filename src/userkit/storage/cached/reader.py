"""Reading through a cache: a copy if there is one, else the store, once for all who ask."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from userkit.errors import InvalidEntityError, StoreUnavailableError
from userkit.kernel.entity import Entity
from userkit.ports.cache import Held
from userkit.storage.cached.copies import Copies
from userkit.storage.cached.flights import Flights
from userkit.storage.cached.line import Line

__all__ = ["Question", "Reader"]

E = TypeVar("E", bound=Entity)

# Longer than a look into the store should take: what comes later is not kept.
_LEASE = 3.0
# How long to wait for another process that is reading the same, before reading as well.
_WAITS = (0.005, 0.02)


@dataclass(frozen=True, slots=True)
class Question:
    """What to find by which value, under which key of which space."""

    space: str
    key: str
    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Answer from the cache where that is as good as from the store."""

    line: Line
    flights: Flights
    ttl: float
    negative_ttl: float

    async def read(
        self, question: Question, copies: Copies[E], load: Callable[[], Awaitable[E | None]]
    ) -> E | None:
        """Return the entity or None, as last committed. ``load`` asks the store."""
        cache = self.line.cache
        for wait in (*_WAITS, None):
            lease = self.flights.new_lease()
            call = partial(cache.read, question.space, question.key, lease=lease, seconds=_LEASE)
            try:
                answer = await self.line.ask(question.space, call)
                if answer.held is Held.VALUE:
                    return copies.decode(answer.value, question.field, question.value)
            except (InvalidEntityError, StoreUnavailableError):
                break
            keep = partial(self._keep, question, copies)
            if answer.held is Held.GRANTED:
                return await self.flights.share(lease, load, partial(keep, lease))
            if answer.held is Held.FENCED:
                break
            if self.flights.is_ours(answer.holder):
                return await self.flights.share(answer.holder, load, partial(keep, answer.holder))
            if wait is not None:
                await cache.pause(wait)
        return await load()

    async def _keep(self, question: Question, copies: Copies[E], lease: str, entity: E | None) -> None:
        seconds = self.negative_ttl if entity is None else self.ttl
        fill = self.line.cache.fill
        try:
            value = copies.encode(entity)
            call = partial(fill, question.space, question.key, value, lease=lease, seconds=seconds)
            await self.line.ask(question.space, call)
        except (InvalidEntityError, StoreUnavailableError):
            return
