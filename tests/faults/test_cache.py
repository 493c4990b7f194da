"""X6: whatever happens to the cache, people sign in, nothing that was revoked comes back, nobody restarts."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from tests.faults.conftest import prepared
from tests.faults.sites import options
from tests.security.world import EMAIL, PASSWORD
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, ValkeyCluster, ValkeyServer
from tests.storage.caches import Moments
from tests.storage.things import NOTES as PLAIN_NOTES
from tests.storage.things import Note, note
from userkit import SyncUserKit
from userkit.backends.memory import MemoryStore
from userkit.backends.redis.cache import RedisCache, open_cache
from userkit.errors import InvalidURLError, StoreUnavailableError, UnauthenticatedError
from userkit.features.sessions.tokens import OPAQUE
from userkit.ports.cache import Held
from userkit.storage.cached import CachedStore
from userkit.storage.changes import Add, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.bench import new_realm
from userkit.turns import TaskTurns, ThreadTurns

NOTES = replace(PLAIN_NOTES, cached=True)

pytestmark = pytest.mark.server


@pytest.fixture(scope="module", params=[ValkeyServer, RedisServer], ids=["valkey", "redis7"])
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """A server of the module's own, for it is broken again and again."""
    with request.param() as server:
        yield server


@dataclass
class Process:
    """A kit over a store with a cache, as one process has it; ``moments`` is the clock of its breaker."""

    store: Store
    url: str
    realm: str
    moments: Moments = field(default_factory=Moments)

    @cached_property
    def cache(self) -> RedisCache:
        """Return the cache."""
        return open_cache(self.url, blocking=True)

    @cached_property
    def kit(self) -> SyncUserKit:
        """Return the kit."""
        cached = CachedStore(self.store, self.cache, turns=ThreadTurns(), moment=self.moments)
        kit = SyncUserKit(cached, **options(realm=self.realm))
        run(kit._assembly.prepare(cached, create=False))
        return kit

    def opaque(self) -> str:
        """Sign Ada in, and return the token, which has been used."""
        token = self.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD).token
        self.kit.authenticate(token)
        return token

    def lets_in(self, token: str) -> bool:
        """Tell whether somebody with this token is let in."""
        try:
            self.kit.authenticate(token)
        except UnauthenticatedError:
            return False
        return True

    def uses_the_cache(self, token: str) -> bool:
        """Tell whether reads go through the cache again: something is in it that was read just now."""
        self.lets_in(token)
        key = f"sessions:id:{session_of(token)}"
        with suppress(StoreUnavailableError):
            answer = run(self.cache.read(self.realm, key, lease="looking", seconds=0.001))
            return answer.held is Held.VALUE
        return False


@dataclass
class Place:
    """Two processes on one SQLite file and one cache, and Ada."""

    one: Process
    other: Process
    server: RedisServer

    def recover(self) -> None:
        """Let the time go by after which everybody tries the cache again."""
        for process in (self.one, self.other):
            process.moments.now += 31.0


def session_of(token: str) -> str:
    """Return the id of the session of an opaque token."""
    read = OPAQUE.read(token)
    assert read is not None
    return read[0]


@pytest.fixture
def place(server: RedisServer, fault_sqlite_url: str, prepared_stores: dict[str, Store]) -> Iterator[Place]:
    """Ada is registered; nothing is broken, and everything is mended afterwards."""
    store, realm = prepared(fault_sqlite_url, prepared_stores), new_realm()
    place = Place(Process(store, server.url(), realm), Process(store, server.url(), realm), server)
    place.one.kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    yield place
    for process in (place.one, place.other):
        run(process.cache.close())


Fault = tuple[Callable[[RedisServer], object], Callable[[RedisServer], object]]


def _replicate_nobody(server: RedisServer) -> None:
    server.command("REPLICAOF", server.host, free_port())


