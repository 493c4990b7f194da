"""A blocking store in an asynchronous application: each call is one hop to a thread."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, ParamSpec, Self, TypeVar

from userkit.errors import UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.capabilities import (
    Concurrent,
    bulk_loadable,
    countable,
    forwarding,
    purgeable,
    searchable,
    surveyable,
)
from userkit.storage.changes import Change
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.sync import run

__all__ = ["ThreadedStore"]

E = TypeVar("E", bound=Entity)
P = ParamSpec("P")
T = TypeVar("T")


class ThreadedStore:
    """Run a blocking store in threads of its own, so that no call blocks the event loop.

    There are as many threads as the store says it serves calls at once (``concurrency``), else one.
    """

    blocking = False

    def __init__(self, store: Store, *, threads: int | None = None) -> None:
        """Wrap a store; the threads start with the first calls."""
        if threads is None:
            threads = store.concurrency if isinstance(store, Concurrent) else 1
        self.inner = store
        self._crew = _Crew(threads)

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare. A store that was closed is open again."""
        self._crew.gather()
        await self._run(self.inner.prepare, collections, create=create)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        return await self._run(self.inner.get, entity, id)

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
        find = partial(self.inner.find, after=after, limit=limit, newest_first=newest_first)
        return await self._run(find, entity, field, value)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        await self._run(self.inner.commit, *changes)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search."""
        search = searchable(self.inner).search
        return await self._run(partial(search, after=after, limit=limit), entity, text)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        return await self._run(countable(self.inner).count, entity, field, value)

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        return await self._run(purgeable(self.inner).purge, entity, before=before, limit=limit)

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load; the entities are drawn in the store's thread."""
        return await self._run(bulk_loadable(self.inner).load, entities, batch=batch)

    async def forward(self) -> int:
        """See Forwarding.forward; nothing where the store has nothing to see to."""
        inner = forwarding(self.inner)
        return 0 if inner is None else await self._run(inner.forward)

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms."""
        return await self._run(surveyable(self.inner).realms)

    def realm(self, name: str) -> Self:
        """See Store.realm; the view shares the threads."""
        view = object.__new__(type(self))
        view.inner, view._crew = self.inner.realm(name), self._crew
        return view

    async def close(self) -> None:
        """Close the store in its thread, then end the threads."""
        threads = self._crew.dismiss()
        if threads is not None:
            try:
                await _hop(threads, self.inner.close)
            finally:
                threads.shutdown(wait=False)

    async def _run(
        self, call: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if self._crew.threads is None:
            raise UsageError("The store is closed.")
        return await _hop(self._crew.threads, call, *args, **kwargs)


class _Crew:
    """The threads that all views of a store share; None once it is closed."""

    __slots__ = ("count", "threads")

    def __init__(self, count: int) -> None:
        self.count = count
        self.threads: ThreadPoolExecutor | None = None
        self.gather()

    def gather(self) -> None:
        if self.threads is None:
            self.threads = ThreadPoolExecutor(self.count, thread_name_prefix="userkit-store")

    def dismiss(self) -> ThreadPoolExecutor | None:
        threads, self.threads = self.threads, None
        return threads


async def _hop(
    threads: ThreadPoolExecutor,
    call: Callable[P, Coroutine[Any, Any, T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    def finish() -> T:
        return run(call(*args, **kwargs))

    # Tracing and logging keep who asks in context variables.
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(threads, context.run, finish)
