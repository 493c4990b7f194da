"""A cluster: realms are spread, and nothing is half there while a slot moves or a server is gone."""

import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.servers.redis import ValkeyCluster, ValkeyServer
from userkit import SyncUserKit
from userkit.backends.redis.opening import open_url
from userkit.errors import DuplicateError, StoreUnavailableError
from userkit.storage.changes import Add
from userkit.storage.port import Store
from userkit.testing.bench import Bench, new_realm
from userkit.testing.specimens import Account, Person, account, person

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


class Moving:
    """The slot of a realm, on its way from one server to another."""

    def __init__(self, cluster: ValkeyCluster, realm: str) -> None:
        self.tag, self.password = f"{{userkit:{realm}}}", cluster.password
        self.slot = cluster.servers[0].command("CLUSTER", "KEYSLOT", self.tag)
        self.source = next(each for each in cluster.servers if self.keys(each))
        self.target = next(each for each in cluster.servers if each is not self.source)
        self.others = [each for each in cluster.servers if each not in (self.source, self.target)]

    def keys(self, server: ValkeyServer) -> list[bytes]:
        """Return what a server has of it, in order."""
        found: list[bytes] = server.command("CLUSTER", "GETKEYSINSLOT", self.slot, 10_000)
        return sorted(found)

    def begin(self) -> None:
        """Tell both that it moves."""
        self.target.command("CLUSTER", "SETSLOT", self.slot, "IMPORTING", name_of(self.source))
        self.source.command("CLUSTER", "SETSLOT", self.slot, "MIGRATING", name_of(self.target))

    def move(self, *keys: bytes) -> None:
        """Move some of its keys."""
        place = (self.target.host, self.target.port, "", 0, 5000, "AUTH", self.password, "KEYS")
        self.source.command("MIGRATE", *place, *keys)

    def end(self) -> None:
        """Move what is left, and tell everybody."""
        if left := self.keys(self.source):
            self.move(*left)
        for server in (self.target, self.source, *self.others):
            server.command("CLUSTER", "SETSLOT", self.slot, "NODE", name_of(self.target))


def name_of(server: ValkeyServer) -> str:
    name: bytes = server.command("CLUSTER", "MYID")
    return name.decode()


@pytest.fixture(params=["blocking", "asynchronous"])
def bench(request: pytest.FixtureRequest, valkey_cluster: ValkeyCluster) -> Iterator[Bench]:
    """A prepared store on the cluster."""
    url = valkey_cluster.url(keep_expired=-1)
    with Bench(partial(open_url, url, blocking=request.param == "blocking")) as bench:
        yield bench


def test_x1_while_a_slot_moves_nothing_is_taken_for_missing(
    bench: Bench, valkey_cluster: ValkeyCluster
) -> None:
    """What is read by id is found on either side; the rest is refused until it has moved."""
    store = bench.store
    people = [person(handle=f"h{number}", name="Ada Lovelace") for number in range(6)]
    for each in people:
        bench.run(store.commit(Add(each)))
    moving = Moving(valkey_cluster, bench.realm)
    everything = moving.keys(moving.source)
    moving.begin()
    for part in (everything[:1], everything[1 : len(everything) // 2], everything[len(everything) // 2 : -1]):
        moving.move(*part)
        for each in people:
            assert bench.run(store.get(Person, each.id)) == each
        for call in (
            lambda: store.find(Person, "handle", "h1"),
            lambda: store.find(Person),
            lambda: store.commit(Add(person(handle="h1"))),
            lambda: store.commit(Add(person())),
        ):
            with pytest.raises(StoreUnavailableError, match="is moving these keys"):
                bench.run(call())
    moving.end()
    assert set(bench.run(store.find(Person)).items) == set(people)
    assert bench.run(store.find(Person, "handle", "h1")).items == (people[1],)
    with pytest.raises(DuplicateError):
        bench.run(store.commit(Add(person(handle="h1"))))


def test_realms_are_spread_over_the_servers(bench: Bench, valkey_cluster: ValkeyCluster) -> None:
    """Each is on one of them as a whole."""
    for _ in range(30):
        bench.run(bench.root.realm(new_realm()).commit(Add(account())))
    sizes = [server.command("DBSIZE") for server in valkey_cluster.servers]
    assert min(sizes) > 0


def test_a_moved_slot_is_followed(bench: Bench, valkey_cluster: ValkeyCluster) -> None:
    """By a client that knew its old place."""
    bench.run(bench.store.commit(Add(purse := account(3))))
    moving = Moving(valkey_cluster, bench.realm)
    moving.begin()
    moving.end()
    assert bench.run(bench.store.find(Account)).items == (purse,)
    bench.run(bench.store.commit(Add(account())))


@pytest.mark.server
def test_x8_without_one_of_its_servers_a_cluster_says_what_it_cannot_do() -> None:
    """In time, and goes on when it is back."""
    with ValkeyCluster() as cluster:
        url = cluster.url(keep_expired=-1, operation_timeout=0.5, connect_timeout=0.5)
        for blocking in (True, False):
            with Bench(partial(open_url, url, blocking=blocking)) as bench:
                bench.run(bench.store.commit(Add(purse := account())))
                server = Moving(cluster, bench.realm).source
                server.suspend()
                for call in (
                    partial(bench.store.commit, Add(account())),
                    partial(bench.store.get, Account, purse.id),
                ):
                    with pytest.raises(StoreUnavailableError):
                        bench.run(call())
                server.resume()
                bench.run(until_it_works(bench.store, purse))


async def until_it_works(store: Store, purse: Account) -> None:
    """Ask until the servers have found each other again."""
    for _ in range(600):
        try:
            assert await store.get(Account, purse.id) == purse
            await store.commit(Add(account()))
        except StoreUnavailableError:
            time.sleep(0.05)  # noqa: ASYNC251  # nothing else is on this loop
        else:
            return
    raise AssertionError("the cluster did not come back")


def test_a_kit_on_a_cluster(valkey_cluster: ValkeyCluster) -> None:
    """Store and limiter by one URL."""
    url = valkey_cluster.url(prefix="kit")
    with SyncUserKit(url, secret=SECRET, limiter=url) as kit:
        kit.users.register(email="ada@example.com", name="Ada", password="mauve otters juggle teapots")
        tokens = kit.sessions.sign_in(email="ada@example.com", password="mauve otters juggle teapots")
        assert kit.sessions.refresh(tokens.refresh_token).session_id == tokens.session_id
