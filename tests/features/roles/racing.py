"""Several who act on one store at once, as threads and as tasks, and a store that is careless about it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TypeVar

from tests.storage.doubles import WaitingStore
from userkit.backends.memory import MemoryStore
from userkit.errors import UserKitError
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.port import Store
from userkit.sync import run

W = TypeVar("W")

Outcome = type[UserKitError] | None
Work = Callable[[W], Awaitable[object]]
Race = Callable[[Callable[[Store], W], MemoryStore, Sequence[Work[W]]], list[Outcome]]


async def outcome(work: Work[W], here: W) -> Outcome:
    """Do the work, and tell how it ended."""
    try:
        await work(here)
    except UserKitError as error:
        return type(error)
    return None


def as_threads(world: Callable[[Store], W], memory: MemoryStore, works: Sequence[Work[W]]) -> list[Outcome]:
    """Let threads begin at the same moment."""
    here, gate = world(memory), Barrier(len(works))

    def enter(work: Work[W]) -> Outcome:
        gate.wait()
        return run(outcome(work, here))

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(enter, works))


def as_tasks(world: Callable[[Store], W], memory: MemoryStore, works: Sequence[Work[W]]) -> list[Outcome]:
    """Let tasks take turns at every call of the store."""
    return in_tasks(world(WaitingStore(memory)), works)


def carelessly(world: Callable[[Store], W], memory: MemoryStore, works: Sequence[Work[W]]) -> list[Outcome]:
    """Let tasks take turns over a store where the last write wins."""
    return in_tasks(world(CarelessStore(memory)), works)


class CarelessStore(WaitingStore):
    """A store that writes over whatever is there by then."""

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        await self.step()
        fitted = [await self._fit(change) for change in changes]
        await self.behind.commit(*(each for each in fitted if each is not None))

    async def _fit(self, change: Change) -> Change | None:
        entity = change.after if isinstance(change, Save) else change.entity
        stored = await self.behind.get(type(entity), entity.id)
        if isinstance(change, Remove):
            return None if stored is None else Remove(stored)
        if stored is None:
            return Add(entity)
        return Save(stored, replace(entity, version=stored.version + 1))


def in_tasks(here: W, works: Sequence[Work[W]]) -> list[Outcome]:
    """Let tasks take turns in a world."""

    async def all_at_once() -> list[Outcome]:
        return await asyncio.gather(*(outcome(work, here) for work in works))

    return asyncio.run(all_at_once())
