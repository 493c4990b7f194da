"""A connection that breaks while something is written: never half, never twice, and said rightly."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

import pytest

from tests.servers.proxy import FaultProxy
from tests.stores.sqlalchemy.database import Database, kinds
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import DuplicateError, StaleError, StoreUnavailableError
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.testing.specimens import COLLECTIONS, Account, Person, Ticket, account, person, ticket

Moment = Literal["before", "after", "answer"]
Commit = Callable[[], tuple[list[Change], list[Change]]]

servers = pytest.mark.parametrize(
    "database", kinds("psycopg", "async-psycopg", "asyncpg", "pymysql", "asyncmy"), indirect=True
)


@pytest.fixture
def proxy(database: Database) -> Generator[FaultProxy, None, None]:
    """What stands between a store and its server."""
    assert database.server is not None
    with FaultProxy(database.server.port) as proxy:
        yield proxy


@pytest.fixture
def store(database: Database, proxy: FaultProxy) -> SQLAlchemyStore:
    """A prepared store behind the proxy."""
    options = "?connect_timeout=5&statement_timeout=3&pool_timeout=20"
    if database.kind == "asyncpg":
        # It sends the text of a statement once otherwise, and the traps below look for the text.
        options += "&prepared_statement_cache_size=0"
    store = database.keep(open_url(proxy.url(database.url) + options, blocking=database.blocking))
    database.run(store.prepare(COLLECTIONS))
    return store


def two_purses() -> tuple[list[Change], list[Change]]:
    """A transfer: two saves in a transaction, after two adds."""
    rich, poor = account(10), account(0)
    return [Add(rich), Add(poor)], [Save(rich, rich.evolve(amount=7)), Save(poor, poor.evolve(amount=3))]


def one_purse() -> tuple[list[Change], list[Change]]:
    """One save, by itself, with a word in it that can be seen on the wire."""
    purse = account(1)
    return [Add(purse)], [Save(purse, purse.evolve(amount=2, writer="the-needle"))]


def new_person() -> tuple[list[Change], list[Change]]:
    """An addition with words: a transaction for one change."""
    return [], [Add(person(name="Ada Lovelace"))]


def gone_purse() -> tuple[list[Change], list[Change]]:
    """A removal."""
    purse = account(1)
    return [Add(purse)], [Remove(purse)]


def stored(database: Database, store: SQLAlchemyStore, changes: Sequence[Change]) -> list[object]:
    """Return what is there of what the changes are about."""
    touched = [each.before if isinstance(each, Save) else each.entity for each in changes]
    return [database.run(store.get(type(entity), entity.id)) for entity in touched]


def wanted(changes: Sequence[Change]) -> list[object]:
    """Return what is there after these changes."""
    return [
        None if isinstance(each, Remove) else each.after if isinstance(each, Save) else each.entity
        for each in changes
    ]


def as_sent(statement: bytes, database: Database) -> bytes:
    """Return what to look for on the wire: PostgreSQL's BEGIN says READ COMMITTED, its COMMIT ends there."""
    return b"COMMIT\0" if statement == b"COMMIT" and database.system == "postgresql" else statement


@servers
@pytest.mark.parametrize("moment", ["before", "after", "answer"])
@pytest.mark.parametrize(
    ("commit", "statement"),
    [
        (two_purses, b"COMMIT"),
        (two_purses, b"UPDATE"),
        (new_person, b"COMMIT"),
        (new_person, b"INSERT INTO userkit_specimen_persons_words"),
        (one_purse, b"UPDATE"),
        (one_purse, b"the-needle"),
        (gone_purse, b"DELETE"),
    ],
)
def test_a_commit_that_loses_its_connection_happens_once(
    database: Database,
    store: SQLAlchemyStore,
    proxy: FaultProxy,
    commit: Commit,
    statement: bytes,
    moment: Moment,
) -> None:
    """Wherever the wire is cut, the store finds out what happened, and does what did not."""
    before, changes = commit()
    database.run(store.commit(*before))
    trap = proxy.cut_at(as_sent(statement, database), moment)
    database.run(store.commit(*changes))
    assert trap.wait()
    assert stored(database, store, changes) == wanted(changes)
    for change in changes:
        with pytest.raises((DuplicateError, StaleError)):
            database.run(store.commit(change))


