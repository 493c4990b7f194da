"""Several processes upgrade at once, as when all servers of an application start together."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from tests.migrations.database import NEWEST, REVISIONS, Database
from tests.migrations.worker import THREADS
from userkit.backends.sqlalchemy import preparing
from userkit.backends.sqlalchemy.migrations import exclusive
from userkit.backends.sqlalchemy.migrations.upgrading import SQLMigrations
from userkit.errors import SchemaOutdatedError, StoreUnavailableError, UnsupportedStoreError

ROOT = Path(__file__).parents[2]
PROCESSES = 3


def start(database: Database) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.migrations.worker"],
        cwd=ROOT,
        env={**os.environ, "WORKER_URL": database.url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("begins", ["with nothing", "with tables of a kit", "at 0001"])
def test_all_end_at_the_newest_revision(database: Database, begins: str) -> None:
    """None fails, and each revision is run once: a second time it would not work."""
    if begins == "with tables of a kit":
        database.create()
    if begins == "at 0001":
        database.migrations()._advance()
    if begins != "with nothing":
        database.add_ada()
    workers = [start(database) for _ in range(PROCESSES)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    ends = [worker.communicate() for worker in workers]
    assert ends == [(" ".join(["9003"] * THREADS) + "\n", "")] * PROCESSES
    assert database.migrations(of_tests=True).check() == []
    assert database.rows("SELECT version_num FROM userkit_alembic_version") == [("9003",)]


def test_an_upgrade_and_a_preparing_kit_exclude_each_other() -> None:
    """They take the same locks."""
    assert (exclusive.LOCK_NUMBER, exclusive.LOCK_NAME) == (preparing.LOCK_NUMBER, preparing.LOCK_NAME)


def test_waiting_for_the_others_has_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that hangs with the lock does not hang the others for ever."""
    monkeypatch.setattr(exclusive, "_PATIENCE", 0.2)
    impatient = create_engine(
        database.url, connect_args={"timeout": 0.01} if database.kind == "sqlite" else {}
    )
    hanging = impatient.connect()
    hanging.exec_driver_sql(
        {
            "sqlite": "BEGIN IMMEDIATE",
            "postgresql": f"SELECT pg_advisory_xact_lock({exclusive.LOCK_NUMBER})",
            "mariadb": f"SELECT GET_LOCK('{exclusive.LOCK_NAME}', 0)",
        }[database.kind]
    )
    with pytest.raises(StoreUnavailableError, match="still changing the tables"):
        SQLMigrations(impatient).upgrade()
    hanging.detach()
    hanging.close()
    assert SQLMigrations(impatient).upgrade().revision == NEWEST
    impatient.dispose()


BROKEN = """
from tests.migrations.database import NEWEST

revision, down_revision = "9001", NEWEST

def upgrade(op, before, after):
    op.execute("UPDATE userkit_users SET name = 'Nobody'")
    users = before.tables["userkit_users"]
    with op.batch_alter_table("userkit_users", copy_from=users) as batch:
        batch.alter_column("name", existing_type=users.c.name.type, nullable=True)
    op.execute("DELETE FROM no_such_table")
"""


def test_a_failed_revision_leaves_nothing_behind(database: Database, tmp_path: Path) -> None:
    """The version is that before it everywhere; where DDL is transactional, so is everything else."""
    versions = tmp_path / "versions"
    versions.mkdir()
    for ours in REVISIONS.glob("v0*.py"):
        shutil.copy(ours, versions)
    (versions / "v9001_broken.py").write_text(BROKEN)
    database.migrations().upgrade()
    database.add_ada()
    before = database.catalogue()
    migrations = SQLMigrations(database.engine, versions=versions)
    with pytest.raises(SchemaOutdatedError, match=r"^Revision 9001 was not done\. "):
        migrations.upgrade()
    assert migrations.current().revision == NEWEST
    assert database.rows("SELECT word FROM userkit_users_words ORDER BY word") == [
        ("ada",),
        ("ada@example.com",),
    ]
    if database.kind != "mariadb":
        assert database.catalogue() == before
        assert database.rows("SELECT name FROM userkit_users") == [("Ada",)]
        assert database.migrations(of_tests=True).upgrade().revision == "9003"


@pytest.mark.parametrize("cause", ["TimeoutError", "KeyboardInterrupt", "ValueError"])
def test_who_gives_up_holds_up_nobody(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    """A driver stops waiting, a person interrupts, a revision is wrong: the lock is free again."""
    monkeypatch.setattr(exclusive, "_PATIENCE", 10)
    (tmp_path / "v0001_slow.py").write_text(
        f"revision, down_revision = '0001', None\ndef upgrade(op, before, after):\n    raise {cause}\n"
    )
    with pytest.raises((StoreUnavailableError, KeyboardInterrupt, ValueError)) as caught:
        SQLMigrations(database.engine, versions=tmp_path).upgrade()
    assert isinstance(caught.value, StoreUnavailableError) == (cause == "TimeoutError")
    # What the error still refers to may not be what frees the lock.
    assert database.migrations().upgrade().revision == NEWEST
    assert caught.value.__traceback__ is not None


def test_a_system_that_we_do_not_know_is_refused() -> None:
    """Rather than upgraded without a lock."""
    engine = create_engine("sqlite://")
    engine.dialect.name = "oracle"
    with pytest.raises(UnsupportedStoreError, match="There are no migrations for oracle"):
        SQLMigrations(engine).upgrade()


def test_foreign_keys_stay_switched_on_for_others() -> None:
    """SQLite's pooled connection comes back as it was."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    SQLMigrations(engine, versions=REVISIONS).upgrade()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_engine_that_begins_by_itself_is_taken(database: Database) -> None:
    """SQLAlchemy's own recipe for SQLite emits BEGIN; the upgrade needs the lock for writing."""
    event.listen(database.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    assert database.migrations(of_tests=True).upgrade().revision == "9003"


def test_an_engine_in_autocommit_mode_is_taken(database: Database) -> None:
    """As the store's own engines are."""
    engine = create_engine(database.url, isolation_level="AUTOCOMMIT")
    assert SQLMigrations(engine, versions=REVISIONS).upgrade().revision == "9003"
    with engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM userkit_alembic_version")
    # It was not rolled back, so the connection is in that mode again.
    assert database.rows("SELECT * FROM userkit_alembic_version") == []
    engine.dispose()


def test_a_database_in_memory_is_upgraded() -> None:
    """There is one connection, which must not be closed in between."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    assert SQLMigrations(engine, versions=REVISIONS).upgrade().revision == "9003"
    assert SQLMigrations(engine, versions=REVISIONS).check() == []
    engine.dispose()
