"""Authentication with a session token: from a cache in Valkey, against the database alone."""

import time
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.measure import Contest, contest
from benchmarks.servers import postgresql
from tests.servers.redis import ValkeyServer
from userkit import SyncUserKit
from userkit.backends.redis.cache import RedisCache, open_cache
from userkit.backends.redis.connecting import Script
from userkit.plugins.opening import open_store
from userkit.storage.cached import CachedStore
from userkit.storage.port import Store
from userkit.testing import InstantHasher
from userkit.turns import ThreadTurns

__all__ = ["run"]

TIMES = 500
EMAIL, PASSWORD = "person0@example.com", "mauve otters juggle teapots"
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


class CountedCache(RedisCache):
    """A cache that counts its round trips."""

    trips = 0

    async def _run(self, script: Script, space: str, *arguments: object) -> object:
        self.trips += 1
        return await super()._run(script, space, *arguments)


def run() -> Iterator[Contest | str]:
    """Compare on PostgreSQL, both servers on this machine, in wall-clock time."""
    with ValkeyServer() as valkey, postgresql() as url:
        opened = open_cache(valkey.url(), blocking=True)
        cache = CountedCache(opened._link)
        plain = _kit(open_store(url, blocking=True))
        cached = _kit(CachedStore(open_store(url, blocking=True), cache, turns=ThreadTurns()))
        plain.users.register(email=EMAIL, name="Somebody", password=PASSWORD)
        token = plain.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD).token
        yield contest(
            "PostgreSQL, authenticate by session token, cached",
            "the same without a cache",
            partial(_repeat, lambda: cached.authenticate(token)),
            partial(_repeat, lambda: plain.authenticate(token)),
            clock=time.perf_counter,
            unit="µs",
        )
        before = cache.trips
        cached.authenticate(token)
        yield f"a cached authentication costs {cache.trips - before} round trips to the cache"
        yield contest(
            "PostgreSQL, a user renamed, cached",
            "the same without a cache",
            partial(_repeat, _renaming(cached)),
            partial(_repeat, _renaming(plain)),
            clock=time.perf_counter,
            unit="µs",
        )
        for kit in (cached, plain):
            kit.close()


def _kit(store: Store) -> SyncUserKit:
    kit = SyncUserKit(store, secret=SECRET, hasher=InstantHasher(), relay=False)
    kit.open()
    return kit


def _renaming(kit: SyncUserKit) -> Callable[[], object]:
    user_id = kit.users.get_by_email(EMAIL).id
    names = iter(range(1 << 30))
    return lambda: kit.users.update(user_id, name=f"Somebody {next(names)}")


def _repeat(operation: Callable[[], object]) -> int:
    for _ in range(TIMES):
        operation()
    return TIMES