def _fill(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory", "1")


def _evict(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    server.command("CONFIG", "SET", "maxmemory", "1")


def _give_memory(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory", "0")
    server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")


def _change_types(server: RedisServer) -> None:
    for key in server.command("KEYS", "*:cache:*"):
        server.command("DEL", key)
        server.command("RPUSH", key, "of another type")


def _nothing(server: RedisServer) -> None:
    """Leave it as it is."""


FAULTS: dict[str, Fault] = {
    "down": (RedisServer.kill, RedisServer.start),
    "hanging": (RedisServer.suspend, RedisServer.resume),
    "read-only": (_replicate_nobody, lambda server: server.command("REPLICAOF", "NO", "ONE")),
    "full": (_fill, _give_memory),
    "evicting": (_evict, _give_memory),
    "flushed": (lambda server: server.command("FLUSHALL"), _nothing),
    "wrong types": (_change_types, _nothing),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_x6_people_sign_in_and_nothing_revoked_comes_back(place: Place, fault: str) -> None:
    """While it lasts, and after it; then the cache is used again."""
    one, other = place.one, place.other
    token, kept = one.opaque(), one.opaque()
    assert (other.lets_in(token), other.lets_in(kept)) == (True, True)
    begin, end = FAULTS[fault]
    begin(place.server)
    try:
        assert other.lets_in(one.opaque())
        one.kit.sessions.end(session_of(token))
        assert not one.lets_in(token)
        assert not other.lets_in(token)
        assert (one.lets_in(kept), other.lets_in(kept)) == (True, True)
    finally:
        end(place.server)
    place.recover()
    for process in (other, one):
        assert not process.lets_in(token)
        assert process.lets_in(kept)
        assert process.uses_the_cache(kept)
    one.kit.users.disable(one.kit.users.get_by_email(EMAIL).id)
    assert (one.lets_in(kept), other.lets_in(kept)) == (False, False)


def test_x6_who_slept_through_an_outage_reads_nothing_from_before(place: Place) -> None:
    """The process that changed something begins a new epoch for all, as soon as it can."""
    one, other = place.one, place.other
    token, kept = one.opaque(), one.opaque()
    assert (other.lets_in(token), other.lets_in(kept)) == (True, True)
    place.server.suspend()
    try:
        one.kit.sessions.end(session_of(token))
    finally:
        place.server.resume()
    place.recover()
    assert one.lets_in(kept)
    assert not other.lets_in(token)


def test_x6_a_cache_that_cannot_be_used_is_not_waited_for_twice(place: Place) -> None:
    """The first call waits for the operation time-out; those after it do not go to the server at all."""
    one = place.one
    token = one.opaque()
    place.server.suspend()
    try:
        asked: list[str] = []
        run_script = one.cache._link.run

        async def count(*arguments: Any) -> Any:
            asked.append("asked")
            return await run_script(*arguments)

        one.cache._link.run = count  # type: ignore[method-assign, assignment]
        for _ in range(20):
            assert one.lets_in(token)
        assert len(asked) == 1
    finally:
        place.server.resume()


class TestTheRules:
    """The rules of the port, on the servers themselves."""

    @pytest.fixture
    def cache(self, server: RedisServer) -> Iterator[RedisCache]:
        """A cache of its own."""
        cache = open_cache(server.url(), blocking=True)
        yield cache
        run(cache.close())

    def test_who_holds_the_lease_fills_once(self, cache: RedisCache) -> None:
        """Others wait, or find the value."""
        space = new_realm()
        assert run(cache.read(space, "k", lease="one", seconds=9)).held is Held.GRANTED
        answer = run(cache.read(space, "k", lease="two", seconds=9))
        assert (answer.held, answer.holder) == (Held.AWAITED, "one")
        assert not run(cache.fill(space, "k", b"2", lease="two", seconds=9))
        assert run(cache.fill(space, "k", b"\x001\xff", lease="one", seconds=9))
        assert run(cache.read(space, "k", lease="two", seconds=9)).value == b"\x001\xff"
        assert not run(cache.fill(space, "k", b"2", lease="one", seconds=9))

    def test_a_fence_takes_the_place_of_leases_and_values(self, cache: RedisCache) -> None:
        """Until the last of them is lifted."""
        space = new_realm()
        run(cache.read(space, "k", lease="one", seconds=9))
        run(cache.fence(space, ["k", "l"], fence="f1", seconds=9))
        run(cache.fence(space, ["k"], fence="f2", seconds=9))
        assert not run(cache.fill(space, "k", b"1", lease="one", seconds=9))
        run(cache.lift(space, ["k", "l"], fence="f1"))
        assert run(cache.read(space, "l", lease="two", seconds=9)).held is Held.GRANTED
        assert run(cache.read(space, "k", lease="two", seconds=9)).held is Held.FENCED
        run(cache.lift(space, ["k"], fence="unknown"))
        assert run(cache.read(space, "k", lease="two", seconds=9)).held is Held.FENCED
        run(cache.lift(space, ["k"], fence="f2"))
        assert run(cache.read(space, "k", lease="two", seconds=9)).held is Held.GRANTED

    def test_lifting_takes_away_what_was_filled_in_where_the_fence_was_lost(self, cache: RedisCache) -> None:
        """A lease as well as a value."""
        space = new_realm()
        for fill in (False, True):
            run(cache.read(space, "k", lease="one", seconds=9))
            assert not fill or run(cache.fill(space, "k", b"1", lease="one", seconds=9))
            run(cache.lift(space, ["k"], fence="lost"))
            assert run(cache.read(space, "k", lease="two", seconds=9)).held is Held.GRANTED
            run(cache.lift(space, ["k"], fence="lost"))

    def test_a_new_epoch_ends_leases_and_values_but_no_fence(self, cache: RedisCache) -> None:
        """In its space, and in no other."""
        space, another = new_realm(), new_realm()
        for each in (space, another):
            run(cache.read(each, "v", lease="one", seconds=9))
            run(cache.fill(each, "v", b"1", lease="one", seconds=9))
            run(cache.read(each, "l", lease="one", seconds=9))
            run(cache.fence(each, ["f"], fence="f1", seconds=9))
        run(cache.renew(space))
        assert not run(cache.fill(space, "l", b"1", lease="one", seconds=9))
        held = [run(cache.read(space, key, lease="two", seconds=9)).held for key in "vlf"]
        assert held == [Held.GRANTED, Held.GRANTED, Held.FENCED]
        held = [run(cache.read(another, key, lease="two", seconds=9)).held for key in "vlf"]
        assert held == [Held.VALUE, Held.AWAITED, Held.FENCED]

    def test_everything_ends_by_itself(self, cache: RedisCache, server: RedisServer) -> None:
        """Nothing is left without a time."""
        space = new_realm()
        run(cache.read(space, "v", lease="one", seconds=9))
        run(cache.fill(space, "v", b"1", lease="one", seconds=9))
        run(cache.read(space, "l", lease="one", seconds=9))
        run(cache.fence(space, ["f"], fence="f1", seconds=9))
        run(cache.fence(space, ["f"], fence="f2", seconds=9))
        run(cache.lift(space, ["f"], fence="f1"))
        keys = server.command("KEYS", f"*{space}*")
        assert len(keys) == 4
        assert all(server.command("PTTL", key) > 0 for key in keys)

    def test_many_fences_in_one_place_stay_bounded(self, cache: RedisCache, server: RedisServer) -> None:
        """They become one that ends by itself."""
        space = new_realm()
        for number in range(1000):
            run(cache.fence(space, ["k"], fence=f"{number:024}", seconds=9))
        (key,) = server.command("KEYS", f"*{space}*:k")
        assert server.command("STRLEN", key) < 5000
        for number in range(1000):
            run(cache.lift(space, ["k"], fence=f"{number:024}"))
        assert run(cache.read(space, "k", lease="one", seconds=9)).held is Held.FENCED

    def test_a_call_is_one_round_trip(self, cache: RedisCache, server: RedisServer) -> None:
        """Counted by the server, once it knows the scripts."""
        space = new_realm()

        def calls() -> int:
            info = server.command("INFO", "commandstats")
            told: dict[str, Any] = info if isinstance(info, dict) else {}
            return sum(told.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval"))

        def use() -> None:
            run(cache.read(space, "k", lease="one", seconds=9))
            run(cache.fill(space, "k", b"1", lease="one", seconds=9))
            run(cache.fence(space, ["k", "l"], fence="f", seconds=9))
            run(cache.lift(space, ["k", "l"], fence="f"))

        use()
        before = calls()
        use()
        assert calls() == before + 4

    def test_they_hold_for_tasks(self, server: RedisServer) -> None:
        """An event loop is never held up, and its tasks share one look into the store."""

        async def use() -> None:
            memory = MemoryStore()
            cache = open_cache(server.url(), blocking=False)
            store = CachedStore(memory, cache, turns=TaskTurns()).realm(new_realm())
            await store.prepare([NOTES])
            one = note("text", label="1")
            await store.commit(Add(one))
            found = await asyncio.gather(*(store.get(Note, one.id) for _ in range(50)))
            assert found == [one] * 50
            two = one.evolve(text="2")
            await store.commit(Save(one, two))
            assert (await store.find(Note, "label", "1")).items == (two,)
            space = new_realm()
            await cache.read(space, "k", lease="one", seconds=9)
            await cache.pause(0.001)
            assert (await cache.read(space, "k", lease="two", seconds=9)).holder == "one"
            await store.close()

        asyncio.run(use())

    def test_a_client_of_the_application_may_decode(self, server: RedisServer) -> None:
        """And stays open."""
        import redis

        with redis.Redis(
            host=server.host, port=server.port, password=server.password, decode_responses=True
        ) as client:
            cache = RedisCache.from_client(client, prefix="app")
            space = new_realm()
            run(cache.read(space, "k", lease="one", seconds=9))
            assert run(cache.read(space, "k", lease="two", seconds=9)).holder == "one"
            run(cache.fill(space, "k", "ä".encode(), lease="one", seconds=9))
            assert run(cache.read(space, "k", lease="two", seconds=9)).value == "ä".encode()
            run(cache.close())
            assert client.ping()


def test_the_rules_hold_in_a_cluster(valkey_cluster: ValkeyCluster) -> None:
    """Everything of a space is in one slot."""
    cache = open_cache(valkey_cluster.url(operation_timeout=5, connect_timeout=5), blocking=True)
    for space in (new_realm() for _ in range(8)):
        keys = [str(number) for number in range(10)]
        run(cache.read(space, "1", lease="one", seconds=9))
        run(cache.fence(space, keys, fence="f", seconds=9))
        assert not run(cache.fill(space, "1", b"1", lease="one", seconds=9))
        run(cache.lift(space, keys, fence="f"))
        run(cache.read(space, "1", lease="one", seconds=9))
        assert run(cache.fill(space, "1", b"1", lease="one", seconds=9))
        run(cache.renew(space))
        assert run(cache.read(space, "1", lease="two", seconds=9)).held is Held.GRANTED
    run(cache.close())


def test_a_url_that_cannot_be_read_is_refused_without_being_repeated() -> None:
    """As for stores."""
    for url in ("redis://:hunter2@host/0?ttl_of=3", "http://:hunter2@host", "redis://:hunter2@host:0x/"):
        with pytest.raises(InvalidURLError) as refused:
            open_cache(url, blocking=True)
        assert "hunter2" not in str(refused.value)
