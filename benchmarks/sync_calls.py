"""What the synchronous kit adds to a call: the same code is stepped that an event loop would run.

The store is a stub that answers at once, so that all there is to see is the way there and back.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from benchmarks.measure import Contest, Count, contest
from benchmarks.people import people
from benchmarks.rivals.ours import SECRET
from userkit import SyncUserKit, User, UserKit
from userkit.backends.memory import MemoryStore
from userkit.kernel.entity import Entity

__all__ = ["run"]

E = TypeVar("E", bound=Entity)

CALLS, ROUNDS = 20_000, 15


def run() -> Iterator[Contest | Count]:
    """Compare with awaiting the same use case in a running loop, and with the stub alone."""
    user = next(people(1))
    store = _Known(user)
    with SyncUserKit(store, secret=SECRET, relay=False) as kit, asyncio.Runner() as runner:
        asynchronous = UserKit(store, secret=SECRET, relay=False)
        runner.run(asynchronous.__aenter__())

        def stepped() -> int:
            get = kit.users.get
            for _ in range(CALLS):
                get(user.id)
            return CALLS

        async def all_awaited() -> None:
            get = asynchronous.users.get
            for _ in range(CALLS):
                await get(user.id)

        def awaited() -> int:
            runner.run(all_awaited())
            return CALLS

        async def all_read() -> None:
            for _ in range(CALLS):
                await store.get(User, user.id)

        def read() -> int:
            runner.run(all_read())
            return CALLS

        told = "a synchronous users.get over a store that answers at once"
        yield contest(told, "awaited in a running loop", stepped, awaited, rounds=ROUNDS)
        yield _beyond(f"{told}, beyond the same awaited", stepped, awaited)
        yield _beyond(f"{told}, beyond the store's own", stepped, read)
        runner.run(asynchronous.close())


class _Known(MemoryStore):
    """Knows one user, and answers at once."""

    def __init__(self, user: User) -> None:
        super().__init__()
        self._user: Any = user

    async def get(self, entity: type[E], id: str) -> E | None:
        return cast(E, self._user)


def _beyond(name: str, more: Callable[[], int], less: Callable[[], int]) -> Count:
    """Return what one takes beyond the other, a call."""
    differences = [_once(more) - _once(less) for _ in range(ROUNDS)]
    return Count(
        name=name,
        value=statistics.median(differences) * 1e6,
        unit="CPU µs",
        goal="P13",
        at_most=3,
        is_exact=False,
    )


def _once(work: Callable[[], int]) -> float:
    begin = time.process_time()
    calls = work()
    return (time.process_time() - begin) / calls
