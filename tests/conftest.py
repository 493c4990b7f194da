"""What every test may ask for: private database servers, started when the first test names one."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.bedrock import BedrockLoopback
from tests.servers.brain import Brain, MinistackBedrockServer
from tests.servers.dynamodb import (
    CREDENTIALS,
    DynamoDBLocalServer,
    DynoxideServer,
    MinistackServer,
)
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

# What emulators take from anybody, for this process and those that it starts.
for _name, _value in CREDENTIALS.items():
    os.environ.setdefault(_name, _value)

_SERVERS = {
    "bedrock_loopback",
    "brain",
    "dynamodb_local",
    "dynoxide",
    "mariadb",
    "ministack",
    "ministack_bedrock",
    "mongo",
    "postgres16",
    "postgres18",
    "redis7",
    "valkey",
    "valkey_cluster",
}


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
    """A private Valkey, the same for all tests of this process; take a prefix of your own in it."""
    with ValkeyServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis7() -> Iterator[RedisServer]:
    """A private Redis, the same for all tests of this process; take a prefix of your own in it."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[ValkeyCluster]:
    """Three primaries of Valkey that share the slots."""
    with ValkeyCluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def dynoxide() -> Iterator[DynoxideServer]:
    """A private dynoxide, which speaks DynamoDB; take a table of your own in it."""
    with DynoxideServer.installed() as server:
        yield server


@pytest.fixture(scope="session")
def ministack() -> Iterator[MinistackServer]:
    """A private MiniStack, which speaks DynamoDB; take a table of your own in it."""
    with MinistackServer.installed() as server:
        yield server


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[DynamoDBLocalServer]:
    """A private DynamoDB Local, AWS's own of 2020; take a table of your own in it."""
    with DynamoDBLocalServer.installed() as server:
        yield server


@pytest.fixture(scope="session")
def bedrock_brain() -> Iterator[Brain]:
    """The brain of all tests of this process; tests name ``brain``."""
    with Brain() as brain:
        yield brain


@pytest.fixture(scope="session")
def ministack_bedrock(bedrock_brain: Brain) -> Iterator[MinistackBedrockServer]:
    """A private MiniStack, which speaks Bedrock and answers what ``brain`` says."""
    with MinistackBedrockServer.thinking_with(bedrock_brain) as server:
        yield server


@pytest.fixture
def brain(bedrock_brain: Brain) -> Brain:
    """What answers behind ``ministack_bedrock``, with a script of this test's own."""
    bedrock_brain.reset()
    return bedrock_brain


@pytest.fixture
def bedrock_loopback() -> Iterator[BedrockLoopback]:
    """A server that plays Bedrock by a script of this test's own."""
    with BedrockLoopback() as server:
        yield server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that name a server, so that `-m "not server"` runs the others."""
    for item in items:
        if _SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)
