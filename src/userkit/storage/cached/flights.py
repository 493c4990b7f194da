"""One look into the store for all who ask for the same at the same time."""

import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any, TypeVar

from userkit.ports.turns import Turns

__all__ = ["Flights"]

T = TypeVar("T")


class _Flight:
    """A look into the store under one lease, and how many callers want what it brings."""

    __slots__ = ("begun", "landed", "users", "value")

    def __init__(self) -> None:
        self.users = 0
        self.begun = self.landed = False
        self.value: Any = None


class Flights:
    """Share what is read under a lease among the callers of this process.

    Who finds the lease of this process still in the cache may take what is read under it: had
    anything been changed since the lease was given, a fence would have taken its place.
    """

    def __init__(self, turns: Turns) -> None:
        """Begin with nobody reading."""
        self._turns = turns
        self._mark = token_hex(8)
        self._guard = threading.Lock()
        self._flights: dict[str, _Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def new_lease(self) -> str:
        """Return a text that is used once, also in processes that were forked from this one."""
        return f"{self._mark}.{token_hex(12)}"

    def is_ours(self, lease: str) -> bool:
        """Tell whether a lease was given to this process."""
        return lease.startswith(self._mark)

    async def share(
        self, lease: str, load: Callable[[], Awaitable[T]], keep: Callable[[T], Awaitable[None]]
    ) -> T:
        """Return what ``load`` brings, called once for all who share; ``keep`` gets it, too.

        When it fails, it fails for the one who called it, and the others call for themselves.
        """
        with self._boarding(lease) as flight:
            async with self._turns.of(lease):
                if flight.landed:
                    return flight.value  # type: ignore[no-any-return]  # of the same key, so of this kind
                if not flight.begun:
                    return await self._fly(flight, load, keep)
        return await load()

    async def _fly(
        self, flight: _Flight, load: Callable[[], Awaitable[T]], keep: Callable[[T], Awaitable[None]]
    ) -> T:
        flight.begun = True  # and has failed, for whoever has the next turn and sees no more than this
        value = await load()
        flight.value, flight.landed = value, True
        await keep(value)
        return value

    @contextmanager
    def _boarding(self, lease: str) -> Generator[_Flight, None, None]:
        with self._guard:
            flight = self._flights.setdefault(lease, _Flight())
            flight.users += 1
        try:
            yield flight
        finally:
            with self._guard:
                flight.users -= 1
                if not flight.users:
                    del self._flights[lease]
