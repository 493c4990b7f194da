"""Every engine with a kit on it, and what counts there."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.counting.meters import (
    CountedStore,
    GeneralLog,
    Meter,
    MongoCommands,
    Requests,
    ServerLog,
    Trace,
    measured,
)
from benchmarks.counting.operations import SETTINGS, Kit, operations
from benchmarks.counting.proxy import CountingProxy
from tests.servers.dynamodb import DynoxideServer
from tests.servers.mariadb import MariadbServer
from tests.servers.mongodb import MongoServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import ValkeyServer
from tests.stores.dynamodb.wire import Wire
from userkit import SyncUserKit, UserKit
from userkit.backends.mongodb import MongoStore
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.plugins.opening import open_store
from userkit.storage.port import Store
from userkit.sync import run as step

__all__ = ["ENGINES", "Counts", "counts_of"]

Counts = dict[str, dict[str, int]]
"""What was counted, by operation and by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A store, and what counts what it sends."""

    store: Store
    meters: Sequence[Meter]


@contextmanager
def _memory() -> Iterator[Place]:
    store = CountedStore()
    yield Place(store=store, meters=[store])


@contextmanager
def _sqlite() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'counted.db'}", blocking=True)
        assert isinstance(store, SQLAlchemyStore)
        yield Place(store=store, meters=[Trace(store)])


@contextmanager
def _postgresql(driver: str) -> Iterator[Place]:
    with PostgresServer.of_version(18) as server, CountingProxy(server.port) as proxy:
        database = server.create_database()
        server.execute(f"ALTER DATABASE {database} SET log_statement = 'all'")
        url = proxy.url(server.url(driver, database=database))
        store = open_store(url, blocking=driver != "asyncpg")
        yield Place(store=store, meters=[proxy, ServerLog(server.folder / "log")])


@contextmanager
def _mariadb() -> Iterator[Place]:
    with MariadbServer.installed() as server, CountingProxy(server.port) as proxy:
        url = proxy.url(server.url("pymysql", database=server.create_database()))
        yield Place(store=open_store(url, blocking=True), meters=[proxy, GeneralLog(server)])


@contextmanager
def _mongodb() -> Iterator[Place]:
    from pymongo import MongoClient

    commands = MongoCommands()
    with MongoServer() as server, CountingProxy(server.port) as proxy:
        url = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        with MongoClient[dict[str, Any]](url, event_listeners=[commands]) as client:
            yield Place(store=MongoStore.from_client(client, keep_expired=-1), meters=[proxy, commands])


@contextmanager
def _valkey() -> Iterator[Place]:
    with ValkeyServer() as server, CountingProxy(server.port) as proxy:
        store = open_store(f"{proxy.url(server.url())}?keep_expired=-1", blocking=True)
        yield Place(store=store, meters=[proxy])


@contextmanager
def _dynamodb() -> Iterator[Place]:
    with DynoxideServer.installed() as server, CountingProxy(server.port) as proxy, ExitStack() as stack:
        wire = Wire(f"http://127.0.0.1:{proxy.port}")
        stack.callback(wire.close)
        store = wire.store(server.create_database())
        yield Place(store=store, meters=[proxy, Requests(wire)])


ENGINES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "any store": _memory,
    "SQLite": _sqlite,
    "PostgreSQL, psycopg": lambda: _postgresql("psycopg"),
    "PostgreSQL, asyncpg": lambda: _postgresql("asyncpg"),
    "MariaDB": _mariadb,
    "MongoDB": _mongodb,
    "Valkey": _valkey,
    "DynamoDB": _dynamodb,
}


def counts_of(engine: str) -> Counts:
    """Count every operation on an engine."""
    with ENGINES[engine]() as place:
        return _blocking(place) if place.store.blocking else _waiting(place)


def _blocking(place: Place) -> Counts:
    with SyncUserKit(place.store, **SETTINGS) as kit:
        counts = step(_counted(kit, place))
    step(place.store.close())
    return counts


def _waiting(place: Place) -> Counts:
    async def counted() -> Counts:
        async with UserKit(place.store, **SETTINGS) as kit:
            counts = await _counted(kit, place)
        await place.store.close()
        return counts

    return asyncio.run(counted())


async def _counted(kit: Kit, place: Place) -> Counts:
    ready = await operations(kit, place.store)
    counts = {}
    for name, work in ready.items():
        often = {"warm": 1, "times": 1} if name == "bulk load" else {}
        counts[name] = await measured(work, place.meters, **often)
    return counts
