"""What cannot be reached, read or written: an error of ours that says what to do, soon, and no secret."""

import socket
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from tests.stores.sqlalchemy.database import Database, kinds
from userkit.backends.sqlalchemy import SQLAlchemyStore, outcome
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import StoreUnavailableError
from userkit.storage.changes import Add, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Account, account

PASSWORD = "correct-horse-battery"

servers = pytest.mark.parametrize(
    "database", kinds("psycopg", "async-psycopg", "asyncpg", "pymysql", "asyncmy"), indirect=True
)


def whole_text(error: BaseException) -> str:
    """Return all that an application could log of an error."""
    return repr(error) + "".join(traceback.format_exception(error))


@servers
def test_a_wrong_password_is_told_and_kept(database: Database) -> None:
    """The sentence says that the sign-in was refused; the password is nowhere, nor the right one."""
    assert database.server is not None
    url = database.url.replace(database.server.password, PASSWORD)
    store = database.keep(open_url(url, blocking=database.blocking))
    with pytest.raises(StoreUnavailableError, match="password in the URL is wrong") as refused:
        database.run(store.prepare(COLLECTIONS))
    assert PASSWORD not in whole_text(refused.value)
    assert database.server.password not in whole_text(refused.value)


@pytest.mark.parametrize("database", kinds("psycopg", "async-psycopg", "asyncpg"), indirect=True)
def test_a_server_without_tls_is_told(database: Database) -> None:
    """Where the URL wants nothing less."""
    store = database.keep(open_url(f"{database.url}?sslmode=require", blocking=database.blocking))
    with pytest.raises(StoreUnavailableError, match="sslmode and sslrootcert accept: is TLS on there"):
        database.run(store.prepare(COLLECTIONS))


@pytest.mark.parametrize("database", kinds("psycopg", "async-psycopg"), indirect=True)
def test_a_server_of_another_kind_is_told(database: Database) -> None:
    """Where the URL wants a standby, and there is none."""
    url = f"{database.url}?target_session_attrs=standby"
    store = database.keep(open_url(url, blocking=database.blocking))
    with pytest.raises(StoreUnavailableError, match="not what target_session_attrs asks for"):
        database.run(store.prepare(COLLECTIONS))


@servers
def test_a_database_that_does_not_exist_is_named(database: Database) -> None:
    """By its name and where it was looked for."""
    assert database.server is not None
    url = database.url.rpartition("/")[0] + "/nowhere"
    store = database.keep(open_url(url, blocking=database.blocking))
    with pytest.raises(
        StoreUnavailableError, match=f"nowhere at 127.0.0.1:{database.server.port} does not exist"
    ):
        database.run(store.prepare(COLLECTIONS))


@servers
def test_a_server_that_is_not_there_is_named(database: Database) -> None:
    """By host and port, at once."""
    assert database.server is not None
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = database.url.replace(f":{database.server.port}/", f":{port}/")
        store = database.keep(open_url(url, blocking=database.blocking))
        with pytest.raises(StoreUnavailableError, match=f"127.0.0.1:{port} cannot be reached") as refused:
            database.run(store.prepare(COLLECTIONS))
    assert database.server.password not in whole_text(refused.value)


@servers
def test_a_server_that_accepts_and_says_nothing_is_given_up(database: Database) -> None:
    """After connect_timeout."""
    assert database.server is not None
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        url = database.url.replace(f":{database.server.port}/", f":{port}/")
        store = database.keep(open_url(f"{url}?connect_timeout=2", blocking=database.blocking))
        start = time.monotonic()
        with pytest.raises(StoreUnavailableError, match=f"127.0.0.1:{port} cannot be reached"):
            database.run(store.prepare(COLLECTIONS))
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg", "pymysql", "asyncmy"), indirect=True)
def test_a_lock_of_others_is_not_waited_for_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After lock_timeout the commit is tried again, and then given up."""
    monkeypatch.setattr(outcome, "_PATIENCE", 0.5)
    store = database.open(lock_timeout=1)
    database.run(store.prepare(COLLECTIONS))
    purse = account(1)
    richer = purse.evolve(amount=2)
    database.run(store.commit(Add(purse)))
    with holding(database, "SELECT id FROM userkit_specimen_accounts FOR UPDATE"):
        with pytest.raises(StoreUnavailableError, match="others"):
            database.run(store.commit(Save(purse, richer)))
        assert database.run(store.get(Account, purse.id)) == purse
    database.run(store.commit(Save(purse, richer)))


@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg", "pymysql", "asyncmy"), indirect=True)
def test_a_slow_statement_is_ended_by_the_server(database: Database) -> None:
    """After statement_timeout, and the connection is good for the next."""
    store = database.open(statement_timeout=1, pool_size=1, max_overflow=0)
    database.run(store.prepare(COLLECTIONS))
    sleep = {
        "postgresql": "SELECT pg_sleep(5)",
        "mariadb": "SELECT SLEEP(5), 1 FROM information_schema.tables",
    }
    start = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="statement_timeout"):
        database.run(store._read(lambda link: link.rows(sleep[database.system], ())))
    assert time.monotonic() - start < 5
    assert database.run(store.count(Account)) == 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A SQLite file with one account of 1."""
    path = tmp_path / "app.db"
    store = opened(path)
    run(store.commit(Add(account(1))))
    run(store.close())
    return path


