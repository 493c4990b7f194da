"""Connections: few are enough for many callers, and none is left in the middle of something."""

import asyncio
import threading
from contextlib import suppress

import pytest
from sqlalchemy.pool import QueuePool

from tests.stores.sqlalchemy.database import Database, engine_of, kinds
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.links import CursorLink
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import StoreUnavailableError
from userkit.storage.capabilities import Concurrent
from userkit.storage.changes import Add, Save
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Account, Person, account, person

asynchronous = pytest.mark.parametrize(
    "database", kinds("async-psycopg", "asyncpg", "asyncmy"), indirect=True
)
blocking = pytest.mark.parametrize("database", kinds("sqlite", "psycopg", "pymysql"), indirect=True)


def with_one_connection(database: Database, **options: object) -> SQLAlchemyStore:
    store = database.open(pool_size=1, max_overflow=0, **options)
    database.run(store.prepare(COLLECTIONS))
    return store


@asynchronous
def test_tasks_share_one_connection(database: Database) -> None:
    """They take turns, and all of them are served."""
    store = with_one_connection(database)

    async def crowd() -> int:
        await asyncio.gather(*(store.commit(Add(person(name=f"Ada {number}"))) for number in range(40)))
        return await store.count(Person)

    assert database.run(crowd()) == 40


@blocking
def test_threads_share_one_connection(database: Database) -> None:
    """The same without an event loop."""
    store = with_one_connection(database)

    def add() -> None:
        for number in range(5):
            run(store.commit(Add(person(name=f"Ada {number}"))))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run(store.count(Person)) == 40


@blocking
def test_who_gets_no_connection_is_told_so(database: Database) -> None:
    """After pool_timeout, and not before."""
    store = with_one_connection(database, pool_timeout=0.2)
    with engine_of(store).connect(), pytest.raises(StoreUnavailableError, match="pool"):
        run(store.get(Account, account().id))
    assert run(store.count(Account)) == 0


@pytest.mark.parametrize("moment", [0, 0.0005, 0.001, 0.002, 0.004])
@asynchronous
def test_a_cancelled_commit_leaves_nothing_behind(database: Database, moment: float) -> None:
    """Wherever it is cut off, it is all there or not at all, and the pool has no open transaction."""
    store = with_one_connection(database)
    one, other = account(1), account(2)
    database.run(store.commit(Add(one), Add(other)))
    changes = Save(one, one.evolve(amount=0)), Save(other, other.evolve(amount=3))

    async def interrupted() -> list[Account | None]:
        task = asyncio.ensure_future(store.commit(*changes))
        await asyncio.sleep(moment)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return [await store.get(Account, each.id) for each in (one, other)]

    for _ in range(5):
        left = database.run(interrupted())
        assert left in ([one, other], [each.after for each in changes])
        if left != [one, other]:
            break
    else:
        database.run(store.commit(*changes))
    # A lock that an abandoned transaction still held would keep this one waiting.
    richer = changes[0].after.evolve(amount=9)
    database.run(store.commit(Save(changes[0].after, richer)))
    assert database.run(store.get(Account, one.id)) == richer


class Interruption(BaseException):
    """What is not an error, such as Ctrl-C."""


@pytest.mark.parametrize("moment", [1, 2, 3, 4])
@blocking
def test_an_interrupted_commit_leaves_nothing_behind(
    database: Database, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of its statements."""
    store = with_one_connection(database)
    one, other = account(1), account(2)
    database.run(store.commit(Add(one), Add(other)))
    send, sent = CursorLink.write, 0

    def interrupt(link: CursorLink, *statement: object) -> int:
        nonlocal sent
        matched = send(link, *statement)  # type: ignore[arg-type]  # as it came
        sent += 1
        if sent == moment:
            raise Interruption
        return matched

    with monkeypatch.context() as patch:
        patch.setattr(CursorLink, "write", interrupt)
        with pytest.raises(Interruption):
            run(store.commit(Save(one, one.evolve(amount=0)), Save(other, other.evolve(amount=3))))
    left = [run(store.get(Account, each.id)) for each in (one, other)]
    assert left == ([one.evolve(amount=0), other.evolve(amount=3)] if moment == 4 else [one, other])
    assert run(store.commit(Add(account(5)))) is None


def test_how_many_calls_make_sense_at_once(database: Database) -> None:
    """As many as there are connections; on SQLite four of them."""
    store, larger = database.open(pool_size=3), database.open(pool_size=7)
    assert isinstance(store, Concurrent)
    assert isinstance(larger, Concurrent)
    assert (store.concurrency, larger.concurrency) == (3, 4 if database.system == "sqlite" else 7)


def test_a_database_in_memory_has_one_call_at_once() -> None:
    """It is in its only connection."""
    assert open_url("sqlite://?pool_size=5", blocking=True).concurrency == 1


def test_closing_twice_does_no_harm(database: Database) -> None:
    """And a view of a realm closes the same."""
    store = with_one_connection(database)
    database.run(store.realm("acme").close())
    database.run(store.close())
    database.run(store.close())


@blocking
def test_connections_are_asked_whether_they_live_when_wished(database: Database) -> None:
    """pre_ping is SQLAlchemy's."""
    assert engine_of(database.open(pre_ping="true")).pool._pre_ping
    pool = engine_of(database.open(pool_size=2, max_overflow=3)).pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool._max_overflow, pool._pre_ping) == (2, 3, False)
