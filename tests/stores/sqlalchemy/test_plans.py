"""How databases carry out the reads of a store: by an index, in its order, whatever the table's size."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.stores.sqlalchemy.database import Database, engine_of, kinds
from tests.stores.sqlalchemy.inventing import START, invented
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.book import AnyBook, book_of
from userkit.backends.sqlalchemy.compiled import Statement
from userkit.backends.sqlalchemy.reading import ranges
from userkit.backends.sqlalchemy.schema import COLLECTIONS as BUILT_IN
from userkit.storage.changes import Add
from userkit.storage.collection import Collection
from userkit.testing.specimens import COLLECTIONS, PERSONS, TICKETS, Person, person, ticket

PEOPLE, TEAMS, EXPIRING = 3000, 30, 3000
VALUES = {"realm_": "default", "limit_": 51, "before_": datetime(2026, 1, 2, tzinfo=UTC)}

Plan = Callable[[Connection, Statement, dict[str, Any]], None]


@pytest.fixture
def store(database: Database) -> SQLAlchemyStore:
    """A store with enough in it that a scan would be worse than an index, and statistics about it."""
    store = database.open()
    database.run(store.prepare(COLLECTIONS))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for realm in ("default", "other"):
        people = (person(name=f"Ada {number:04}", team=f"team {number % TEAMS}") for number in range(PEOPLE))
        database.run(store.realm(realm).load(people))
    database.run(store.load(ticket(expires_at=start + timedelta(hours=number)) for number in range(EXPIRING)))
    analyze(database, store, "specimen_persons", "specimen_persons_words", "specimen_tickets")
    return store


def analyze(database: Database, store: SQLAlchemyStore, *names: str) -> None:
    """Have a database gather statistics about tables."""
    how = "ANALYZE TABLE" if database.system == "mariadb" else "ANALYZE"
    for name in names:
        database.below(store, partial(Connection.exec_driver_sql, statement=f"{how} userkit_{name}"))


def statements(
    book: AnyBook, tickets: AnyBook, middle: Person
) -> Sequence[tuple[str, Statement, dict[str, Any]]]:
    """Return every read of one table that pages depend on."""
    by_team = {"value_": middle.team}
    return [
        ("get", book.get, {"id_": middle.id}),
        ("unique", book.find("address", after=False, newest_first=False), {"value_": middle.address}),
        ("index", book.find("team", after=False, newest_first=False), by_team),
        ("index, on", book.find("team", after=True, newest_first=False), {**by_team, "after_": middle.id}),
        ("index, back", book.find("team", after=True, newest_first=True), {**by_team, "after_": middle.id}),
        ("list", book.find(None, after=False, newest_first=False), {}),
        ("list, on", book.find(None, after=True, newest_first=False), {"after_": middle.id}),
        ("list, back", book.find(None, after=True, newest_first=True), {"after_": middle.id}),
        ("expired", tickets.expired("expires_at"), {}),
    ]


@pytest.mark.parametrize("database", kinds("sqlite", "psycopg", "pymysql"), indirect=True)
def test_no_read_scans_or_sorts(database: Database, store: SQLAlchemyStore) -> None:
    """Each goes to where it begins and reads on from there."""
    middle = database.run(store.find(Person, limit=1000)).items[-1]
    check = CHECKS[database.system]

    def look(connection: Connection) -> None:
        books = book_of(PERSONS, connection.dialect), book_of(TICKETS, connection.dialect)
        for name, statement, values in statements(*books, middle):
            check(name, explained(connection, statement, {**VALUES, **values}))

    database.below(store, look)


def reads_of(book: AnyBook, sample: Any) -> Sequence[tuple[str, Statement, dict[str, Any]]]:
    """Return every read that a collection's declaration allows, with the index that should serve it.

    By id and by a unique value any index will do that finds it.
    """
    declared, name = book.collection, f"ix_userkit_{book.collection.name}_realm"
    get, after = {"id_": sample.id}, {"after_": sample.id}
    reads = [("", book.get, get), ("", book.lock(2), {"id_0_": sample.id, "id_1_": sample.id})]
    for newest_first in (False, True):
        reads.append(("", book.find(None, after=True, newest_first=newest_first), after))
        for field in declared.lookups:
            value = getattr(sample, field)
            served = f"{name}_{field}_id" if field in declared.index else ""
            found = {"value_": getattr(value, "value", value), **after}
            reads.extend(
                (served, book.find(field, after=on, newest_first=newest_first), found) for on in (False, True)
            )
    if declared.expires is not None:
        reads.append((f"{name}_{declared.expires}", book.expired(declared.expires), {}))
    return reads


def filled(database: Database, store: SQLAlchemyStore, collection: Collection[Any]) -> Sequence[Any]:
    """Fill a collection with what makes a scan worse than an index, and return what is in it."""
    database.run(store.prepare([collection]))
    entities = [invented(collection, number) for number in range(PEOPLE)]
    database.run(store.load(entities))
    analyze(database, store, collection.name)
    return entities


@pytest.mark.parametrize("collection", BUILT_IN, ids=lambda it: it.name)
@pytest.mark.parametrize("database", kinds("sqlite", "psycopg", "pymysql"), indirect=True)
def test_no_read_of_a_feature_scans_or_sorts(database: Database, collection: Collection[Any]) -> None:
    """Each lookup and each purge of every built-in collection has an index of its own."""
    store = database.open()
    entities = filled(database, store, collection)
    check = CHECKS[database.system]

    def look(connection: Connection) -> None:
        values = {**VALUES, "before_": START + timedelta(hours=20)}
        # Of the rarest there are values for enumerations, and not those at the very beginning.
        for index, statement, own in reads_of(book_of(collection, connection.dialect), entities[150]):
            plan = explained(connection, statement, {**values, **own})
            check(statement.text, plan)
            assert index in json.dumps(plan), f"{index} does not serve {statement.text}: {plan}"

    database.below(store, look)


@pytest.mark.parametrize("database", kinds("asyncpg"), indirect=True)
def test_plans_that_are_made_once_are_as_good(database: Database, store: SQLAlchemyStore) -> None:
    """PostgreSQL plans a prepared statement for any values after a few uses; nor does that plan scan."""
    middle = database.run(store.find(Person, limit=1)).items[0]
    dialect = engine_of(store).dialect
    for name, statement, _ in statements(book_of(PERSONS, dialect), book_of(TICKETS, dialect), middle):
        check_postgresql(name, generic(database, statement))


@pytest.mark.parametrize("collection", BUILT_IN, ids=lambda it: it.name)
@pytest.mark.parametrize("database", kinds("asyncpg"), indirect=True)
def test_plans_of_features_that_are_made_once_are_as_good(
    database: Database, collection: Collection[Any]
) -> None:
    """Also where a value is shared by many: then another index may do, in the same order."""
    store = database.open()
    entities = filled(database, store, collection)
    for _, statement, _ in reads_of(book_of(collection, engine_of(store).dialect), entities[150]):
        check_postgresql(statement.text, generic(database, statement))


def generic(database: Database, statement: Statement) -> Any:
    """Return what PostgreSQL would do whatever the values are."""
    assert database.server is not None
    text = f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {statement.text}"
    ((plan,),) = database.server.execute(text, database=database.url.rpartition("/")[2])
    return plan


@pytest.mark.parametrize("database", kinds("sqlite", "psycopg", "pymysql"), indirect=True)
@pytest.mark.parametrize("text", ["0815", "ada 0815", "ada 081"])
def test_a_search_reads_no_table_from_end_to_end(
    database: Database, store: SQLAlchemyStore, text: str
) -> None:
    """The rarest word is looked up in the index of words."""

    def look(connection: Connection) -> None:
        words = ranges(text)
        assert words is not None
        statement = book_of(PERSONS, connection.dialect).search(len(words) // 2, after=False)
        plan = explained(connection, statement, {**VALUES, **words})
        if database.system == "postgresql":
            assert not {node["Node Type"] for node in nodes(plan)} & {"Seq Scan"}, plan
        elif database.system == "mariadb":
            scanned = [table["table_name"] for table in tables(plan) if table["access_type"] == "ALL"]
            # What the index of words gave is gone through, of course.
            assert all(name.startswith("<subquery") for name in scanned), plan
        else:
            assert not [step for step in plan if step.startswith("SCAN userkit")], plan

    database.below(store, look)


def explained(connection: Connection, statement: Statement, values: dict[str, Any]) -> Any:
    """Return what a database would do: lines of SQLite's, JSON of the others."""
    form = {"sqlite": "QUERY PLAN", "postgresql": "(FORMAT JSON)"}.get(connection.dialect.name, "FORMAT=JSON")
    parameters: Any = statement.parameters(values)
    rows = connection.exec_driver_sql(f"EXPLAIN {form} {statement.text}", parameters).fetchall()
    if connection.dialect.name == "sqlite":
        return [row[3] for row in rows]
    plan = rows[0][0]
    return json.loads(plan) if isinstance(plan, str) else plan