def opened(path: Path, **options: object) -> SQLAlchemyStore:
    query = "&".join(f"{name}={value}" for name, value in options.items())
    store = open_url(f"sqlite:///{path}?{query}", blocking=True)
    run(store.prepare(COLLECTIONS))
    return store


def accounts(store: Store) -> list[Account]:
    return list(run(store.find(Account)).items)


def test_a_file_may_be_opened_for_reading_only(path: Path) -> None:
    """Reading goes on; writing is refused, and nothing changes."""
    store = opened(path, mode="ro")
    (purse,) = accounts(store)
    with pytest.raises(StoreUnavailableError, match="read-only"):
        run(store.commit(Save(purse, purse.evolve(amount=2))))
    assert accounts(store) == [purse]
    run(store.close())


def test_a_locked_file_is_given_up_in_time(path: Path) -> None:
    """Another program is writing; after busy_timeout we say so."""
    store = opened(path, busy_timeout=0.5)
    (purse,) = accounts(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="locked"):
            run(store.commit(Save(purse, purse.evolve(amount=2))))
        assert 0.4 < time.monotonic() - start < 10
        assert accounts(store) == [purse]
        other.execute("ROLLBACK")
    run(store.commit(Save(purse, purse.evolve(amount=2))))
    run(store.close())


@pytest.mark.parametrize("content", [b"not a database, " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    """And is left as it is."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailableError, match=r"not a SQLite database|corrupt"):
        opened(path)
    assert path.read_bytes() == content


def test_a_corrupt_file_is_said_to_be_corrupt(path: Path) -> None:
    """When what is broken is come upon."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[page:] = b"\xaa" * len(content[page:])
    path.write_bytes(content)
    with pytest.raises(StoreUnavailableError, match=r"corrupt|not a SQLite"):
        accounts(opened(path))


def test_a_folder_that_is_missing_is_asked_about(tmp_path: Path) -> None:
    """SQLite makes files, not folders."""
    with pytest.raises(StoreUnavailableError, match="does its folder exist"):
        opened(tmp_path / "missing" / "app.db")
    assert not (tmp_path / "missing").exists()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The URL named the folder itself."""
    with pytest.raises(StoreUnavailableError, match="is it a file"):
        opened(tmp_path)


def test_a_file_is_not_made_when_it_should_be_there(tmp_path: Path) -> None:
    """With mode=rw a mistyped path does not begin an empty database."""
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        opened(tmp_path / "app.db", mode="rw")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_to_be_full(path: Path) -> None:
    """Nothing is half written, and there is room again when there is room."""
    store = opened(path)
    engine = store._runner.engine  # type: ignore[attr-defined]  # the limit is one of the connection
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailableError, match="no space"):
        run(store.load(account(number) for number in range(10_000)))
    assert len(accounts(store)) == 1
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert run(store.load(account(number) for number in range(500))) == 500
    run(store.close())


@pytest.mark.parametrize(
    ("module", "url", "blocking", "extra"),
    [
        ("sqlalchemy", "sqlite://", True, "sqlite"),
        ("psycopg", "postgresql://u:pw@h/d", True, "postgresql"),
        ("psycopg", "postgresql://u:pw@h/d", False, "postgresql"),
        ("greenlet", "postgresql://u:pw@h/d", False, "postgresql"),
        ("asyncpg", "postgresql+asyncpg://u:pw@h/d", False, "asyncpg"),
        ("pymysql", "mysql://u:pw@h/d", True, "mysql"),
        ("asyncmy", "mariadb://u:pw@h/d", False, "mariadb"),
    ],
)
def test_a_missing_driver_is_named_with_what_brings_it(
    module: str, url: str, blocking: bool, extra: str
) -> None:
    """The command is ready to be pasted."""
    name = url.partition(":")[0].partition("+")[0]
    script = f"""
import sys
sys.modules[{module!r}] = None
from userkit.backends.sqlalchemy import plugin
from userkit.errors import MissingExtraError
try:
    plugin.{name}.factory({url!r}, blocking={blocking})
except MissingExtraError as error:
    print(error)
"""
    said = python(script)
    assert said.strip() == f"{module} is not installed: pip install 'userkit-sdk[{extra}]'"


def test_naming_the_plugins_imports_no_driver() -> None:
    """They are listed long before one is chosen."""
    script = """
import sys
from userkit.backends.sqlalchemy import plugin
heavy = {"sqlalchemy", "psycopg", "asyncpg", "pymysql", "asyncmy", "pydantic_settings"}
print(sorted(heavy & set(sys.modules)))
"""
    assert python(script).strip() == "[]"


def python(script: str) -> str:
    """Run a script in a process of its own and return what it prints."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def holding(database: Database, statement: str) -> Generator[None, None, None]:
    """Keep a transaction open in which this statement was run."""
    driver = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}[database.system]
    engine = create_engine(make_url(database.url).set(drivername=driver))
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
        yield
    engine.dispose()
