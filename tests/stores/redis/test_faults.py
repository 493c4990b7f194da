"""What goes wrong with a Redis that worked, and what is said and kept then."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tests.servers.redis import RedisServer, ValkeyServer
from userkit import SyncUserKit, User, UserKit
from userkit.backends.redis.addresses import Address
from userkit.backends.redis.connecting import Link
from userkit.backends.redis.errors import translated
from userkit.backends.redis.opening import open_url
from userkit.errors import StoreError, StoreUnavailableError
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Person, person

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server that a test may spoil."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def store(server: RedisServer) -> Iterator[Store]:
    """A store on it that waits for a short time only."""
    store = open_url(f"{server.url()}?keep_expired=-1&operation_timeout=2&connect_timeout=2", blocking=True)
    run(store.prepare(COLLECTIONS))
    yield store
    run(store.close())


@pytest.mark.server
def test_a_full_server_takes_nothing_half(server: RedisServer, store: Store) -> None:
    """What is there can be read, changed and taken out, so that there is room again."""
    ada = person(handle="ada")
    run(store.commit(Add(ada)))
    server.command("CONFIG", "SET", "maxmemory", "1")
    grace = person(handle="grace")
    with pytest.raises(StoreUnavailableError, match="is full"):
        run(store.commit(Add(grace)))
    assert run(store.get(Person, grace.id)) is None
    assert run(store.find(Person, "handle", "grace")).items == ()
    assert run(store.get(Person, ada.id)) == ada
    run(store.commit(Save(ada, newer := ada.evolve(name="Ada King"))))
    assert run(store.find(Person, "handle", "ada")).items == (newer,)
    run(store.commit(Remove(newer)))
    server.command("CONFIG", "SET", "maxmemory", "0")
    run(store.commit(Add(grace)))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        pytest.param(RedisServer.kill, "cannot be reached", id="down"),
        pytest.param(RedisServer.suspend, "did not answer in time", id="hangs"),
        pytest.param(lambda server: server.command("REPLICAOF", "::1", 1), "is read-only", id="read-only"),
        pytest.param(
            lambda server: server.command("CONFIG", "SET", "min-replicas-to-write", 1), "too few", id="alone"
        ),
    ],
)
@pytest.mark.server
def test_what_takes_no_commits_says_why(
    server: RedisServer, store: Store, harm: Callable[[RedisServer], object], says: str
) -> None:
    """In a sentence, without the URL."""
    run(store.commit(Add(person())))
    harm(server)
    with pytest.raises(StoreUnavailableError, match=says) as caught:
        run(store.commit(Add(person())))
    assert server.password not in str(caught.value)


@pytest.mark.server
def test_a_key_of_somebody_else_is_said_before_anything_is_written(server: RedisServer, store: Store) -> None:
    """Where the prefix is not userkit's alone."""
    server.command("SET", "{userkit:default}:specimen_persons:u:address", "text")
    ada = person()
    with pytest.raises(StoreUnavailableError, match="holds something else under a key of userkit"):
        run(store.commit(Add(ada)))
    assert run(store.get(Person, ada.id)) is None


@pytest.mark.server
def test_x4_a_durable_server_that_is_killed_loses_nothing_that_was_acknowledged() -> None:
    """With appendfsync always. The same kit goes on, without a restart."""
    with RedisServer(durable=True) as server:
        url = f"{server.url()}?operation_timeout=2"
        with SyncUserKit(url, secret=SECRET, relay=False) as kit:
            done: list[User] = []
            enough, stop = threading.Event(), threading.Event()

            def register(name: str) -> None:
                number = 0
                while not stop.is_set():
                    number += 1
                    try:
                        done.append(kit.users.register(email=f"{name}{number}@example.com", name=name))
                    except StoreError:
                        stop.wait(0.01)
                    if len(done) > 40:
                        enough.set()

            writers = [threading.Thread(target=register, args=(f"writer{each}",)) for each in range(4)]
            for writer in writers:
                writer.start()
            assert enough.wait(30)
            server.kill()
            server.start()
            kit.users.register(email="after@example.com", name="After")
            stop.set()
            for writer in writers:
                writer.join(60)
            assert [kit.users.get(user.id) for user in done] == done
            assert kit.users.count() >= len(done) + 1


