"""How statements reach the driver of a connection, and what makes several of them one."""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection, Table
from sqlalchemy.exc import DBAPIError

from userkit.backends.sqlalchemy.columns import MYSQL
from userkit.backends.sqlalchemy.compiled import Parameters, Statement
from userkit.backends.sqlalchemy.copying import copy_rows

__all__ = ["CursorLink", "HookedLink", "Link", "SessionLink"]


class Link(Protocol):
    """A connection as the verbs of the store use it."""

    @property
    def connection(self) -> Connection:
        """Return the connection itself, for what is done once and may take its time."""
        ...

    @property
    def dialect(self) -> Dialect:
        """Return what SQLAlchemy knows of the database."""
        ...

    def rows(self, text: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """Run a statement and return its rows as the driver gives them."""
        ...

    def write(self, text: str, parameters: Parameters) -> int:
        """Run a statement and return how many rows it matched."""
        ...

    def write_many(self, text: str, parameters: Sequence[Parameters]) -> None:
        """Run a statement once with each of the parameters."""
        ...

    def insert(self, table: Table, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run an INSERT for many rows, or do the same in the fastest way that the driver has."""
        ...

    def atomic(self, *, single: bool = False) -> AbstractContextManager[object]:
        """Make the statements inside happen together or not at all; ``single``: there is only one."""
        ...


class CursorLink:
    """Statements go to the driver's own cursors: a third of what SQLAlchemy's execution costs."""

    def __init__(self, engine: Engine) -> None:
        """Take a connection from the pool of an engine, whose connections are in autocommit mode."""
        self._attach(engine, engine.raw_connection())

    def _attach(
        self, engine: Engine, driver: PoolProxiedConnection, connection: Connection | None = None
    ) -> None:
        self._engine, self._driver, self._connection = engine, driver, connection
        self.dialect = engine.dialect
        # Kept, because the question whether it is lost is asked after it was given up.
        self._raw: Any = driver.dbapi_connection

    @property
    def connection(self) -> Connection:
        """See Link.connection. It is made when it is first asked for: the pool's own is enough mostly."""
        if self._connection is None:
            self._connection = Connection(self._engine, self._driver)
        return self._connection

    def close(self) -> None:
        """Give the connection back to the pool."""
        (self._connection or self._driver).close()

    def rows(self, text: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """See Link.rows."""
        cursor = self._raw.cursor()
        cursor.execute(text, parameters)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        cursor.close()
        return rows

    def write(self, text: str, parameters: Parameters = ()) -> int:
        """See Link.write."""
        cursor = self._raw.cursor()
        cursor.execute(text, parameters)
        matched: int = cursor.rowcount
        cursor.close()
        return matched

    def write_many(self, text: str, parameters: Sequence[Parameters]) -> None:
        """See Link.write_many."""
        cursor = self._raw.cursor()
        cursor.executemany(text, cast(Any, parameters))
        cursor.close()

    def insert(self, table: Table, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> None:
        """See Link.insert."""
        if self.dialect.name == "postgresql":
            copy_rows(self._driver, self.dialect, table, statement.names, rows)
        else:
            self.write_many(statement.text, statement.for_each(rows))

    def has_lost(self, error: BaseException) -> bool:
        """Tell whether this error means that nobody knows what became of the last statement."""
        if isinstance(error, DBAPIError):
            return error.connection_invalidated
        # Time-outs are OSErrors, too: the driver stopped waiting for an answer.
        if isinstance(error, OSError):
            return True
        # What COPY raises is not what SQLAlchemy makes of asyncpg's errors elsewhere.
        known = isinstance(error, self.dialect.loaded_dbapi.Error) or self.dialect.driver == "asyncpg"
        return known and self.dialect.is_disconnect(cast(Any, error), self._raw, None)

    def give_up(self, error: BaseException) -> None:
        """Have the pool throw the connection away, with all others made before it if the server is gone.

        One of SQLite is kept: it is in order again after a rollback, and may be all there is of a
        database in memory.
        """
        if self.dialect.name == "sqlite":
            return
        if isinstance(error, Exception) and not isinstance(error, TimeoutError):
            # SQLAlchemy finds out for itself, and then replaces the whole pool.
            with suppress(Exception):
                self.connection.exec_driver_sql("SELECT 1")
        self.connection.invalidate(error)

    def atomic(self, *, single: bool = False) -> AbstractContextManager[object]:
        """Begin a transaction and commit it, unless a single statement is one by itself."""
        return nullcontext() if single else self._transaction()

    @contextmanager
    def _transaction(self) -> Generator[None, None, None]:
        self.write(_BEGIN.get(self.dialect.name, "BEGIN"))
        try:
            yield
            self.write("COMMIT")
        except BaseException as error:
            self._roll_back(error)
            raise

    def _roll_back(self, error: BaseException) -> None:
        if self.dialect.name == "sqlite":
            needed = getattr(self._driver.driver_connection, "in_transaction", True)
        else:
            # In the middle of an answer there is no talking to a server; the connection is given up then.
            needed = isinstance(error, Exception) and not self.has_lost(error)
        if not needed:
            return
        try:
            self.write("ROLLBACK")
        except BaseException as failure:
            self.connection.invalidate(error)
            if not isinstance(failure, Exception):
                raise


class HookedLink(CursorLink):
    """Statements go through SQLAlchemy, whose events, echo and tracing the application may watch."""

    def __init__(self, engine: Engine) -> None:
        """Take a connection from the pool of an engine."""
        self._join(engine.connect())

    def _join(self, connection: Connection) -> None:
        self._attach(connection.engine, connection.connection, connection)

    def rows(self, text: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """See Link.rows."""
        return self.connection.exec_driver_sql(text, _core(parameters)).fetchall()

    def write(self, text: str, parameters: Parameters = ()) -> int:
        """See Link.write."""
        return self.connection.exec_driver_sql(text, _core(parameters)).rowcount

    def write_many(self, text: str, parameters: Sequence[Parameters]) -> None:
        """See Link.write_many."""
        self.connection.exec_driver_sql(text, [_core(each) for each in parameters])

    def insert(self, table: Table, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> None:
        """See Link.insert."""
        self.write_many(statement.text, statement.for_each(rows))

    @contextmanager
    def _transaction(self) -> Generator[None, None, None]:
        if self.dialect.name in MYSQL:
            # The engine of an application has the server's default, REPEATABLE READ, which locks gaps.
            self.write("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        with super()._transaction():
            yield


class SessionLink(HookedLink):
    """Statements join the transaction of an application, which alone commits it."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection of a session, which stays the application's."""
        self._join(connection)

    def atomic(self, *, single: bool = False) -> AbstractContextManager[object]:
        """Set a savepoint, for a single statement too: an error spoils a whole transaction of PostgreSQL."""
        driver = self._driver.driver_connection
        if self.dialect.name == "sqlite" and not getattr(driver, "in_transaction", True):
            # Python's driver begins late, and releasing a savepoint outside a transaction commits.
            self.write("BEGIN IMMEDIATE")
        return self.connection.begin_nested()


_BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED"}


def _core(parameters: Parameters) -> Any:
    return parameters if isinstance(parameters, dict) else tuple(parameters)
