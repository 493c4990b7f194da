"""One upgrade at a time: a transaction that nobody else's upgrade runs beside."""

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import DBAPIError

from userkit.backends.sqlalchemy.codes import code_of

# The locks under which a kit prepares its tables, so that neither runs beside the other.
from userkit.backends.sqlalchemy.preparing import LOCK_NAME, LOCK_NUMBER
from userkit.errors import StoreUnavailableError, UnsupportedStoreError

__all__ = ["alone"]

_PATIENCE = 600.0
_PAUSE = 0.05

_SQLITE_BUSY = 5

# What the others did while this one waited for the lock.
_SEES_OTHERS: IsolationLevel = "READ COMMITTED"


@contextmanager
def alone(engine: Engine) -> Generator[Connection, None, None]:
    """Yield a connection in a transaction, while no other process upgrades or prepares this database.

    It is committed at the end, or rolled back on an error. MariaDB and MySQL commit each CREATE
    and ALTER by itself. Raises StoreUnavailableError when the others are not done in ten minutes.
    """
    begin = _WAYS.get(engine.dialect.name)
    if begin is None:
        raise UnsupportedStoreError(f"There are no migrations for {engine.dialect.name}.")
    with engine.connect() as connection, begin(connection):
        yield connection


@contextmanager
def _postgresql(connection: Connection) -> Generator[None, None, None]:
    connection.execution_options(isolation_level=_SEES_OTHERS)
    with _transaction(connection):
        _wait(lambda: _says_yes(connection, f"SELECT pg_try_advisory_xact_lock({LOCK_NUMBER})"))
        yield


@contextmanager
def _mysql(connection: Connection) -> Generator[None, None, None]:
    connection.execution_options(isolation_level=_SEES_OTHERS)
    _wait(lambda: _says_yes(connection, f"SELECT GET_LOCK('{LOCK_NAME}', 0)"))
    connection.commit()
    try:
        with _transaction(connection):
            yield
    finally:
        # A connection that was thrown away took the lock along.
        if not connection.invalidated:
            connection.exec_driver_sql(f"SELECT RELEASE_LOCK('{LOCK_NAME}')")


@contextmanager
def _transaction(connection: Connection) -> Generator[None, None, None]:
    with connection.begin():
        try:
            yield
        except BaseException as error:
            # The driver gave up waiting, or was interrupted; a ROLLBACK would be no answer to what it asked.
            if isinstance(error, OSError) or not isinstance(error, Exception):
                connection.invalidate(error)
            raise


@contextmanager
def _sqlite(connection: Connection) -> Generator[None, None, None]:
    connection.execution_options(isolation_level="AUTOCOMMIT")
    run = connection.exec_driver_sql
    enforced = run("PRAGMA foreign_keys").scalar()
    if getattr(connection.connection.driver_connection, "in_transaction", False):
        # Some engines begin by themselves, and then without the lock for writing.
        run("ROLLBACK")
    # Replacing a table would delete the rows that refer to it.
    run("PRAGMA foreign_keys = OFF")
    try:
        _wait(lambda: _begins(connection))
        try:
            yield
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise
    finally:
        run(f"PRAGMA foreign_keys = {enforced}")


def _begins(connection: Connection) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except DBAPIError as error:
        code = code_of(error)
        if isinstance(code, int) and code & 0xFF == _SQLITE_BUSY:
            return False
        raise
    return True


def _says_yes(connection: Connection, question: str) -> bool:
    return bool(connection.exec_driver_sql(question).scalar())


def _wait(took: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not took():
        if time.monotonic() > deadline:
            raise StoreUnavailableError("Another process is still changing the tables; try again later.")
        time.sleep(_PAUSE)


_WAYS: dict[str, Callable[[Connection], AbstractContextManager[None]]] = {
    "mariadb": _mysql,
    "mysql": _mysql,
    "postgresql": _postgresql,
    "sqlite": _sqlite,
}
