"""A blocking store behind threads never blocks the event loop, and is otherwise the store within."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import UTC, datetime

import pytest

from tests.storage.doubles import BareStore, OvertakenStore, SlowStore, WaitingStore
from tests.storage.things import NOTES, Note, note
from userkit.backends.memory import MemoryStore
from userkit.errors import DuplicateError, UnsupportedStoreError, UsageError, WouldWaitError
from userkit.storage.changes import Add
from userkit.storage.threaded import ThreadedStore

asker: ContextVar[str] = ContextVar("asker", default="nobody")


class ObservedStore(BareStore):
    """A store that notes in which thread, and for whom, it is called."""

    def __init__(self, behind: MemoryStore) -> None:
        """Begin with no calls."""
        super().__init__(behind)
        self.threads: list[str] = []
        self.askers: list[str] = []

    async def step(self) -> None:
        """Note who calls, and from where."""
        self.threads.append(threading.current_thread().name)
        self.askers.append(asker.get())
        asker.set("changed by the store")


class PooledStore(BareStore):
    """A store that serves three calls at once, and waits until there are three."""

    concurrency = 3

    def __init__(self, behind: MemoryStore) -> None:
        """Open the gate to three at a time."""
        super().__init__(behind)
        self.gate = threading.Barrier(3)

    async def step(self) -> None:
        """Go on when three calls are here."""
        self.gate.wait()


class CountingExecutor(ThreadPoolExecutor):
    """Threads that count what they are given to do."""

    hops = 0

    def submit(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # whatever an executor takes
        """Count, and do it."""
        self.hops += 1
        return super().submit(*args, **kwargs)


def test_every_verb_and_ability_is_that_of_the_store_within() -> None:
    """With all of their arguments."""

    async def use() -> None:
        memory = MemoryStore()
        store = ThreadedStore(memory)
        await store.prepare([NOTES])
        one, two = note("one", label="1"), note("two", label="2", done_at=datetime(2026, 1, 1, tzinfo=UTC))
        await store.commit(Add(one))
        assert await store.load(iter([two]), batch=1) == 1
        assert await store.get(Note, one.id) == one
        assert (await store.find(Note)).items == (one, two)
        assert (await store.find(Note, newest_first=True, limit=1)).items == (two,)
        assert (await store.find(Note, "label", "2")).items == (two,)
        assert (await store.find(Note, after=one.id)).items == (two,)
        assert (await store.search(Note, "t", limit=1)).items == (two,)
        assert (await store.search(Note, "t", after=two.id)).items == ()
        assert (await store.count(Note), await store.count(Note, "label", "1")) == (2, 1)
        assert await store.purge(Note, before=datetime(2026, 1, 2, tzinfo=UTC), limit=5) == 1
        assert await memory.count(Note) == 1
        with pytest.raises(DuplicateError):
            await store.commit(Add(one))
        await store.close()

    asyncio.run(use())


def test_the_store_within_is_called_in_its_own_thread_once_a_call() -> None:
    """One hop, exactly: each costs as much as a read."""

    async def use() -> None:
        inner = ObservedStore(MemoryStore())
        store = ThreadedStore(inner)
        store._crew.threads = hops = CountingExecutor(1, "userkit-store")
        await store.prepare([NOTES])
        new = note()
        await store.commit(Add(new))
        await store.get(Note, new.id)
        await store.find(Note)
        await store.realm("acme").find(Note)
        await store.close()
        assert hops.hops == len(inner.threads) == 6
        assert set(inner.threads) == {"userkit-store_0"}

    asyncio.run(use())


def test_the_event_loop_goes_on_while_the_driver_is_stuck() -> None:
    """Other tasks run; nothing but them ends the wait."""

    async def use() -> None:
        loop, entered = asyncio.get_running_loop(), asyncio.Event()
        slow = SlowStore(MemoryStore(), lambda: loop.call_soon_threadsafe(entered.set))
        store = ThreadedStore(slow)
        stuck = asyncio.create_task(store.prepare([NOTES]))
        await entered.wait()
        assert not stuck.done()
        slow.released.set()
        await stuck
        await store.close()

    asyncio.run(use())


def test_a_store_that_serves_several_calls_at_once_gets_as_many_threads() -> None:
    """Each of the three calls ends only when all have begun."""

    async def use() -> None:
        inner = PooledStore(MemoryStore())
        await inner.behind.prepare([NOTES])
        store = ThreadedStore(inner)
        gets = [store.get(Note, note().id) for _ in range(3)]
        assert await asyncio.gather(*gets) == [None, None, None]

    asyncio.run(use())


@pytest.mark.parametrize("threads", [None, 1])
def test_other_stores_get_one_thread(threads: int | None) -> None:
    """SQLite's connections stay in theirs; a number given outright counts more than what the store says."""

    async def use() -> None:
        inner = ObservedStore(MemoryStore()) if threads is None else PooledObserved(MemoryStore())
        store = ThreadedStore(inner, threads=threads)
        await store.prepare([NOTES])
        await asyncio.gather(*(store.get(Note, note().id) for _ in range(20)))
        await store.close()
        assert set(inner.threads) == {"userkit-store_0"}

    asyncio.run(use())


