"""Databases to break, each open once for all tests of a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.sites import options
from tests.servers.postgres import PostgresServer
from userkit import SyncUserKit
from userkit.backends.sqlalchemy.opening import open_url
from userkit.storage.port import Store
from userkit.sync import run


@pytest.fixture(scope="session")
def fault_sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a SQLite file."""
    folder: Path = tmp_path_factory.mktemp("faults")
    return f"sqlite:///{folder}/faults.db"


@pytest.fixture(scope="session")
def fault_postgres_url(postgres18: PostgresServer) -> str:
    """The URL of a PostgreSQL database."""
    return postgres18.url("psycopg", database=postgres18.create_database())


@pytest.fixture(scope="session")
def prepared_stores() -> Iterator[dict[str, Store]]:
    """The stores that are open, by URL."""
    stores: dict[str, Store] = {}
    yield stores
    for store in stores.values():
        run(store.close())


def prepared(url: str, stores: dict[str, Store]) -> Store:
    """Return a store with the tables of all features in it, the same one each time."""
    if url not in stores:
        stores[url] = open_url(url, blocking=True)
        run(SyncUserKit(stores[url], **options())._assembly.prepare(stores[url], create=True))
    return stores[url]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, prepared_stores: dict[str, Store]) -> tuple[str, Store]:
    """The URL of each kind of database, and a prepared store in it."""
    url: str = request.getfixturevalue(f"fault_{request.param}_url")
    return url, prepared(url, prepared_stores)
