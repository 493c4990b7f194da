"""Empty databases of every kind, and how to open stores on them."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.util import greenlet_spawn

from tests.servers.server import Server
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.sync import run

T = TypeVar("T")

# The fixture that starts the server, the driver, and whether it blocks.
KINDS: dict[str, tuple[str | None, str, bool]] = {
    "sqlite": (None, "", True),
    "psycopg": ("postgres16", "psycopg", True),
    "async-psycopg": ("postgres18", "psycopg", False),
    "asyncpg": ("postgres18", "asyncpg", False),
    "pymysql": ("mariadb", "pymysql", True),
    "asyncmy": ("mariadb", "asyncmy", False),
}


@dataclass
class Database:
    """An empty database, reached by one driver."""

    kind: str
    url: str
    blocking: bool
    server: Server | None = None
    _runner: asyncio.Runner | None = field(default=None, repr=False)
    _stores: list[SQLAlchemyStore] = field(default_factory=list, repr=False)

    @property
    def system(self) -> str:
        """Return the name of what is behind it."""
        return self.url.partition(":")[0].partition("+")[0]

    def open(self, **options: object) -> SQLAlchemyStore:
        """Return a store with these options in its URL; it is closed at the end of the test."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return self.keep(open_url(f"{self.url}?{query}" if query else self.url, blocking=self.blocking))

    def keep(self, store: SQLAlchemyStore) -> SQLAlchemyStore:
        """Have a store closed at the end of the test."""
        self._stores.append(store)
        return store

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, all of a test on one event loop if the driver needs one."""
        if self.blocking:
            return run(coroutine)
        self._runner = self._runner or asyncio.Runner()
        return self._runner.run(coroutine)

    def close(self) -> None:
        """Close the stores and the event loop."""
        for store in self._stores:
            with contextlib.suppress(Exception):
                self.run(store.close())
        if self._runner is not None:
            self._runner.close()

    def below(self, store: SQLAlchemyStore, look: Callable[[Connection], T]) -> T:
        """Run something on a connection of a store's own pool."""

        def connected() -> T:
            with engine_of(store).connect() as connection:
                return look(connection)

        if self.blocking:
            return connected()
        return self.run(greenlet_spawn(connected))


def engine_of(store: SQLAlchemyStore) -> Engine:
    """Return the engine below a store: what is sent, and over what, is seen only there."""
    engine: Engine = store._runner.engine  # type: ignore[attr-defined]  # sessions have none
    return engine


def database_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> Generator[Database, None, None]:
    """Yield an empty database of a kind."""
    fixture, driver, blocking = KINDS[kind]
    if fixture is None:
        database = Database(kind, f"sqlite:///{folder}/store.db", blocking)
    else:
        server: Server = request.getfixturevalue(fixture)
        url = server.url(driver, database=server.create_database())
        database = Database(kind, url, blocking, server)
    yield database
    database.close()


def kinds(*names: str) -> list[Any]:
    """Return parameters for these kinds of databases, or all; those of servers are marked as such."""
    chosen = names or tuple(KINDS)
    return [pytest.param(name, marks=[pytest.mark.server] if KINDS[name][0] else []) for name in chosen]
