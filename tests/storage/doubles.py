"""Stores that do what tests want to see: wait, be interrupted, be slow, lack abilities."""

import asyncio
import copy
import threading
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.changes import Change
from userkit.storage.collection import Collection
from userkit.storage.port import Store

E = TypeVar("E", bound=Entity)


class BareStore:
    """Another store with nothing but the three verbs."""

    blocking = True

    def __init__(self, behind: Store) -> None:
        """Pass everything on to the store behind."""
        self.behind = behind

    async def step(self) -> None:
        """Do what a subclass does before it passes a verb on."""

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare."""
        await self.step()
        await self.behind.prepare(collections, create=create)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        await self.step()
        return await self.behind.get(entity, id)

    async def find(
        self,
        entity: type[E],
        field: str | None = None,
        value: str | None = None,
        *,
        after: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Page[E]:
        """See Store.find."""
        await self.step()
        return await self.behind.find(
            entity, field, value, after=after, limit=limit, newest_first=newest_first
        )

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        await self.step()
        await self.behind.commit(*changes)

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = copy.copy(self)
        view.behind = self.behind.realm(name)
        return view

    async def close(self) -> None:
        """See Store.close."""
        await self.step()
        await self.behind.close()


class WaitingStore(BareStore):
    """An asynchronous store: other tasks run before every verb."""

    blocking = False

    async def step(self) -> None:
        """Let every other task take its turn."""
        await asyncio.sleep(0)


class OvertakenStore(BareStore):
    """A store whose commits come too late, for somebody else is always faster."""

    def __init__(self, behind: Store, rival: Callable[[Store], object]) -> None:
        """Let the rival act on the store behind just before every commit."""
        super().__init__(behind)
        self.rival = rival
        self.commits = 0

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        self.commits += 1
        self.rival(self.behind)
        await self.behind.commit(*changes)


class SlowStore(BareStore):
    """A blocking store that is stuck in its driver until it is let go."""

    def __init__(self, behind: Store, entered: Callable[[], object]) -> None:
        """Call ``entered`` and be stuck, from the first verb on."""
        super().__init__(behind)
        self.entered = entered
        self.released = threading.Event()

    async def step(self) -> None:
        """Block the thread, as a driver does."""
        self.entered()
        self.released.wait()
