"""What every test may ask for: private database servers, started when the first test names one."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.mariadb import MariadbServer
from tests.servers.mongodb import MongoServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer, ValkeyCluster, ValkeyServer

# Machines are noisy, so properties are not timed. CI repeats what passed before; developers explore.
settings.register_profile(
    "userkit",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("userkit")

_SERVERS = {"postgres16", "postgres18", "mariadb", "mongo", "valkey", "redis7", "valkey_cluster"}


@pytest.fixture(scope="session")
def postgres16() -> Iterator[PostgresServer]:
    """A private PostgreSQL 16, the same for all tests of this process; take a database of your own in it."""
    with PostgresServer.of_version(16) as server:
        yield server


@pytest.fixture(scope="session")
def postgres18() -> Iterator[PostgresServer]:
    """A private PostgreSQL 18, the same for all tests of this process; take a database of your own in it."""
    with PostgresServer.of_version(18) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariadbServer]:
    """A private MariaDB, the same for all tests of this process; take a database of your own in it."""
    with MariadbServer.installed() as server:
        yield server


@pytest.fixture(scope="session")
def mongo() -> Iterator[MongoServer]:
    """A private MongoDB, a replica set of one; take a database of your own in it."""
    with MongoServer() as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """A private Valkey, the same for all tests of this process; take a prefix or a realm of your own in it."""
    with ValkeyServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis7() -> Iterator[RedisServer]:
    """A private Redis, the same for all tests of this process; take a prefix or a realm of your own in it."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[ValkeyCluster]:
    """Three primaries of Valkey that share the slots."""
    with ValkeyCluster() as cluster:
        yield cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that name a server, so that `-m "not server"` runs the others."""
    for item in items:
        if _SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)