class PooledObserved(ObservedStore):
    """An observed store that would serve several calls at once."""

    concurrency = 3


def test_who_asks_is_known_in_the_thread_and_stays_who_they_are() -> None:
    """Context variables go along, and what the store sets in them does not come back."""

    async def use() -> None:
        inner = ObservedStore(MemoryStore())
        store = ThreadedStore(inner)
        await store.prepare([NOTES])

        async def ask(name: str) -> str:
            asker.set(name)
            await store.get(Note, note().id)
            return asker.get()

        assert list(await asyncio.gather(ask("ada"), ask("grace"))) == ["ada", "grace"]
        assert inner.askers == ["nobody", "ada", "grace"]
        await store.close()

    asyncio.run(use())


def test_a_view_of_a_realm_sees_that_realm_only() -> None:
    """In the same threads."""

    async def use() -> None:
        store = ThreadedStore(MemoryStore())
        acme = store.realm("acme")
        await store.prepare([NOTES])
        new = note()
        await acme.commit(Add(new))
        assert await store.get(Note, new.id) is None
        assert await acme.get(Note, new.id) == new
        await acme.close()
        for each in (store, acme):
            with pytest.raises(UsageError, match="closed"):
                await each.get(Note, new.id)

    asyncio.run(use())


def test_closing_closes_the_store_within_once() -> None:
    """Closing again, or closing a view, does no harm."""

    async def use() -> None:
        inner = ObservedStore(MemoryStore())
        store = ThreadedStore(inner)
        await store.close()
        await store.close()
        await store.realm("acme").close()
        assert len(inner.threads) == 1
        with pytest.raises(UsageError, match="The store is closed"):
            await store.find(Note)
        await store.prepare([NOTES])
        assert (await store.find(Note)).items == ()
        await store.close()

    asyncio.run(use())


def test_the_threads_end_even_when_closing_fails() -> None:
    """Whoever closes hears of it."""

    class Unclosable(BareStore):
        async def close(self) -> None:
            raise LookupError

    async def use() -> None:
        store = ThreadedStore(Unclosable(MemoryStore()))
        threads = store._crew.threads
        with pytest.raises(LookupError):
            await store.close()
        assert threads is not None
        with pytest.raises(RuntimeError, match="after shutdown"):
            threads.submit(print)

    asyncio.run(use())


def test_a_store_that_lacks_an_ability_lacks_it_behind_threads() -> None:
    """The error is the same, and raised at once."""

    async def use() -> None:
        store = ThreadedStore(BareStore(MemoryStore()))
        for call in (
            store.search(Note, "a"),
            store.count(Note),
            store.purge(Note, before=datetime(2026, 1, 1, tzinfo=UTC)),
            store.load([]),
        ):
            with pytest.raises(UnsupportedStoreError, match="BareStore cannot"):
                await call

    asyncio.run(use())


def test_a_store_that_waits_cannot_stand_behind_threads() -> None:
    """There is no event loop for it to wait for."""

    async def use() -> None:
        store = ThreadedStore(WaitingStore(MemoryStore()))
        with pytest.raises(WouldWaitError):
            await store.prepare([NOTES])

    asyncio.run(use())


def test_entities_are_drawn_in_the_thread_of_the_store() -> None:
    """Reading a large file row by row does not block the event loop either."""
    drawn_in: list[str] = []

    def draw() -> Iterator[Note]:
        drawn_in.append(threading.current_thread().name)
        yield note()

    async def use() -> None:
        store = ThreadedStore(MemoryStore())
        await store.prepare([NOTES])
        assert await store.load(draw()) == 1
        await store.close()

    asyncio.run(use())
    assert drawn_in == ["userkit-store_0"]


def test_errors_of_the_store_come_through_as_they_are() -> None:
    """With what they say."""

    def fail(_: object) -> None:
        raise DuplicateError("label")

    async def use() -> None:
        store = ThreadedStore(OvertakenStore(MemoryStore(), fail))
        with pytest.raises(DuplicateError) as caught:
            await store.commit()
        assert caught.value.field == "label"
        await store.close()

    asyncio.run(use())