def test_callers_beyond_the_pool_wait_for_their_turn(valkey: ValkeyServer) -> None:
    """For pool_timeout at most."""
    url = f"{valkey.url()}?keep_expired=-1&pool_size=2"
    store = open_url(url, blocking=True)
    run(store.prepare(COLLECTIONS))
    with ThreadPoolExecutor(16) as threads:
        for each in [threads.submit(run, store.commit(Add(person()))) for _ in range(64)]:
            each.result()
    run(store.close())

    async def crowd() -> None:
        waiting = open_url(url, blocking=False)
        await waiting.prepare(COLLECTIONS)
        await asyncio.gather(*(waiting.commit(Add(person())) for _ in range(64)))
        await waiting.close()

    asyncio.run(crowd())


@pytest.mark.server
def test_who_waits_too_long_for_a_connection_is_told(server: RedisServer) -> None:
    """It is said what to look at."""
    url = f"{server.url()}?pool_size=1&pool_timeout=0.1&operation_timeout=1&keep_expired=-1"
    store = open_url(url, blocking=True)
    run(store.prepare(COLLECTIONS))
    server.suspend()
    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(run, store.get(Person, person().id)) for _ in range(3)]
        told = sorted(str(each.exception()) for each in calls)
    assert [("within pool_timeout" in each) for each in told].count(True) == 2
    run(store.close())

    async def crowd() -> list[BaseException | Person | None]:
        waiting = open_url(url, blocking=False)
        calls = (waiting._link.call("PING") for _ in range(3))
        said = await asyncio.gather(*calls, return_exceptions=True)
        await waiting.close()
        return said

    assert sum("within pool_timeout" in str(each) for each in asyncio.run(crowd())) == 2
    server.resume()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_redis_survives_a_fork(redis7: RedisServer) -> None:
    """A client from before belongs to the parent."""
    command = [sys.executable, "-m", "tests.stores.sqlalchemy.forking", f"{redis7.url()}?prefix=forks"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")


def test_both_kits_use_a_url(valkey: ValkeyServer) -> None:
    """What one has written the other reads."""
    url = f"{valkey.url()}?prefix=both"
    with SyncUserKit(url, secret=SECRET) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada Lovelace")

    async def read() -> User:
        async with UserKit(url, secret=SECRET) as kit:
            return await kit.users.get(user.id)

    assert asyncio.run(read()) == user


def test_a_closed_store_opens_again(valkey: ValkeyServer) -> None:
    """And closing twice does no harm."""
    store = open_url(f"{valkey.url()}?keep_expired=-1", blocking=True)
    run(store.close())
    for _ in range(2):
        run(store.prepare(COLLECTIONS))
        run(store.commit(Add(ada := person())))
        assert run(store.get(Person, ada.id)) == ada
        run(store.close())
        run(store.close())


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (redis.exceptions.BusyLoadingError("LOADING"), "starting up"),
        (redis.exceptions.ClusterDownError("CLUSTERDOWN Hash slot not served"), "is down"),
        (redis.exceptions.ClusterError("TTL exhausted."), "moving these keys"),
        (redis.exceptions.MaxConnectionsError("Too many"), "did not answer in time"),
        (
            redis.exceptions.ResponseError("MISCONF Errors writing to the AOF file"),
            "cannot write to its disk",
        ),
        (redis.exceptions.ResponseError("ERR unknown command"), "failed"),
        (redis.exceptions.RedisClusterException("cannot be connected"), "cannot be reached"),
        (redis.exceptions.DataError("odd"), "failed"),
        (ConnectionResetError("reset"), "cannot be reached"),
    ],
)
def test_every_error_of_the_driver_is_one_of_ours(error: Exception, says: str) -> None:
    """With where it happened."""
    told = str(translated(error, "The Redis server at one:6379"))
    assert told.startswith("The Redis server at one:6379 ")
    assert says in told


def test_a_client_is_made_once_for_all_threads() -> None:
    """Whoever comes first."""
    link = Link.to(Address.read("redis://one"), blocking=True)
    with ThreadPoolExecutor(8) as threads:
        clients = list(threads.map(lambda _: link.client, range(32)))
    assert len(set(map(id, clients))) == 1
    run(link.close())
