"""Promises are kept on every kind of store: here in memory and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.security.world import World
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres_url(postgres18: PostgresServer) -> str:
    """A database with the tables in it; each test takes a realm of its own there."""
    return postgres18.url("psycopg", database=postgres18.create_database())


@pytest.fixture
def in_memory() -> Iterator[World]:
    """A world that is gone afterwards."""
    world = World("memory://")
    yield world
    world.close()


@pytest.fixture
def on_postgresql(postgres_url: str) -> Iterator[World]:
    """A world in PostgreSQL."""
    world = World(postgres_url)
    yield world
    world.close()


@pytest.fixture(params=["in_memory", pytest.param("on_postgresql", marks=pytest.mark.server)])
def here(request: pytest.FixtureRequest) -> World:
    """A world on each kind of store."""
    world: World = request.getfixturevalue(request.param)
    return world
