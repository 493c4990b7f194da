"""Which field of a refused write clashes with what is stored."""

import re

from userkit.backends.sqlalchemy.book import AnyBook
from userkit.backends.sqlalchemy.codes import code_of, constraint_of, driver_error
from userkit.backends.sqlalchemy.links import Link
from userkit.errors import DuplicateError, StoreError

__all__ = ["clash_of"]

# PostgreSQL, MariaDB and MySQL, SQLite (SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE and _FOREIGNKEY).
_UNIQUE = frozenset({"23505", 1062, 1555, 2067})
_REFERENCED = frozenset({"23503", "23001", 1451, 1452, 787})
_QUOTED = re.compile(r"'([^']*)'")


def clash_of(link: Link, book: AnyBook, error: Exception, id: str | None = None) -> StoreError | None:
    """Return the error of ours for one of integrity, or None for any other.

    PostgreSQL names the constraint in a field of its own. The message of MariaDB's error 1062
    quotes the key last, in every language; SQLite, which has no better, lists the columns, and
    may take another than the ``id`` that is to be added where both are taken.
    """
    code = code_of(error)
    if code in _UNIQUE and (field := _FIELD.get(link.dialect.name, _of_key)(book, error)):
        is_id = link.dialect.name == "sqlite" and id is not None and _is_taken(link, book, id)
        return DuplicateError("id" if is_id else field)
    if code in _REFERENCED:
        return StoreError("Rows of other tables refer to this, so it cannot be removed.")
    if isinstance(driver_error(error), link.dialect.loaded_dbapi.IntegrityError):
        return StoreError("A constraint that is not userkit's own refuses this change.")
    return None


def _of_constraint(book: AnyBook, error: Exception) -> str | None:
    return _guarded(book, constraint_of(error))


def _of_columns(book: AnyBook, error: Exception) -> str | None:
    column = str(driver_error(error)).rpartition(".")[2]
    return column if column in ("id", *book.collection.unique) else None


def _of_key(book: AnyBook, error: Exception) -> str | None:
    quoted = _QUOTED.findall(str(driver_error(error).args[-1]))
    return _guarded(book, quoted[-1].rpartition(".")[2]) if quoted else None


def _is_taken(link: Link, book: AnyBook, id: str) -> bool:
    return bool(link.rows(book.taken.text, book.taken.parameters({"id_": id})))


_FIELD = {"postgresql": _of_constraint, "sqlite": _of_columns}


def _guarded(book: AnyBook, constraint: str | None) -> str | None:
    if constraint in ("PRIMARY", book.tables.main.primary_key.name):
        return "id"
    return None if constraint is None else book.tables.unique.get(constraint)