def check_sqlite(name: str, steps: Sequence[str]) -> None:
    """Every step is a search by an index, and none sorts."""
    for step in steps:
        assert re.match(r"SEARCH \w+ USING (COVERING )?INDEX", step), f"{name}: {steps}"


def nodes(plan: Any) -> Sequence[dict[str, Any]]:
    """Return the nodes of a plan of PostgreSQL's."""
    if isinstance(plan, list):
        return [node for part in plan for node in nodes(part.get("Plan", part))]
    return [plan, *nodes(plan.get("Plans", []))]


def check_postgresql(name: str, plan: Any) -> None:
    """Indexes, perhaps cut to a limit, and locked."""
    kinds_of_nodes = {node["Node Type"] for node in nodes(plan)}
    assert kinds_of_nodes <= {"Limit", "LockRows", "Index Scan", "Index Only Scan"}, f"{name}: {plan}"


def tables(plan: Any) -> Sequence[dict[str, Any]]:
    """Return the tables of a plan of MariaDB's, wherever they are in it."""
    if isinstance(plan, list):
        return [table for part in plan for table in tables(part)]
    if not isinstance(plan, dict):
        return []
    found = [plan] if "access_type" in plan else []
    return [*found, *(table for part in plan.values() for table in tables(part))]


def check_mariadb(name: str, plan: Any) -> None:
    """Indexes by a value or a range, and no sorting in a file or in memory."""
    assert {table["access_type"] for table in tables(plan)} <= {"const", "ref", "range"}, f"{name}: {plan}"
    assert "filesort" not in json.dumps(plan), f"{name}: {plan}"


CHECKS: dict[str, Callable[[str, Any], None]] = {
    "sqlite": check_sqlite,
    "postgresql": check_postgresql,
    "mariadb": check_mariadb,
}


@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg"), indirect=True)
def test_a_load_checks_its_words_by_an_index(database: Database) -> None:
    """Also over a connection that has known the table when it was empty, and read it from end to end."""
    store = database.open(pool_size=1, max_overflow=0)
    database.run(store.prepare(COLLECTIONS))
    database.below(store, lambda it: it.exec_driver_sql("VACUUM ANALYZE"))
    for _ in range(10):
        database.run(store.commit(Add(person(name="Ada Lovelace"))))
    database.run(store.load(person(name="Ada Lovelace") for _ in range(2000)))
    database.run(store.close())
    read = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'userkit_specimen_persons'"
    assert database.server is not None
    ((rows,),) = database.server.execute(read, database=database.url.rpartition("/")[2])
    assert rows < 1000