@servers
def test_a_refusal_stays_a_refusal(database: Database, store: SQLAlchemyStore, proxy: FaultProxy) -> None:
    """What could not have been done is not taken for done when the connection is lost under it."""
    purse = account(1)
    newer = purse.evolve(amount=5)
    database.run(store.commit(Add(purse)))
    database.run(store.commit(Save(purse, newer)))
    trap = proxy.cut_at(b"UPDATE", "answer")
    with pytest.raises(StaleError):
        database.run(store.commit(Save(purse, purse.evolve(amount=2))))
    assert trap.wait()
    trap = proxy.cut_at(b"INSERT", "answer")
    with pytest.raises(DuplicateError):
        database.run(store.commit(Add(account(3)), Add(Account(id=purse.id, amount=4))))
    assert trap.wait()
    assert database.run(store.get(Account, purse.id)) == newer


@servers
def test_a_read_is_repeated_on_a_new_connection(
    database: Database, store: SQLAlchemyStore, proxy: FaultProxy
) -> None:
    """Whether it was lost on the way, or the pool held connections of yesterday."""
    ada = person()
    database.run(store.commit(Add(ada)))
    proxy.cut_at(b"SELECT", "after")
    assert database.run(store.get(Person, ada.id)) == ada
    proxy.cut()
    assert database.run(store.find(Person)).items == (ada,)


@servers
def test_a_load_and_a_purge_find_out_connections_of_yesterday(
    database: Database, store: SQLAlchemyStore, proxy: FaultProxy
) -> None:
    """They begin on new ones."""
    proxy.cut()
    assert database.run(store.load([ticket(expires_at=datetime(2020, 1, 1, tzinfo=UTC))])) == 1
    proxy.cut()
    assert database.run(store.purge(Ticket, before=datetime(2021, 1, 1, tzinfo=UTC))) == 1


@servers
def test_a_load_that_loses_its_connection_is_whole_batches(
    database: Database, store: SQLAlchemyStore, proxy: FaultProxy
) -> None:
    """Which of them, the store cannot say; those before are there, and the next load works."""
    database.run(store.load((account(number) for number in range(20)), batch=10))
    for statement in (b"COPY" if database.system == "postgresql" else b"INSERT", b"COMMIT"):
        trap = proxy.cut_at(as_sent(statement, database), "after")
        with pytest.raises(StoreUnavailableError):
            database.run(store.load((account(number) for number in range(20)), batch=10))
        assert trap.wait()
    assert database.run(store.count(Account)) in (20, 30)
    assert database.run(store.load((account(number) for number in range(10)), batch=10)) == 10


@servers
def test_a_server_that_is_gone_is_said_to_be(
    database: Database, store: SQLAlchemyStore, proxy: FaultProxy
) -> None:
    """And when it is back, so is the store, without being opened again."""
    purse = account(1)
    database.run(store.commit(Add(purse)))
    richer = purse.evolve(amount=2)
    with unreachable(proxy):
        with pytest.raises(StoreUnavailableError):
            database.run(store.get(Account, purse.id))
        with pytest.raises(StoreUnavailableError):
            database.run(store.commit(Save(purse, richer)))
    database.run(store.commit(Save(purse, richer)))
    assert database.run(store.get(Account, purse.id)) == richer


@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg", "pymysql"), indirect=True)
def test_a_server_that_says_nothing_is_given_up(
    database: Database, store: SQLAlchemyStore, proxy: FaultProxy
) -> None:
    """The server should have ended the statement; when not even that comes, the client stops waiting."""
    purse = account(1)
    database.run(store.commit(Add(purse)))
    proxy.stall()
    with pytest.raises(StoreUnavailableError, match=r"in time|reached"):
        database.run(store.get(Account, purse.id))
    proxy.resume()
    assert database.run(store.get(Account, purse.id)) == purse


@contextmanager
def unreachable(proxy: FaultProxy) -> Generator[None, None, None]:
    """Have no server for a while."""
    proxy.refuse()
    proxy.cut()
    yield
    proxy.resume()
