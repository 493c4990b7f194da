"""Whole kits on DynamoDB, in both kinds, and stores through forks, crowds and restarts."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.servers.dynamodb import CREDENTIALS, DynoxideServer, MinistackServer
from tests.stores.dynamodb.opening import open_in_threads, open_store
from tests.stores.dynamodb.wire import Wire
from tests.stores.sqlalchemy.inventing import invented
from userkit import SyncUserKit, UserKit
from userkit.backends.dynamodb.items import size_of
from userkit.backends.sqlalchemy.schema import COLLECTIONS as BUILT_IN
from userkit.errors import EmailAlreadyExistsError, StoreUnavailableError
from userkit.storage.changes import Add, Remove
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Account, Ticket, account, ticket

pytestmark = pytest.mark.server

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "four unlikely words in a row"


@pytest.fixture
def url(dynoxide: DynoxideServer, table: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return dynoxide.url(database=table, keep_expired=-1, shards=2)


def test_a_synchronous_kit_opens_a_url(url: str) -> None:
    """From the first registration to a taken address."""
    with SyncUserKit(url, secret=SECRET, relay=False) as kit:
        ada = kit.users.register(email="ada@example.com", name="Ada Lovelace")
        kit.passwords.set(ada.id, password=PASSWORD)
        assert kit.users.get(ada.id).name == "Ada Lovelace"
        with pytest.raises(EmailAlreadyExistsError):
            kit.users.register(email="ADA@example.com", name="Eve")


async def _crowd(url: str) -> int:
    async with UserKit(url, secret=SECRET, relay=False) as kit:
        crowd = (kit.users.register(email=f"{each}@example.com", name="Ada") for each in range(40))
        return len({user.id for user in await asyncio.gather(*crowd)})


def test_an_asynchronous_kit_serves_a_crowd(url: str) -> None:
    """Forty calls at once wait for ten threads, and each has its connection."""
    assert asyncio.run(_crowd(url)) == 40


def test_a_registration_is_one_request(wire: Wire, table: str) -> None:
    """User, marker, words and audit entry; and an authenticated user is read with one."""
    from userkit.backends.dynamodb import DynamoDBStore

    store = DynamoDBStore.from_client(wire.client, table, keep_expired=-1)
    with SyncUserKit(store, secret=SECRET, relay=False) as kit:
        kit.users.register(email="first@example.com", name="First")
        wire.requests.clear()
        ada = kit.users.register(email="ada@example.com", name="Ada Lovelace")
        ((operation, request),) = wire.requests
        assert (operation, len(request["TransactItems"])) == ("TransactWriteItems", 6)
        wire.requests.clear()
        kit.users.get(ada.id)
        assert wire.counted == {"GetItem": 1}


@pytest.mark.parametrize("collection", BUILT_IN, ids=[each.name for each in BUILT_IN])
def test_what_the_features_keep_fits(wire: Wire, table: str, collection: object) -> None:
    """Every built-in collection is written, found and removed, and has indexes enough."""
    store = wire.store(table)
    run(store.prepare(BUILT_IN))
    entity = invented(collection, 1)
    run(store.commit(Add(entity)))
    assert run(store.get(type(entity), entity.id)) == entity
    items = wire.client.scan(TableName=table)["Items"]
    assert all(size_of(item) < 4096 for item in items), "it is more than one read unit"
    run(store.commit(Remove(entity)))
    left = {each["pk"]["S"] for each in wire.client.scan(TableName=table)["Items"]}
    assert left == {"R", "S"}


def test_a_forked_process_has_connections_of_its_own(url: str) -> None:
    """Two processes that share one would read each other's answers."""
    store = open_store(url)
    run(store.prepare(COLLECTIONS))
    purse = account(7)
    run(store.commit(Add(purse)))
    client = store._call.link.client
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(lambda: store._call.link.client).result() is client
    store._call.link._made._made = (os.getpid() + 1, client)  # as a child finds it
    assert run(store.get(Account, purse.id)) == purse
    assert store._call.link.client is not client
    run(store.close())
    client.close()


def test_a_restart_of_the_server_is_survived(table: str) -> None:
    """Calls fail while it is down, and go on when it is back; what was acknowledged is there."""
    with DynoxideServer.installed(durable=True) as server:
        store = open_store(server.url(database=table, attempts=1, shards=2, keep_expired=-1))
        run(store.prepare(COLLECTIONS))
        purse = account(7)
        run(store.commit(Add(purse)))
        server.kill()
        with pytest.raises(StoreUnavailableError):
            run(store.get(Account, purse.id))
        with pytest.raises(StoreUnavailableError):
            run(store.commit(Add(account())))
        server.start()
        assert run(store.get(Account, purse.id)) == purse
        run(store.close())


async def _count(url: str) -> int:
    store = open_in_threads(url)
    await store.prepare(COLLECTIONS)
    try:
        return await store.count(Account)
    finally:
        await store.close()


def test_a_store_in_threads_has_as_many_as_connections(url: str) -> None:
    """The limit is ours, so that no call waits for a connection of the pool unseen."""
    store = open_store(f"{url}&pool_size=3")
    assert store.concurrency == 3
    run(store.close())
    assert asyncio.run(_count(url)) == 0


def test_what_has_expired_is_deleted_by_the_engine(ministack: MinistackServer) -> None:
    """Some time after ``keep_expired`` seconds; its unique value can be taken then."""
    url = ministack.url(database=ministack.create_database(), keep_expired=3600, shards=2)
    store = open_store(url)
    run(store.prepare(COLLECTIONS))
    now = datetime.now(UTC).replace(microsecond=0)
    gone = ticket("gone", expires_at=now - timedelta(hours=2))
    kept = ticket("kept", expires_at=now - timedelta(minutes=30))
    run(store.commit(Add(gone), Add(kept)))
    deadline = time.monotonic() + 30
    while run(store.get(Ticket, gone.id)) is not None:
        assert time.monotonic() < deadline, "nothing was deleted"
        time.sleep(0.1)
    assert run(store.find(Ticket)).items == (kept,)
    run(store.commit(Add(new := ticket("gone"))))
    assert run(store.find(Ticket, "code", "gone")).items == (new,)
    run(store.close())
