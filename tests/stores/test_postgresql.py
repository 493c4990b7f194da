"""The SQL store on PostgreSQL 16 and 18, over each of its drivers."""

from functools import partial
from typing import ClassVar

import pytest

from tests.servers.postgres import PostgresServer
from userkit.backends.sqlalchemy.opening import open_url
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore


@pytest.fixture(scope="class")
def database16(postgres16: PostgresServer) -> str:
    return postgres16.create_database()


@pytest.fixture(scope="class")
def database18(postgres18: PostgresServer) -> str:
    return postgres18.create_database()


class OnPostgreSQL16(StoreConformance):
    driver: ClassVar[str]
    blocking: ClassVar[bool]

    @pytest.fixture
    def open_store(self, postgres16: PostgresServer, database16: str) -> OpenStore:
        return partial(open_url, postgres16.url(self.driver, database=database16), blocking=self.blocking)


class OnPostgreSQL18(StoreConformance):
    driver: ClassVar[str]
    blocking: ClassVar[bool]

    @pytest.fixture
    def open_store(self, postgres18: PostgresServer, database18: str) -> OpenStore:
        return partial(open_url, postgres18.url(self.driver, database=database18), blocking=self.blocking)


class TestPostgreSQL16Psycopg(OnPostgreSQL16):
    """PostgreSQL 16, psycopg."""

    driver, blocking = "psycopg", True


class TestPostgreSQL16AsyncPsycopg(OnPostgreSQL16):
    """PostgreSQL 16, psycopg, asynchronous."""

    driver, blocking = "psycopg", False


class TestPostgreSQL16Asyncpg(OnPostgreSQL16):
    """PostgreSQL 16, asyncpg."""

    driver, blocking = "asyncpg", False


class TestPostgreSQL18Psycopg(OnPostgreSQL18):
    """PostgreSQL 18, psycopg."""

    driver, blocking = "psycopg", True


class TestPostgreSQL18AsyncPsycopg(OnPostgreSQL18):
    """PostgreSQL 18, psycopg, asynchronous."""

    driver, blocking = "psycopg", False


class TestPostgreSQL18Asyncpg(OnPostgreSQL18):
    """PostgreSQL 18, asyncpg."""

    driver, blocking = "asyncpg", False
