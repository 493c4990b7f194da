"""What databases say in codes, read from whichever driver reports it."""

from typing import Any

from sqlalchemy.exc import DBAPIError

__all__ = ["code_of", "constraint_of", "driver_error", "is_conflict"]

Code = str | int | None
"""An SQLSTATE of PostgreSQL, an error number of MariaDB and MySQL, an extended result code of SQLite."""

# Serialization failure, deadlock, lock not available.
_POSTGRESQL_CONFLICTS = frozenset({"40001", "40P01", "55P03"})
# Changed since last read, lock wait time-out, deadlock.
_MYSQL_CONFLICTS = frozenset({1020, 1205, 1213})
# SQLITE_BUSY_RECOVERY and SQLITE_BUSY_SNAPSHOT: for these SQLite does not wait by itself.
_SQLITE_CONFLICTS = frozenset({261, 517})


def driver_error(error: BaseException) -> BaseException:
    """Return the driver's own error, out of SQLAlchemy's wrapping."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def code_of(error: BaseException) -> Code:
    """Return the code of a database error, or None."""
    original = driver_error(error)
    # MariaDB's drivers give their number first, and an SQLSTATE that tells less beside it.
    first = original.args[0] if original.args else None
    if isinstance(first, int):
        return first
    code: Code = getattr(original, "sqlite_errorcode", None) or getattr(original, "sqlstate", None)
    return code


def constraint_of(error: BaseException) -> str | None:
    """Return the name of the constraint that PostgreSQL says was violated."""
    original: Any = driver_error(error)
    # psycopg keeps it in a record of diagnostics, asyncpg below SQLAlchemy's own wrapping.
    for holder in (getattr(original, "diag", None), original.__cause__, original):
        name: str | None = getattr(holder, "constraint_name", None)
        if name is not None:
            return name
    return None


def is_conflict(error: BaseException) -> bool:
    """Tell whether the same commit may well succeed when it is tried again."""
    code = code_of(error)
    return code in _POSTGRESQL_CONFLICTS or code in _MYSQL_CONFLICTS or code in _SQLITE_CONFLICTS
