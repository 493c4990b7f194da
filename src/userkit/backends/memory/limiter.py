"""A rate limiter in memory: exact within one process, and bounded."""

import threading
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

from userkit.errors import ConfigurationError
from userkit.kernel.clock import Clock
from userkit.ports.rate_limit import Limit, Tally, Verdict

__all__ = ["MemoryRateLimiter"]

_Place = tuple[str, str]

# How many forgotten keys a call clears away at most: more than it adds, so that calls stay short.
_AT_ONCE = 4
_SLACK = 64


class MemoryRateLimiter:
    """Count attempts in this process, exactly between threads and between tasks.

    It serves both kits. What it knows is gone when the process ends, and other processes do not
    know it: use it where there is one process, or where each may count for itself.

    It remembers at most ``most_keys`` keys. When they are all taken, the one goes that would be
    forgotten soonest and is under no delay. A key under a delay never goes: when there are only
    such keys, attempts under new ones are refused until the first delay ends.
    """

    blocking = True

    def __init__(self, now: Clock, *, most_keys: int = 100_000) -> None:
        """Begin empty. Raises ConfigurationError when there is room for no key at all."""
        if most_keys < 1:
            raise ConfigurationError("MemoryRateLimiter(most_keys=…) is at least 1.")
        self._now = now
        self._most_keys = most_keys
        self._lock = threading.Lock()
        self._entries: dict[_Place, _Entry] = {}
        self._serials = count()
        # What may go, by when it is forgotten, and what is under a delay, by when that ends.
        self._free: list[_Item] = []
        self._delayed: list[_Item] = []

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._entries)

    async def take(self, limit: Limit, key: str) -> Verdict:
        """See RateLimiter.take."""
        place = (limit.name, key)
        with self._lock:
            now = self._now()
            self._clear_away(now)
            entry = self._entries.get(place)
            if entry is None and len(self._entries) >= self._most_keys and not self._make_room(now):
                return Verdict(allowed=False, retry_after=self._first_end(now))
            before = Tally(since=now) if entry is None else entry.tally
            after, verdict = before.taken(limit, now)
            if after is not before:
                self._keep(place, after, limit, now)
            return verdict

    async def release(self, limit: Limit, key: str) -> None:
        """See RateLimiter.release."""
        place = (limit.name, key)
        with self._lock:
            now, entry = self._now(), self._entries.get(place)
            if entry is not None:
                after = entry.tally.released(limit, now)
                if after is not entry.tally:
                    self._keep(place, after, limit, now)

    async def forget(self, limit: Limit, key: str) -> None:
        """See RateLimiter.forget."""
        with self._lock:
            self._entries.pop((limit.name, key), None)

    async def close(self) -> None:
        """See RateLimiter.close; what it knows lives as long as the object."""

    def _keep(self, place: _Place, tally: Tally, limit: Limit, now: datetime) -> None:
        entry = _Entry(tally, tally.forgotten_at(limit), next(self._serials))
        self._entries[place] = entry
        self._queue(place, entry, now)
        if len(self._free) + len(self._delayed) > 2 * len(self._entries) + _SLACK:
            self._compact()

    def _queue(self, place: _Place, entry: "_Entry", now: datetime) -> None:
        left = entry.tally.delay_left(now)
        if left:
            heappush(self._delayed, _Item(now + left, entry.serial, place))
        else:
            heappush(self._free, _Item(entry.forgotten_at, entry.serial, place))

    def _compact(self) -> None:
        """Drop what waits in line for a revision that is no more."""
        for line in (self._free, self._delayed):
            line[:] = [item for item in line if self._entry_of(item) is not None]
            heapify(line)

    def _clear_away(self, now: datetime) -> None:
        self._end_delays(now)
        for _ in range(_AT_ONCE):
            if not self._free or self._free[0].at > now:
                break
            self._drop_soonest(now)

    def _make_room(self, now: datetime) -> bool:
        while self._free:
            if self._drop_soonest(now):
                return True
        return False

    def _drop_soonest(self, now: datetime) -> bool:
        item = heappop(self._free)
        entry = self._entry_of(item)
        if entry is None:
            return False
        if entry.tally.delay_left(now):  # it had ended, and the clock was set back
            self._queue(item.place, entry, now)
            return False
        del self._entries[item.place]
        return True

    def _end_delays(self, now: datetime) -> None:
        while self._delayed and self._delayed[0].at <= now:
            item = heappop(self._delayed)
            entry = self._entry_of(item)
            if entry is not None:
                self._queue(item.place, entry, now)

    def _first_end(self, now: datetime) -> float:
        """Return in how many seconds the first delay ends, where there are only delays."""
        while self._entry_of(self._delayed[0]) is None:
            heappop(self._delayed)
        return (self._delayed[0].at - now).total_seconds()

    def _entry_of(self, item: "_Item") -> "_Entry | None":
        entry = self._entries.get(item.place)
        return entry if entry is not None and entry.serial == item.serial else None


class _Entry(NamedTuple):
    tally: Tally
    forgotten_at: datetime
    serial: int


class _Item(NamedTuple):
    at: datetime
    serial: int
    place: _Place
