"""A cache in Valkey or Redis before a store: everything is cached, and the suite sees no difference."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.servers.redis import RedisServer, ValkeyServer
from userkit.backends.memory import MemoryStore
from userkit.backends.redis.cache import open_cache
from userkit.backends.sqlalchemy.opening import open_url
from userkit.ports.turns import Turns
from userkit.storage.cached import CachedStore
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore
from userkit.turns import TaskTurns, ThreadTurns


def every(collection: Collection[Any]) -> bool:
    """Cache all collections."""
    return True


def _cached(inner: Callable[[], Store], cache_url: str, *, turns: type[Turns], blocking: bool) -> Store:
    return CachedStore(inner(), open_cache(cache_url, blocking=blocking), turns=turns(), keeps=every)


@pytest.fixture(scope="class")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('cached')}/store.db"


class TestCachedSQLite(StoreConformance):
    """SQLite, a file, behind a cache in Valkey."""

    @pytest.fixture
    def open_store(self, sqlite_url: str, valkey: ValkeyServer) -> OpenStore:
        inner = partial(open_url, sqlite_url, blocking=True)
        return partial(_cached, inner, valkey.url(), turns=ThreadTurns, blocking=True)


class TestCachedMemory(StoreConformance):
    """Memory, behind a cache in Redis 7, asynchronous."""

    durable = False
    shared_between_processes = False

    @pytest.fixture
    def open_store(self, redis7: RedisServer) -> OpenStore:
        return partial(_cached, MemoryStore, redis7.url(), turns=TaskTurns, blocking=False)
