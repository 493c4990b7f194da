"""Where races take place: every kind of storage, with threads, tasks and two processes."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.races.kits import Arena, Ground, KitCrew, Storages, as_tasks, as_threads
from tests.servers.dynamodb import DynoxideServer
from tests.servers.mongodb import MongoServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import ValkeyServer
from userkit.backends.memory import MemoryStore


@pytest.fixture(scope="session")
def kit_crew() -> Iterator[KitCrew]:
    """Two processes, the same for all tests of this one."""
    crew = KitCrew()
    yield crew
    crew.close()


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file; each race takes a realm of its own in it."""
    return tmp_path_factory.mktemp("races") / "races.db"


@pytest.fixture(scope="session")
def postgres_database(postgres18: PostgresServer) -> str:
    """The name of one database; each race takes a realm of its own in it."""
    return postgres18.create_database()


@pytest.fixture(scope="session")
def storages() -> Iterator[Storages]:
    """The stores that this process opens for races."""
    opened = Storages()
    yield opened
    opened.close()


def _on_dynamodb(server: DynoxideServer) -> str:
    if _TABLE not in _tables:
        _tables[_TABLE] = server.create_database()
    return server.url(database=_tables[_TABLE], keep_expired=-1, shards=2)


def _on_mongodb(server: MongoServer) -> str:
    return server.url(database="races", keep_expired=-1)


def _on_valkey(server: ValkeyServer) -> str:
    return f"{server.url()}?keep_expired=-1&prefix=races"


_TABLE = "races"
_tables: dict[str, str] = {}

# Which server, and its URL for those who block and for those who wait.
_DISTRIBUTED: dict[str, tuple[str, Callable[[Any], str], Callable[[Any], str]]] = {
    "dynamodb": ("dynoxide", _on_dynamodb, _on_dynamodb),
    "mongodb": ("mongo", _on_mongodb, _on_mongodb),
    "valkey": ("valkey", _on_valkey, _on_valkey),
}


def arena_of(kind: str, manner: str, request: pytest.FixtureRequest) -> Arena:
    """Return a place to race at; ``kind`` names the storage and perhaps a driver."""
    if kind == "memory":
        ground = Ground(memory=MemoryStore())
    elif kind == "sqlite":
        url = f"sqlite:///{request.getfixturevalue('sqlite_file')}"
        ground = Ground(url=url, waiting=url)
    elif kind in _DISTRIBUTED:
        server_fixture, blocking_url, waiting_url = _DISTRIBUTED[kind]
        distributed = request.getfixturevalue(server_fixture)
        ground = Ground(url=blocking_url(distributed), waiting=waiting_url(distributed))
    else:
        server: PostgresServer = request.getfixturevalue("postgres18")
        name = request.getfixturevalue("postgres_database")
        ground = Ground(url=server.url("psycopg", database=name), waiting=server.url(kind, database=name))
    storages: Storages = request.getfixturevalue("storages")
    if manner in ("threads", "tasks"):
        return Arena(ground, partial(as_threads if manner == "threads" else as_tasks, storages), storages)
    crew: KitCrew = request.getfixturevalue("kit_crew")
    return Arena(ground, partial(crew.race, tasks=manner == "processes of tasks"), storages)


_PLACES = [
    ("memory", "threads"),
    ("memory", "tasks"),
    ("sqlite", "threads"),
    ("sqlite", "tasks"),
    ("sqlite", "processes"),
    ("psycopg", "threads"),
    ("psycopg", "tasks"),
    ("psycopg", "processes"),
    ("asyncpg", "tasks"),
    ("asyncpg", "processes of tasks"),
    ("dynamodb", "processes"),
    ("mongodb", "processes"),
    ("mongodb", "tasks"),
    ("valkey", "processes"),
    ("valkey", "tasks"),
]


# One for each way in which callers can meet.
_FEWER = [
    ("memory", "threads"),
    ("memory", "tasks"),
    ("sqlite", "threads"),
    ("sqlite", "processes"),
    ("psycopg", "processes"),
    ("asyncpg", "tasks"),
    ("dynamodb", "processes"),
    ("mongodb", "tasks"),
    ("valkey", "processes"),
]


def _named(places: list[tuple[str, str]]) -> list[Any]:
    servers = ("psycopg", "asyncpg", *_DISTRIBUTED)
    return [
        pytest.param(place, id=", ".join(place), marks=[pytest.mark.server] if place[0] in servers else [])
        for place in places
    ]


@pytest.fixture(params=_named(_PLACES))
def arena(request: pytest.FixtureRequest) -> Arena:
    """Each place, with an empty realm."""
    return arena_of(*request.param, request)


@pytest.fixture(params=_named(_FEWER))
def fewer(request: pytest.FixtureRequest) -> Arena:
    """Each kind of place, with an empty realm."""
    return arena_of(*request.param, request)
