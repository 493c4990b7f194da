"""Clients of an application serve as well, and stay its own."""

import asyncio
from typing import Any

import pytest
import redis
from redis.cluster import ClusterNode

from tests.servers.redis import ValkeyCluster, ValkeyServer
from userkit.backends.redis import RedisRateLimiter, RedisStore
from userkit.kernel.clock import utc_now
from userkit.storage.changes import Add, Save
from userkit.sync import run
from userkit.testing.bench import new_realm
from userkit.testing.limits import LIMIT
from userkit.testing.specimens import COLLECTIONS, Person, person


async def use(client: Any) -> None:
    """Do everything that has an answer of a form of its own."""
    root = RedisStore.from_client(client, keep_expired=-1)
    await root.prepare(COLLECTIONS)
    store = root.realm(new_realm())
    ada = person(name="Ada Lovelace", handle="ada")
    await store.commit(Add(ada))
    await store.commit(Save(ada, ada := ada.evolve(name="Ada King")))
    assert await store.get(Person, ada.id) == ada
    assert (await store.find(Person, "handle", "ada")).items == (ada,)
    assert (await store.search(Person, "king")).items == (ada,)
    assert await store.count(Person) == 1
    assert store._realm in await root.realms()
    limiter = RedisRateLimiter.from_client(client, now=utc_now, prefix=new_realm()[:30])
    assert [(await limiter.take(LIMIT, "ada")).allowed for _ in range(4)] == [True] * 3 + [False]
    await limiter.close()
    await root.close()


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}, {"protocol": 2}, {"protocol": 3}])
def test_a_client_of_one_server(valkey: ValkeyServer, options: dict[str, Any]) -> None:
    """Whether it decodes what it gets or not, and in both protocols; it is open afterwards."""
    with redis.Redis(port=valkey.port, password=valkey.password, **options) as client:
        run(use(client))
        assert client.ping()


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}])
def test_an_asynchronous_client_of_one_server(valkey: ValkeyServer, options: dict[str, Any]) -> None:
    """The same."""

    async def main() -> None:
        async with redis.asyncio.Redis(port=valkey.port, password=valkey.password, **options) as client:
            await use(client)
            assert await client.ping()

    asyncio.run(main())


def test_a_client_of_a_cluster(valkey_cluster: ValkeyCluster) -> None:
    """The blocking one."""
    nodes = [ClusterNode(each.host, each.port) for each in valkey_cluster.servers]
    client = redis.RedisCluster(startup_nodes=nodes, password=valkey_cluster.password)  # type: ignore[abstract]
    run(use(client))
    assert client.ping()
    client.close()


def test_an_asynchronous_client_of_a_cluster(valkey_cluster: ValkeyCluster) -> None:
    """The one of redis.asyncio."""

    async def main() -> None:
        first = valkey_cluster.servers[0]
        client = redis.asyncio.RedisCluster(first.host, first.port, password=valkey_cluster.password)
        await use(client)
        assert await client.ping()
        await client.aclose()

    asyncio.run(main())
