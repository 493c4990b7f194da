"""An attempt that was given up, and arrives at the server after the store has looked."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from tests.servers.mongodb import MongoServer
from userkit.backends.mongodb import MongoStore
from userkit.backends.mongodb.connection import Connection
from userkit.errors import DuplicateError, StoreUnavailableError
from userkit.storage.changes import Add
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Account, account


class SlowWire:
    """A collection whose first insert is lost to the caller, and done after the next read.

    ``under_way`` is what to insert then; ``first`` stands for the insert that will be lost, and before
    a document for one that is lost for good, while that document arrives.
    """

    def __init__(self, inner: Any, under_way: list[Any]) -> None:
        self.inner, self.under_way = inner, under_way

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def with_options(self, **options: Any) -> "SlowWire":
        return SlowWire(self.inner.with_options(**options), self.under_way)

    def insert_one(self, document: Any, session: Any = None) -> Any:
        if self.under_way[:1] == ["first"]:
            self.under_way[:] = self.under_way[1:] or [document]
            raise AutoReconnect("lost")
        return self.inner.insert_one(document, session=session)

    def find_one(self, which: Any) -> Any:
        found = self.inner.find_one(which)
        if self.under_way:
            self.inner.insert_one(self.under_way.pop())
        return found


class SlowConnection(Connection):
    """A connection over a slow wire, once ``under_way`` is told to wait for the first insert."""

    under_way: list[Any]

    def collection(self, name: str, *, lists: bool = False) -> Any:
        return SlowWire(super().collection(name, lists=lists), self.under_way)


@pytest.fixture
def connection(mongo: MongoServer) -> Iterator[SlowConnection]:
    """A connection to a database for one test."""
    name = f"db_{secrets.token_hex(6)}"
    with MongoClient[Any](mongo.url(), retryWrites=False) as client:
        connection = SlowConnection(
            client, blocking=True, database=name, hosts="", concurrency=1, read_concern="majority"
        )
        connection.under_way = []
        yield connection
        client.drop_database(name)


@pytest.fixture
def store(connection: SlowConnection) -> MongoStore:
    """A prepared store on it."""
    store = MongoStore(connection, keep_expired=-1)
    run(store.prepare(COLLECTIONS))
    return store


def test_x8_an_attempt_that_arrives_late_is_recognised(connection: SlowConnection, store: MongoStore) -> None:
    """The second attempt is refused by what the first one has done, which is success."""
    purse = account(3)
    connection.under_way[:] = ["first"]
    run(store.commit(Add(purse)))
    assert run(store.get(Account, purse.id)) == purse
    assert run(store.count(Account)) == 1


def test_x8_somebody_else_is_not_taken_for_a_late_attempt(
    connection: SlowConnection, store: MongoStore
) -> None:
    """Who has the id with another content was faster."""
    purse = account(3)
    other = Account(id=purse.id, amount=4)
    run(store.commit(Add(other)))
    document = connection.collection("userkit_specimen_accounts").inner.find_one_and_delete({})
    connection.under_way[:] = ["first", document]
    with pytest.raises(DuplicateError):
        run(store.commit(Add(purse)))
    assert run(store.get(Account, purse.id)) == other


def test_x8_when_nothing_can_be_read_the_first_error_is_told(
    connection: SlowConnection, store: MongoStore
) -> None:
    """The commit may be tried again by the caller."""
    purse = account(3)

    class Dead(SlowWire):
        def with_options(self, **options: Any) -> "Dead":
            return Dead(self.inner.with_options(**options), self.under_way)

        def find_one(self, which: Any) -> Any:
            raise AutoReconnect("still lost")

    def dead(name: str, *, lists: bool = False) -> Any:
        return Dead(Connection.collection(connection, name, lists=lists), ["first"])

    connection.collection = dead  # type: ignore[method-assign]  # this one only
    with pytest.raises(StoreUnavailableError, match="broke off"):
        run(store.commit(Add(purse)))
