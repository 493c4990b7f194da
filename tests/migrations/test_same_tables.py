"""An upgrade, the kit itself and a person with the printed SQL make the same tables."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from tests.migrations.database import NEWEST, Database, on
from tests.servers.mariadb import MariadbServer
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.schema import COLLECTIONS, metadata
from userkit.sync import run

HOWS = ["upgrade", "prepare", "create_all", "by hand"]


def make(database: Database, how: str) -> None:
    if how == "upgrade":
        database.migrations().upgrade()
    elif how == "prepare":
        run(SQLAlchemyStore.from_engine(database.engine).prepare(COLLECTIONS))
    elif how == "create_all":
        database.create()
    else:
        database.by_hand(database.migrations().sql(from_nothing=True))


def alembic_diff(database: Database) -> list[object]:
    options = {
        "compare_server_default": True,
        "compare_type": True,
        "target_metadata": metadata,
        "version_table": "userkit_alembic_version",
    }
    with database.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


@pytest.mark.parametrize("how", HOWS[1:])
def test_the_system_knows_no_difference(database: Database, how: str) -> None:
    """Down to collations, names and defaults: its catalogue says the same, but for the order of columns."""
    make(database, how)
    made = database.tables()
    for table in reversed(metadata.sorted_tables):
        database.run(f"DROP TABLE {table.name}")
    if how == "by hand":
        database.forget()
    make(database, "upgrade")
    assert made == database.tables()
    assert "userkit_users_words" in str(made)


@pytest.mark.parametrize("how", HOWS)
def test_a_check_finds_no_difference(database: Database, how: str) -> None:
    """Neither userkit's own nor Alembic's."""
    make(database, how)
    assert database.migrations().check() == []
    assert alembic_diff(database) == []


@pytest.mark.parametrize("how", HOWS)
def test_a_store_takes_the_tables(database: Database, how: str) -> None:
    """With `prepare=False` nothing is missing; the version table is no trouble."""
    make(database, how)
    run(SQLAlchemyStore.from_engine(database.engine).prepare(COLLECTIONS, create=False))


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_the_url_may_say_either(mariadb: MariadbServer, scheme: str) -> None:
    """MariaDB is known by its answer, not by the URL; only SQL without a connection must rely on that."""
    engine = create_engine(mariadb.url("pymysql", scheme=scheme, database=mariadb.create_database()))
    database = Database(str(engine.url), engine)
    make(database, "prepare")
    assert database.migrations().current().recognised == NEWEST
    database.by_hand(database.migrations().sql())
    assert (database.migrations().check(), database.migrations().current().revision) == ([], NEWEST)
    engine.dispose()


@pytest.mark.parametrize("collation", ["utf8mb4_nopad_bin", "utf8mb4_bin", "ascii_bin", "utf8mb4_general_ci"])
@pytest.mark.parametrize("database", [on("mariadb")], indirect=True)
def test_the_default_of_the_database_does_not_matter(database: Database, collation: str) -> None:
    """Where it is the collation of a column, MariaDB's own description leaves that out."""
    database.run(f"ALTER DATABASE CHARACTER SET {collation.partition('_')[0]} COLLATE {collation}")
    make(database, "prepare")
    assert database.migrations().current().recognised == NEWEST
    assert database.migrations().check() == []


def test_the_sql_by_hand_is_recorded(database: Database) -> None:
    """It writes the version row as well, so that the next upgrade begins there."""
    make(database, "by hand")
    state = database.migrations().current()
    assert (state.revision, state.pending) == (state.head, ())
    assert database.migrations().sql() == ""


def test_the_sql_is_always_the_same(database: Database) -> None:
    """Whoever reviews it prints it again later, in another process."""
    lines = database.migrations().sql(from_nothing=True).splitlines()
    indexes = [line.split()[2] for line in lines if line.startswith("CREATE INDEX ix_userkit_sessions")]
    assert len(indexes) == 3
    assert indexes == sorted(indexes)


def test_the_sql_for_recognised_tables_records_them(database: Database) -> None:
    """Nothing is created twice."""
    make(database, "prepare")
    script = database.migrations().sql()
    assert "userkit_users" not in script
    database.by_hand(script)
    assert database.migrations().current().revision == NEWEST
