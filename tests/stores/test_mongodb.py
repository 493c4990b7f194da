"""The store on MongoDB: PyMongo's two clients, and Motor's."""

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import pytest
from pymongo import AsyncMongoClient, MongoClient

from tests.servers.mongodb import MongoServer
from userkit.backends.mongodb import MongoStore
from userkit.backends.mongodb.opening import open_url
from userkit.storage.port import Store
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore


@pytest.fixture(scope="class")
def database() -> str:
    return f"db_{secrets.token_hex(6)}"


class OnMongoDB(StoreConformance):
    blocking: ClassVar[bool]

    @pytest.fixture
    def open_store(self, mongo: MongoServer, database: str) -> OpenStore:
        url = mongo.url(database=database, keep_expired=-1)
        return partial(open_url, url, blocking=self.blocking)


class TestMongoDB(OnMongoDB):
    """MongoDB 6, PyMongo."""

    blocking = True


class TestMongoDBAsynchronous(OnMongoDB):
    """MongoDB 6, PyMongo, asynchronous."""

    blocking = False


class _Owned(MongoStore):
    """A store that closes the client it was given, since nobody else will."""

    async def close(self) -> None:
        client = self._connection.client
        await super().close()
        client.close()


def _over_motor(url: str, database: str) -> Store:
    from motor.motor_asyncio import AsyncIOMotorClient

    return _Owned.from_client(AsyncIOMotorClient(url), database=database, keep_expired=-1)


class TestMongoDBMotor(StoreConformance):
    """MongoDB 6, Motor."""

    @pytest.fixture
    def open_store(self, mongo: MongoServer, database: str) -> OpenStore:
        return partial(_over_motor, mongo.url(), database)


@pytest.mark.parametrize(("kind", "blocking"), [(MongoClient, True), (AsyncMongoClient, False)])
def test_a_client_of_the_application_says_which_kit_it_is_for(
    kind: Callable[..., Any], blocking: bool
) -> None:
    """And is connected to only when it is asked."""
    assert MongoStore.from_client(kind("mongodb://127.0.0.1:1", connect=False)).blocking is blocking
