"""Behind sentinels the store follows the primary, whichever server it is."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.servers.ports import free_port
from tests.servers.redis import RedisSentinel
from userkit.backends.redis.opening import open_url
from userkit.errors import StoreUnavailableError
from userkit.storage.changes import Add
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Person, person

pytestmark = pytest.mark.server

ATTEMPTS = 400


@pytest.fixture
def sentinel() -> Iterator[RedisSentinel]:
    """A sentinel, a primary and a replica, of which a test may kill what it likes."""
    with RedisSentinel() as sentinel:
        yield sentinel


def added(store: Store) -> Person:
    """Add somebody as soon as there is a primary again."""
    for _ in range(ATTEMPTS):
        somebody = person()
        try:
            run(store.commit(Add(somebody)))
        except StoreUnavailableError:
            asyncio.run(asyncio.sleep(0.05))
        else:
            return somebody
    raise AssertionError("no primary came back")


def test_x4_when_the_primary_is_killed_the_store_goes_on_with_its_replica(sentinel: RedisSentinel) -> None:
    """Without a restart, and with what the replica was told."""
    store = open_url(sentinel.url(keep_expired=-1, connect_timeout=0.5), blocking=True)
    run(store.prepare(COLLECTIONS))
    ada = person()
    run(store.commit(Add(ada)))
    sentinel.primary.command("WAIT", 1, 5000)
    sentinel.primary.kill()
    grace = added(store)
    assert run(store.get(Person, ada.id)) == ada
    assert run(store.get(Person, grace.id)) == grace
    run(store.close())


def test_an_asynchronous_store_finds_its_primary_as_well(sentinel: RedisSentinel) -> None:
    """And one that does not know the service says so."""

    async def use() -> None:
        store = open_url(sentinel.url(keep_expired=-1), blocking=False)
        await store.prepare(COLLECTIONS)
        ada = person()
        await store.commit(Add(ada))
        assert await store.get(Person, ada.id) == ada
        await store.close()
        other = open_url(sentinel.url().replace("/app", "/other"), blocking=False)
        with pytest.raises(StoreUnavailableError, match="no primary of this service"):
            await other.prepare(COLLECTIONS)
        await other.close()
        stranger = open_url(sentinel.url(sentinel_password="wrong-but-hidden"), blocking=False)
        with pytest.raises(StoreUnavailableError) as caught:
            await stranger.prepare(COLLECTIONS)
        assert "hidden" not in str(caught.value)
        await stranger.close()

    asyncio.run(use())


def test_sentinels_that_are_not_there_are_said() -> None:
    """With where they should be."""
    port = free_port()
    store = open_url(f"redis+sentinel://127.0.0.1:{port}/app", blocking=True)
    with pytest.raises(StoreUnavailableError, match=f"behind 127.0.0.1:{port} knows no primary"):
        run(store.prepare(COLLECTIONS))
    run(store.close())
