"""What is sent to a database: one statement where one is enough, and nothing around it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from tests.stores.sqlalchemy.database import Database, kinds
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.errors import DuplicateError
from userkit.storage.changes import Add, Remove, Save
from userkit.testing.specimens import COLLECTIONS, Account, Person, Ticket, account, person, ticket

Count = Callable[[], int]


def opened(database: Database) -> tuple[SQLAlchemyStore, Count]:
    """Return a prepared store with one connection, and what tells how much was sent since it last told."""
    store = database.open(pool_size=1, max_overflow=0)
    if database.system == "postgresql":
        assert database.server is not None
        name = database.url.rpartition("/")[2]
        database.server.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
    database.run(store.prepare(COLLECTIONS))
    count = {"sqlite": _traced, "mariadb": _questions, "postgresql": _logged}[database.system](
        database, store
    )
    count()
    return store, count


def _traced(database: Database, store: SQLAlchemyStore) -> Count:
    """SQLite calls back."""
    statements: list[str] = []
    database.below(store, lambda it: it.connection.driver_connection.set_trace_callback(statements.append))  # type: ignore[union-attr]  # there is one

    def count() -> int:
        # A statement is shown once more when it sets a foreign key's action off.
        number = len(set(statements))
        statements.clear()
        return number

    return count


def _questions(database: Database, store: SQLAlchemyStore) -> Count:
    """MariaDB counts what it was asked in a session, this question too."""

    def ask(connection: Connection) -> int:
        cursor = connection.connection.cursor()
        cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
        ((_, number),) = cursor.fetchall()
        cursor.close()
        return int(number)

    last = 0

    def count() -> int:
        nonlocal last
        number, last = -last - 1, database.below(store, ask)
        return number + last

    return count


def _logged(database: Database, _: SQLAlchemyStore) -> Count:
    """PostgreSQL writes its log."""
    assert database.server is not None
    log = database.server.folder / "log"
    position = 0

    def count() -> int:
        nonlocal position
        news = log.read_bytes()[position:]
        position += len(news)
        return len(re.findall(rb"LOG:  (?:statement|execute [^:]*): ", news))

    return count


def test_a_read_is_one_statement(database: Database) -> None:
    """By id, by a unique value, by an index, of everything, of words, of numbers."""
    store, count = opened(database)
    ada = person(name="Ada Lovelace", team="red")
    database.run(store.commit(Add(ada)))
    count()
    for read in (
        lambda: store.get(Person, ada.id),
        lambda: store.find(Person, "address", ada.address),
        lambda: store.find(Person, "team", "red"),
        lambda: store.find(Person),
        lambda: store.find(Person, after=ada.id, newest_first=True),
        lambda: store.search(Person, "ada love"),
        lambda: store.count(Person, "team", "red"),
    ):
        database.run(read())
        assert count() == 1


def test_a_commit_of_one_change_is_one_statement(database: Database) -> None:
    """Without a transaction around it."""
    store, count = opened(database)
    purse = account(1)
    richer = purse.evolve(amount=2)
    for change in (Add(purse), Save(purse, richer), Remove(richer)):
        database.run(store.commit(change))
        assert count() == 1


def test_a_save_that_leaves_the_words_alone_is_one_statement(database: Database) -> None:
    """And a removal takes the words along by itself."""
    store, count = opened(database)
    ada = person(name="Ada Lovelace")
    database.run(store.commit(Add(ada)))
    count()
    moved = ada.evolve(team="blue", notes={"moved": True})
    for change in (Save(ada, moved), Remove(moved)):
        database.run(store.commit(change))
        assert count() == 1


@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg", "pymysql", "asyncmy"), indirect=True)
def test_a_commit_of_several_changes_is_a_transaction(database: Database) -> None:
    """BEGIN, a lock on both rows, two updates, COMMIT."""
    store, count = opened(database)
    one, other = account(1), account(2)
    database.run(store.commit(Add(one), Add(other)))
    assert count() == 4
    database.run(store.commit(Save(one, one.evolve(amount=3)), Save(other, other.evolve(amount=0))))
    assert count() == 5


def test_a_refused_change_leaves_the_connection_in_order(database: Database) -> None:
    """What comes next is one statement again, on the same connection."""
    store, count = opened(database)
    ada = person()
    database.run(store.commit(Add(ada)))
    with pytest.raises(DuplicateError):
        database.run(store.commit(Add(person(ada.address)), Add(account())))
    count()
    assert database.run(store.get(Person, ada.id)) == ada
    assert count() == 1


def test_an_update_names_only_what_changed(database: Database) -> None:
    """What an application writes to other columns in the meantime stays."""
    store, _ = opened(database)
    purse = account(1)
    database.run(store.commit(Add(purse)))
    database.below(
        store, lambda it: it.exec_driver_sql("UPDATE userkit_specimen_accounts SET writer = 'report'")
    )
    database.run(store.commit(Save(purse, purse.evolve(amount=2))))
    kept = database.run(store.get(Account, purse.id))
    assert kept is not None
    assert (kept.amount, kept.writer) == (2, "report")


def test_many_expired_are_purged_in_few_statements(database: Database) -> None:
    """A transaction, one look, and one removal for every hundred."""
    store, count = opened(database)
    long_ago, now = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    database.run(store.load([ticket(expires_at=long_ago) for _ in range(250)]))
    count()
    assert database.run(store.purge(Ticket, before=now)) == 250
    assert count() == 6
