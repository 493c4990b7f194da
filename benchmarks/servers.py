"""The servers to measure with: those of the tests, with their real durability."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.postgres import PostgresServer

__all__ = ["postgresql"]


@contextmanager
def postgresql() -> Iterator[str]:
    """Start PostgreSQL 18 and give the URL of an empty database."""
    server = PostgresServer.of_version(18, durable=True)
    try:
        yield server.url(database=server.create_database())
    finally:
        server.close()
