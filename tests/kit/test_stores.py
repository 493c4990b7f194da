"""Which stores a kit takes, and how it calls them."""

import asyncio
import threading
from typing import Any

import pytest

from tests.kit.sides import SECRET, Side
from tests.storage.doubles import BareStore, WaitingStore
from userkit import SyncUserKit, UserKit
from userkit.backends.memory import MemoryStore
from userkit.errors import UnknownBackendError, UnsupportedStoreError, UsageError, UserNotFoundError
from userkit.plugins import hookimpl
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore


class LocatedStore(BareStore):
    """A blocking store that notes in which threads it is called."""

    def __init__(self, behind: Store) -> None:
        """Begin with no calls."""
        super().__init__(behind)
        self.threads: set[str] = set()

    async def step(self) -> None:
        """Note the thread."""
        self.threads.add(threading.current_thread().name)


@pytest.mark.parametrize("thing", [None, 7, b"memory://", MemoryStore, object(), {}])
def test_a_kit_takes_a_url_or_a_store(side: Side, thing: Any) -> None:
    """Such as not an unset variable, and not a class."""
    with pytest.raises(UnsupportedStoreError, match="the URL of a database, or a store object"):
        side.kind(thing, secret=SECRET)


def test_a_url_that_nobody_understands_is_refused(side: Side) -> None:
    """By the plugins; what else they say is told there."""
    with pytest.raises(UnknownBackendError):
        side.kit("memry://")


def test_stores_of_both_kinds_work_the_same(side: Side) -> None:
    """Asynchronous ones in the asynchronous kit, blocking ones in both."""
    for store in (side.store(MemoryStore()), BareStore(MemoryStore()), MemoryStore()):
        kit = side.opened(store)
        ada = side.register(kit)
        assert side.do(kit.users.list()).items == (ada,)
        side.do(kit.close())


def test_an_asynchronous_store_is_refused_by_the_synchronous_kit() -> None:
    """At once, with what to do instead; as its own store or as a stand-in."""
    with pytest.raises(UnsupportedStoreError, match="WaitingStore is asynchronous; use UserKit"):
        SyncUserKit(WaitingStore(MemoryStore()), secret=SECRET)
    with (
        SyncUserKit(MemoryStore(), secret=SECRET) as kit,
        pytest.raises(UnsupportedStoreError, match="WaitingStore"),
    ):
        kit.with_store(WaitingStore(MemoryStore()))


def test_a_blocking_store_gets_threads_in_the_asynchronous_kit() -> None:
    """As its own store or as a stand-in; what is in memory needs none."""

    async def use() -> None:
        own, stand_in = LocatedStore(MemoryStore()), LocatedStore(MemoryStore())
        async with UserKit(own, secret=SECRET) as kit:
            await kit.users.list()
            joined = await kit.with_store(stand_in)
            await joined.users.list()
            await joined.close()
        assert own.threads == stand_in.threads == {"userkit-store_0"}

    asyncio.run(use())


def test_a_store_in_memory_is_called_at_once() -> None:
    """A hop to a thread would cost more than the call."""

    async def use() -> None:
        before = set(threading.enumerate())  # some of a test before may be about to end
        async with UserKit("memory://", secret=SECRET) as kit:
            await kit.users.register(email="ada@example.com", name="Ada")
            assert set(threading.enumerate()) <= before

    asyncio.run(use())


def test_a_closed_kit_over_threads_says_that_it_is_closed() -> None:
    """And works again once it is opened again."""

    async def use() -> None:
        async with UserKit(BareStore(MemoryStore()), secret=SECRET) as kit:
            await kit.users.list()
        with pytest.raises(UsageError, match="The store is closed"):
            await kit.users.list()
        async with kit:
            await kit.users.register(
                email="ada@example.com", name="Ada Lovelace", password="mauve otters juggle teapots"
            )
            assert len((await kit.users.list()).items) == 1

    asyncio.run(use())


def test_entering_opens_and_leaving_closes() -> None:
    """Also when what is inside fails."""
    closed: list[str] = []

    class Closable(BareStore):
        in_process = True

        async def close(self) -> None:
            closed.append("closed")

    def use() -> None:
        with SyncUserKit(Closable(MemoryStore()), secret=SECRET) as kit:
            kit.users.get("nobody")

    async def use_asynchronously() -> None:
        async with UserKit(Closable(MemoryStore()), secret=SECRET) as kit:
            await kit.users.get("nobody")

    with pytest.raises(UserNotFoundError):
        use()
    with pytest.raises(UserNotFoundError):
        asyncio.run(use_asynchronously())
    assert closed == ["closed", "closed"]


def test_a_hook_may_put_a_store_around_the_kits_own(side: Side) -> None:
    """It is told the URL without what is secret in it, or None for a store object."""
    told: list[str | None] = []

    class Wrapper:
        @hookimpl
        def userkit_wrap_store(self, store: Store, url: str | None) -> Store:
            told.append(url)
            return WaitingStore(store) if not store.blocking else BareStore(store)

    for store in ("memory://", BareStore(MemoryStore())):
        kit = side.opened(store, hooks=[Wrapper()])
        assert side.register(kit).name == "Ada"
        with pytest.raises(UnsupportedStoreError, match="cannot search"):
            side.do(kit.users.search("ada"))
    assert told == ["memory://", None]


def test_threads_are_the_innermost_layer() -> None:
    """A hook of the asynchronous kit wraps what an event loop may call."""
    seen: list[type] = []

    class Looker:
        @hookimpl
        def userkit_wrap_store(self, store: Store) -> None:
            seen.append(type(store))

    UserKit(BareStore(MemoryStore()), secret=SECRET, hooks=[Looker()])
    SyncUserKit(BareStore(MemoryStore()), secret=SECRET, hooks=[Looker()])
    assert seen == [ThreadedStore, BareStore]
