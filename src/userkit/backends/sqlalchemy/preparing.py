"""Tables: made where they are missing, checked where they are there, in several processes at once."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Index, Table, UniqueConstraint, inspect
from sqlalchemy.schema import CreateIndex, CreateTable

from userkit.backends.sqlalchemy.columns import MYSQL
from userkit.backends.sqlalchemy.links import Link
from userkit.errors import SchemaOutdatedError, StoreUnavailableError, UnsupportedStoreError

__all__ = ["LOCK_NAME", "LOCK_NUMBER", "prepare"]

# "userkit" and 1: nobody else's advisory lock.
LOCK_NUMBER = 0x7573_6572_6B69_7401
LOCK_NAME = "userkit.prepare"
_LOCK_SECONDS = 10

_NAMED = 3
"""How many are named of what is missing; where that is everything, another database was meant."""


def prepare(link: Link, tables: Sequence[Table], *, create: bool) -> None:
    """Check that these tables are there, and with ``create`` make what is missing.

    Raises SchemaOutdatedError for what only a migration mends, and without ``create`` for all that
    is missing; UnsupportedStoreError for a PostgreSQL database that is not in UTF-8.
    """
    connection = link.connection
    _refuse_other_encodings(connection)
    missing = list(_missing(connection, tables))
    if missing and not create:
        raise SchemaOutdatedError(_lacking(missing))
    if missing:
        with _alone(link):
            # Somebody else may have made them in the meantime.
            for thing in _missing(connection, tables):
                connection.execute(CreateTable(thing) if isinstance(thing, Table) else CreateIndex(thing))


def _lacking(missing: Sequence[Table | Index]) -> str:
    # Only now: it knows the built-in features, which a store does not need.
    from userkit.backends.sqlalchemy.schema import metadata

    names = ", ".join(str(thing.name) for thing in missing[:_NAMED])
    if len(missing) > _NAMED:
        names += f" and {len(missing) - _NAMED} other tables and indexes"
    tables = {
        thing.name if isinstance(thing, Table) else getattr(thing.table, "name", "") for thing in missing
    }
    if tables & metadata.tables.keys():
        return f"The database lacks {names}; run `userkit db upgrade`."
    return (
        f"The database lacks {names}, of features that are not built in: open the kit once with "
        "prepare=True, as somebody who may create tables."
    )


def _missing(connection: Connection, tables: Sequence[Table]) -> Iterator[Table | Index]:
    there = _Schema(connection, [table.name for table in tables])
    for table in tables:
        if table.name in there.columns:
            _check(there, table)
        else:
            yield table
        indexes = there.indexes.get(table.name, set())
        yield from sorted(
            (each for each in table.indexes if each.name not in indexes), key=lambda it: str(it.name)
        )


class _Schema:
    """What the database has under some names; asked for at once, because every question is a round trip."""

    columns: dict[str, set[str]]
    indexes: dict[str, set[str | None]]
    unique: dict[str, list[set[str]]]

    def __init__(self, connection: Connection, names: Sequence[str]) -> None:
        inspector = inspect(connection)
        self.columns = {
            name: {column["name"] for column in columns}
            for (_, name), columns in inspector.get_multi_columns(filter_names=names).items()
        }
        self.indexes = {
            name: {index["name"] for index in indexes}
            for (_, name), indexes in inspector.get_multi_indexes(filter_names=names).items()
        }
        self.unique = {
            name: [set(each["column_names"]) for each in constraints]
            for (_, name), constraints in inspector.get_multi_unique_constraints(filter_names=names).items()
        }


def _check(there: _Schema, table: Table) -> None:
    lacking = [column.name for column in table.columns if column.name not in there.columns[table.name]]
    unique = there.unique.get(table.name, [])
    lacking += [
        f"the constraint {constraint.name}"
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint) and set(constraint.columns.keys()) not in unique
    ]
    if lacking:
        raise SchemaOutdatedError(
            f"The table {table.name} lacks {', '.join(lacking)}; run `userkit db upgrade`."
        )


@contextmanager
def _alone(link: Link) -> Generator[None, None, None]:
    if link.dialect.name in MYSQL:
        # There every CREATE commits by itself, so that a transaction would hold no lock.
        if link.rows(f"SELECT GET_LOCK('{LOCK_NAME}', {_LOCK_SECONDS})", ())[0][0] != 1:
            raise StoreUnavailableError("Another process prepares the database and did not finish in time.")
        try:
            yield
        finally:
            link.rows(f"SELECT RELEASE_LOCK('{LOCK_NAME}')", ())
        return
    with link.atomic():
        if link.dialect.name == "postgresql":
            link.rows(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})", ())
        yield


def _refuse_other_encodings(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise UnsupportedStoreError(f"The encoding of the database is {encoding}; userkit needs UTF8.")
