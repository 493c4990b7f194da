"""Where a store is put to be tested: it is opened, run and closed, on an event loop where it needs one."""

import asyncio
import sys
import threading
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from userkit.errors import UserKitError
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS

__all__ = ["PATIENCE", "Bench", "Job", "OpenStore", "Outcome", "new_realm"]

T = TypeVar("T")

OpenStore = Callable[[], Store]
"""Opens the storage under test; each call opens the same storage again."""

Job = Callable[[Store], Awaitable[Any]]
"""What one caller does with a store at the same time as others."""

PATIENCE = 60.0
"""Seconds after which callers that are not done count as stuck."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: with a value, or with an error. Foreign errors are kept to be reported."""

    value: Any = None
    error: UserKitError | None = None
    foreign: str | None = None


class Bench:
    """Open the stores of one test, run what is done with them, and close them again.

    A blocking store is stepped where it stands and serves several callers in threads. Any other is
    opened on an event loop that is kept for as long as the bench, and serves them as tasks.
    """

    def __init__(self, open_store: OpenStore, *, realm: str | None = None) -> None:
        """Take what opens the storage, and the realm to work in, else a fresh one."""
        self.open_store = open_store
        self.realm = realm or new_realm()
        self.blocking = False
        self._runner = asyncio.Runner()
        self._opened: list[Store] = []

    def __enter__(self) -> Self:
        try:
            # An asynchronous store may look for the loop that it is opened on.
            self._opened.append(self._runner.run(self._call()))
            self.blocking = self.root.blocking
            self.run(self.root.prepare(COLLECTIONS))
            self.store = self.root.realm(self.realm)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def root(self) -> Store:
        """The store itself, as it was opened; ``store`` is its view of the realm of this bench."""
        return self._opened[0]

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, on the loop unless the store is blocking."""
        return run(coroutine) if self.blocking else self._runner.run(coroutine)

    async def open(self, *collections: Collection[Any], create: bool = True) -> Store:
        """Open the storage once more, prepared for these collections, else for all specimens."""
        store = self.open_store()
        self._opened.append(store)
        await store.prepare(collections or COLLECTIONS, create=create)
        return store

    async def race(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Do jobs at the same time with one store, each in a thread or a task of its own."""
        if self.blocking:
            return _in_threads(self.store, jobs)
        return await _in_tasks(self.store, jobs)

    def close(self) -> None:
        """Close every store that was opened here, and the loop."""
        try:
            for store in reversed(self._opened):
                self.run(store.close())
        finally:
            self._runner.close()

    async def _call(self) -> Store:
        return self.open_store()


def new_realm() -> str:
    """Return the name of a realm that nobody has used."""
    return f"kit-{uuid.uuid4().hex}"


def _in_threads(store: Store, jobs: Sequence[Job]) -> list[Outcome]:
    outcomes = [Outcome(foreign="the call did not end")] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def work(place: int) -> None:
        gate.wait(PATIENCE)
        outcomes[place] = run(_attempt(store, jobs[place]))

    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(len(jobs))]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # so that threads meet between two statements, not between two jobs
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    finally:
        sys.setswitchinterval(usual)
    return list(outcomes)


async def _in_tasks(store: Store, jobs: Sequence[Job]) -> list[Outcome]:
    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*(_attempt(store, job) for job in jobs))


async def _attempt(store: Store, job: Job) -> Outcome:
    try:
        return Outcome(value=await job(store))
    except UserKitError as error:
        return Outcome(error=error)
    except Exception as error:  # noqa: BLE001 - another error than ours is what the kit is looking for
        return Outcome(foreign=f"{type(error).__module__}.{type(error).__qualname__}: {error}")
