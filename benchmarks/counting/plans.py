"""How many plans of reads there are, and how many of them scan or sort: looked at as the tests do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection

from tests.servers.postgres import PostgresServer
from tests.stores.sqlalchemy.database import Database
from tests.stores.sqlalchemy.inventing import START
from tests.stores.sqlalchemy.test_plans import CHECKS, VALUES, explained, filled, reads_of
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.book import book_of
from userkit.backends.sqlalchemy.schema import COLLECTIONS as BUILT_IN
from userkit.storage.collection import Collection

__all__ = ["SYSTEMS", "plans"]

SYSTEMS = ("SQLite", "PostgreSQL")


def plans(system: str) -> tuple[int, int]:
    """Return how many plans were looked at, and how many of them are bad."""
    with _database(system) as database:
        store = database.open()
        good = [each for collection in BUILT_IN for each in _of(database, store, collection)]
    return len(good), good.count(False)


def _of(database: Database, store: SQLAlchemyStore, collection: Collection[Any]) -> list[bool]:
    """Say of each read of a collection whether its plan is good."""
    entities = filled(database, store, collection)
    values = {**VALUES, "before_": START + timedelta(hours=20)}

    def look(connection: Connection) -> list[bool]:
        reads = reads_of(book_of(collection, connection.dialect), entities[150])
        return [
            _is_good(database.system, explained(connection, statement, {**values, **own}))
            for _, statement, own in reads
        ]

    return database.below(store, look)


def _is_good(system: str, plan: object) -> bool:
    try:
        CHECKS[system]("", plan)
    except AssertionError:
        return False
    return True


@contextmanager
def _database(system: str) -> Iterator[Database]:
    if system == "SQLite":
        with TemporaryDirectory() as folder:
            database = Database("sqlite", f"sqlite:///{Path(folder) / 'plans.db'}", blocking=True)
            yield database
            database.close()
        return
    with PostgresServer.of_version(18) as server:
        url = server.url("psycopg", database=server.create_database())
        database = Database("psycopg", url, True, server)
        yield database
        database.close()
