"""A store on the engine of an application."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool, StaticPool

from tests.stores.sqlalchemy.database import Database, kinds
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.errors import DuplicateError, StaleError
from userkit.storage.changes import Add, Remove, Save
from userkit.testing.specimens import COLLECTIONS, Person, account, person


@pytest.fixture
def engine(database: Database) -> Generator[Engine | AsyncEngine, None, None]:
    """An engine as applications make them."""
    if database.blocking:
        engine = create_engine(database.url)
        yield engine
        engine.dispose()
    else:
        asynchronous = create_async_engine(database.url)
        yield asynchronous
        database.run(asynchronous.dispose())


def sync_engine_of(engine: Engine | AsyncEngine) -> Engine:
    return engine if isinstance(engine, Engine) else engine.sync_engine


def test_every_verb_works_on_it(database: Database, engine: Engine | AsyncEngine) -> None:
    """Over blocking and asynchronous drivers alike."""
    store = SQLAlchemyStore.from_engine(engine)
    assert store.blocking == database.blocking
    database.run(store.prepare(COLLECTIONS))
    ada, grace = person(name="Ada Lovelace", team="red"), person(name="Grace Hopper")
    database.run(store.commit(Add(ada), Add(grace)))
    with pytest.raises(DuplicateError):
        database.run(store.commit(Add(person(ada.address))))
    renamed = ada.evolve(name="Ada King")
    database.run(store.commit(Save(ada, renamed), Remove(grace)))
    with pytest.raises(StaleError):
        database.run(store.commit(Save(ada, renamed)))
    assert database.run(store.search(Person, "king")).items == (renamed,)
    assert database.run(store.search(Person, "grace")).items == ()
    assert database.run(store.load(person() for _ in range(30))) == 30
    assert database.run(store.count(Person)) == 31


@pytest.mark.parametrize(
    ("url", "pool"),
    [
        ("sqlite:///app.db", {}),
        ("sqlite:///file::memory:?cache=shared&uri=true", {"pool_size": 5}),
        ("sqlite://", {"poolclass": QueuePool}),
        ("sqlite://", {"poolclass": StaticPool}),
        ("postgresql+psycopg://127.0.0.1/app", {"pool_size": 0}),
    ],
    ids=["file", "shared", "memory", "static", "unbounded"],
)
def test_where_nobody_knows_how_many_calls_make_sense_there_is_one_at_once(
    url: str, pool: dict[str, Any]
) -> None:
    """A SQLite of the application's may be in memory, or wait for no lock; a pool without a bound is of 0."""
    assert SQLAlchemyStore.from_engine(create_engine(url, **pool)).concurrency == 1


def test_it_stays_open_when_the_store_is_closed(database: Database, engine: Engine | AsyncEngine) -> None:
    """Who made it disposes of it."""
    store = SQLAlchemyStore.from_engine(engine)
    database.run(store.prepare(COLLECTIONS))
    ada = person()
    database.run(store.commit(Add(ada)))
    connections = sync_engine_of(engine).pool.status()
    database.run(store.close())
    assert sync_engine_of(engine).pool.status() == connections
    assert database.run(SQLAlchemyStore.from_engine(engine).prepare(COLLECTIONS)) is None


def test_its_events_see_the_statements_of_the_store(database: Database, engine: Engine | AsyncEngine) -> None:
    """What an application traces or counts with SQLAlchemy's events includes ours."""
    store = SQLAlchemyStore.from_engine(engine)
    database.run(store.prepare(COLLECTIONS))
    seen: list[str] = []

    @event.listens_for(sync_engine_of(engine), "before_cursor_execute")
    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement.partition(" ")[0])

    ada = account()
    database.run(store.commit(Add(ada)))
    database.run(store.get(type(ada), ada.id))
    assert seen == ["INSERT", "SELECT"]


@pytest.mark.parametrize("database", kinds("sqlite", "psycopg", "pymysql"), indirect=True)
def test_the_application_goes_on_in_transactions(database: Database, engine: Engine) -> None:
    """The store's autocommit is its own: the application's connections begin and roll back as before."""
    store = SQLAlchemyStore.from_engine(engine)
    database.run(store.prepare(COLLECTIONS))
    purse = account(1)
    database.run(store.commit(Add(purse)))
    with engine.connect() as connection:
        connection.execute(text("UPDATE userkit_specimen_accounts SET amount = 5"))
        connection.rollback()
    kept = database.run(store.get(type(purse), purse.id))
    assert kept == purse


@pytest.mark.parametrize("database", kinds("asyncpg"), indirect=True)
def test_callers_share_an_asynchronous_engine(database: Database, engine: AsyncEngine) -> None:
    """Many at once, on the connections of its pool."""
    store = SQLAlchemyStore.from_engine(engine)

    async def crowd() -> int:
        await store.prepare(COLLECTIONS)
        await asyncio.gather(*(store.commit(Add(person())) for _ in range(50)))
        return await store.count(Person)

    assert database.run(crowd()) == 50
