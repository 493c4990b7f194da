"""What a server must be and allow is looked at before anything is stored, and said in a sentence."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, ValkeyCluster, ValkeyServer
from userkit import SyncUserKit, UserKit
from userkit.backends.redis.opening import open_url
from userkit.errors import StoreUnavailableError, UnsupportedStoreError, UserKitError
from userkit.testing.bench import new_realm
from userkit.testing.specimens import COLLECTIONS

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


def says(url: str) -> str:
    """Return what both clients say of a server that does not fit."""
    with pytest.raises(UserKitError) as caught, SyncUserKit(url, secret=SECRET):
        pass

    async def prepare() -> str:
        store = open_url(url, blocking=False)
        with pytest.raises(type(caught.value)) as again:
            await store.prepare(COLLECTIONS)
        await store.close()
        return str(again.value)

    assert asyncio.run(prepare()) == str(caught.value)
    return str(caught.value)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server that a test may spoil."""
    with RedisServer() as server:
        yield server


@pytest.mark.server
def test_a_server_that_throws_away_what_it_has_is_refused(server: RedisServer) -> None:
    """For sessions and unique values would vanish. Who only evicts what has a time to live may stay."""
    server.command("CONFIG", "SET", "maxmemory", "100mb")
    server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    assert "maxmemory-policy allkeys-lru): set noeviction" in says(server.url())
    server.command("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    with SyncUserKit(server.url(), secret=SECRET):
        pass


@pytest.mark.server
def test_a_full_server_is_said_at_the_start(server: RedisServer) -> None:
    """With what to do."""
    server.command("CONFIG", "SET", "maxmemory", "1")
    assert "is full (maxmemory): give it more memory" in says(server.url())


@pytest.mark.server
def test_a_replica_is_refused(server: RedisServer) -> None:
    """The URL must lead to the primary."""
    server.command("REPLICAOF", "127.0.0.1", free_port())
    assert "is a replica" in says(server.url())


@pytest.mark.server
def test_a_wrong_password_and_a_user_without_rights_are_said(server: RedisServer) -> None:
    """Without either of them in the sentence. Every right that a commit needs is tried."""
    told = says(server.url(password="wrong-but-hidden"))
    assert "the user name or the password in the URL is wrong" in told
    assert "hidden" not in told
    assert "wrong or missing" in says(f"redis://127.0.0.1:{server.port}")
    server.command("ACL", "SETUSER", "few", "on", ">few", "~*", "+@all", "-zrem")
    assert "does not allow this" in says(server.url(user="few", password="few"))
    server.command("ACL", "SETUSER", "far", "on", ">far", "~other*", "+@all")
    assert "does not allow this" in says(server.url(user="far", password="far"))


@pytest.mark.server
def test_a_user_of_its_own_needs_few_rights(server: RedisServer) -> None:
    """Those that the documentation names are enough for all that a kit does."""
    rights = ["~userkit:*", "~{userkit:*", "+@all", "-@dangerous", "+info"]
    server.command("ACL", "SETUSER", "app", "on", ">app", *rights)
    url = server.url(user="app", password="app")
    with SyncUserKit(url, secret=SECRET, limiter=url) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada", password="mauve otters juggle teapots")
        tokens = kit.sessions.sign_in(email="ada@example.com", password="mauve otters juggle teapots")
        kit.sessions.refresh(tokens.refresh_token)
        assert kit.users.search("ada").items == (user,)
        assert kit.users.count() == 1


def test_a_user_of_its_own_needs_few_rights_in_a_cluster(valkey_cluster: ValkeyCluster) -> None:
    """There the client asks who has which slots, and where the keys of a command are."""
    for server in valkey_cluster.servers:
        rights = ["~userkit:*", "~{userkit:*", "+@all", "-@dangerous", "+info", "+cluster|slots", "+command"]
        server.command("ACL", "SETUSER", "app", "on", ">app", *rights)
    hosts = ",".join(f"{each.host}:{each.port}" for each in valkey_cluster.servers)
    url = f"redis+cluster://app:app@{hosts}"
    with SyncUserKit(url, secret=SECRET, limiter=url) as kit:
        kit.users.register(email=f"{new_realm()}@example.com", name="Ada", password="mauve otters juggle tea")

    async def register() -> None:
        async with UserKit(url, secret=SECRET, limiter=url) as kit:
            await kit.users.register(email=f"{new_realm()}@example.com", name="Ada")

    asyncio.run(register())


def test_a_cluster_and_a_single_server_are_told_apart(
    valkey: ValkeyServer, valkey_cluster: ValkeyCluster
) -> None:
    """The sentence says how to write the URL."""
    first = valkey_cluster.servers[0]
    assert "write redis+cluster:// instead" in says(first.url())
    url = valkey.url().replace("redis://", "redis+cluster://").removesuffix("/0")
    assert "redis+cluster:// is for" in says(url) or "cannot be reached" in says(url)


def test_servers_that_are_not_there_are_said() -> None:
    """With where they should be."""
    port = free_port()
    assert says(f"redis://127.0.0.1:{port}").startswith(
        f"The Redis server at 127.0.0.1:{port} cannot be reached"
    )
    assert "cluster at 127.0.0.1" in says(f"redis+cluster://127.0.0.1:{port}")
    assert "is the name of the host right?" in says("redis://nowhere.invalid")


@pytest.mark.server
def test_a_server_that_does_not_answer_is_said_in_time(server: RedisServer) -> None:
    """After operation_timeout."""
    server.suspend()
    assert "did not answer in time" in says(f"{server.url()}?operation_timeout=0.2")
    server.resume()


def test_tls_that_the_server_does_not_speak_is_said(valkey: ValkeyServer) -> None:
    """It is no reason to speak without."""
    told = says(f"{valkey.url(scheme='rediss')}?connect_timeout=0.3")
    assert "are host, port and TLS right?" in told


@pytest.mark.parametrize("told", [{"redis_version": "6.0.16"}, {"redis_version": "5.0"}])
def test_servers_that_are_too_old_are_refused(told: dict[str, str]) -> None:
    """They lack commands."""
    from userkit.backends.redis.addresses import Address
    from userkit.backends.redis.checking import check_told
    from userkit.backends.redis.connecting import Link

    link = Link.to(Address.read("redis://one"), blocking=True)
    with pytest.raises(UnsupportedStoreError, match=r"needs 6\.2 or later"):
        check_told(link, told)
    with pytest.raises(StoreUnavailableError):
        check_told(link, {"redis_version": "7.4", "role": "slave"})
