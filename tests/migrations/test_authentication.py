"""The way from 0001 to 0002: users keep what they have, and what comes out is what a kit makes."""

import pytest
from sqlalchemy import inspect

from tests.migrations.database import ADA, Database
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.schema import COLLECTIONS, metadata
from userkit.errors import SchemaOutdatedError
from userkit.features.users import User
from userkit.sync import run

NEW = ("session_epoch", "spared_session", "spared_since", "claimed_epoch")


@pytest.fixture
def first(database: Database) -> Database:
    """A database at 0001 with a user in it."""
    database.migrations()._advance()
    database.add_ada()
    return database


def ada(database: Database) -> User:
    """Return the user as a store reads her."""
    store = SQLAlchemyStore.from_engine(database.engine)
    run(store.prepare(COLLECTIONS, create=False))
    user = run(store.get(User, ADA["id"]))
    assert user is not None
    return user


def assert_is_at_0002(database: Database) -> None:
    assert database.migrations().check() == []
    assert database.migrations().current().revision == "0002"
    user = ada(database)
    assert user.name == "Ada"
    assert tuple(getattr(user, name) for name in NEW) == (0, None, 0, 0)
    upgraded = database.tables()
    for table in reversed(metadata.sorted_tables):
        database.run(f"DROP TABLE {table.name}")
    database.create()
    assert database.tables() == upgraded


def test_users_are_brought_along(first: Database) -> None:
    """In the first epoch of their sessions; the tables are those of a new database."""
    assert [each.id for each in first.migrations().current().pending] == ["0002"]
    first.migrations().upgrade()
    assert_is_at_0002(first)


def test_tables_that_an_older_kit_made_are_recognised(first: Database) -> None:
    """They are recorded as 0001 and upgraded."""
    first.forget()
    assert first.migrations().current().recognised == "0001"
    first.migrations().upgrade()
    assert_is_at_0002(first)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_person_may_do_it_by_hand(first: Database, recorded: bool) -> None:
    """The printed SQL does the same, from a record and from what the tables look like."""
    if not recorded:
        first.forget()
    script = first.migrations().sql()
    assert "userkit_users_words" not in script
    first.by_hand(script)
    assert first.migrations().sql() == ""
    assert_is_at_0002(first)


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("create", [True, False])
def test_a_kit_does_not_upgrade_by_itself(first: Database, recorded: bool, create: bool) -> None:
    """It says what to run, and makes none of the other tables either."""
    if not recorded:
        first.forget()
    before = first.catalogue()
    with pytest.raises(SchemaOutdatedError) as caught:
        run(SQLAlchemyStore.from_engine(first.engine).prepare(COLLECTIONS, create=create))
    says = f"The table userkit_users lacks {', '.join(NEW)}; run `userkit db upgrade`."
    assert caught.value.detail == says
    assert first.catalogue() == before


def test_an_older_userkit_goes_on_adding_users(database: Database) -> None:
    """While a new version is rolled out, it writes rows without the columns that it does not know."""
    database.migrations().upgrade()
    database.add_ada()
    assert ada(database).session_epoch == 0


def test_an_upgrade_that_was_interrupted_is_gone_on_with(first: Database) -> None:
    """As on MariaDB: a column, a table and a table without an index are there, and the version row is not."""
    sessions, links = metadata.tables["userkit_sessions"], metadata.tables["userkit_links"]
    first.run("ALTER TABLE userkit_users ADD COLUMN session_epoch BIGINT DEFAULT '0' NOT NULL")
    with first.engine.begin() as connection:
        sessions.create(connection)
        links.create(connection)
        min(links.indexes, key=lambda each: str(each.name)).drop(connection)
    first.migrations().upgrade()
    assert_is_at_0002(first)


def test_a_table_of_the_name_that_is_not_ours_is_not_completed(first: Database) -> None:
    """Not even by an index; where DDL is transactional, nothing at all has changed."""
    first.run("CREATE TABLE userkit_sessions (id INTEGER PRIMARY KEY, realm VARCHAR(63), user_id INTEGER)")
    before = first.catalogue()
    with pytest.raises(SchemaOutdatedError, match="There is another table userkit_sessions already"):
        first.migrations().upgrade()
    assert inspect(first.engine).get_indexes("userkit_sessions") == []
    assert first.migrations().current().revision == "0001"
    if first.kind != "mariadb":
        assert first.catalogue() == before


def test_a_kit_that_was_entered_early_is_no_trouble(first: Database) -> None:
    """An application that makes our tables by itself may have made some of the new ones, with rows."""
    metadata.tables["userkit_outbox"].create(first.engine)
    first.migrations().upgrade()
    assert_is_at_0002(first)


@pytest.mark.parametrize("column", NEW)
def test_half_of_it_is_not_recognised(first: Database, column: str) -> None:
    """Without the version row nobody knows what was meant."""
    first.migrations().upgrade()
    first.forget()
    first.run(f"ALTER TABLE userkit_users DROP COLUMN {column}")
    with pytest.raises(SchemaOutdatedError, match=f"userkit_users has no column {column}"):
        first.migrations().upgrade()
