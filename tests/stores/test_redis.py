"""The store on Valkey and Redis, alone and as a cluster, over redis-py's two clients."""

from functools import partial
from typing import ClassVar

import pytest

from tests.servers.redis import RedisServer, ValkeyCluster, ValkeyServer
from userkit.backends.redis.opening import open_url
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore


class OnValkey(StoreConformance):
    blocking: ClassVar[bool]

    @pytest.fixture
    def open_store(self, valkey: ValkeyServer) -> OpenStore:
        return partial(open_url, f"{valkey.url()}?keep_expired=-1", blocking=self.blocking)


class TestValkey(OnValkey):
    """Valkey 9."""

    blocking = True


class TestValkeyAsynchronous(OnValkey):
    """Valkey 9, asynchronous."""

    blocking = False


class TestRedis(StoreConformance):
    """Redis 7."""

    @pytest.fixture
    def open_store(self, redis7: RedisServer) -> OpenStore:
        return partial(open_url, f"{redis7.url()}?keep_expired=-1", blocking=True)


class OnCluster(StoreConformance):
    blocking: ClassVar[bool]

    @pytest.fixture
    def open_store(self, valkey_cluster: ValkeyCluster) -> OpenStore:
        return partial(open_url, valkey_cluster.url(keep_expired=-1), blocking=self.blocking)


class TestValkeyCluster(OnCluster):
    """Valkey 9, a cluster of three."""

    blocking = True


class TestValkeyClusterAsynchronous(OnCluster):
    """Valkey 9, a cluster of three, asynchronous."""

    blocking = False
