"""Where a table in the database differs from its definition, in sentences."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Column,
    Connection,
    Constraint,
    Dialect,
    ForeignKeyConstraint,
    Inspector,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedForeignKeyConstraint
from sqlalchemy.types import NullType, TypeEngine

from userkit.backends.sqlalchemy.columns import MYSQL

__all__ = ["differences"]

C = TypeVar("C", bound=Constraint)

# What SQLAlchemy's reflection leaves out, in all or in some of its versions.
_COLLATIONS = {
    "postgresql": "SELECT a.attname, 'COLLATE \"' || c.collname || '\"' FROM pg_attribute a "
    "JOIN pg_type t ON t.oid = a.atttypid JOIN pg_collation c ON c.oid = a.attcollation "
    "WHERE a.attrelid = to_regclass(:name) AND a.attcollation <> t.typcollation",
    "mysql": "SELECT column_name, concat('CHARACTER SET ', character_set_name, ' COLLATE ', collation_name) "
    "FROM information_schema.columns "
    "WHERE table_schema = database() AND table_name = :name AND collation_name IS NOT NULL",
}
_COLLATIONS["mariadb"] = _COLLATIONS["mysql"]
_MARIADB_CHECKS = (
    "SELECT check_clause FROM information_schema.check_constraints "
    "WHERE constraint_schema = database() AND table_name = :name"
)
_SQLITE_SQL = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"


def differences(
    inspector: Inspector, table: Table, known: Collection[str] = (), *, without: Collection[str] = ()
) -> list[str]:
    """Return what is missing or different, and what was added that may refuse what userkit writes.

    An application may add columns that may be empty and indexes that are not unique, unless their
    names are among those ``known`` from other revisions. Indexes named in ``without`` may be missing.
    """
    if not inspector.has_table(table.name):
        return [f"There is no table {table.name}."]
    columns = {column["name"]: column for column in inspector.get_columns(table.name)}
    return [
        *_columns(inspector, table, columns),
        *_added_columns(table, columns, known),
        *_primary_key(inspector, table),
        *_uniques(inspector, table),
        *_foreign_keys(inspector, table),
        *_indexes(inspector, table, known, without),
        *_checks(inspector, table),
        *_storage(inspector, table),
    ]


def _columns(inspector: Inspector, table: Table, found: dict[str, ReflectedColumn]) -> Iterator[str]:
    dialect, collations = inspector.dialect, _collations(inspector, table)
    for column in table.columns:
        if column.name not in found:
            yield f"{table.name} has no column {column.name}."
            continue
        there, wanted = found[column.name], _spelled(column.type, dialect)
        spelled = f"{_bare(_spelled(there['type'], dialect))} {collations.get(column.name, '')}".rstrip()
        if spelled != wanted:
            yield f"{table.name}.{column.name} is {spelled}, not {wanted}."
        if there["nullable"] != column.nullable:
            yield f"{table.name}.{column.name} {_nullability(column)}."
        if column.server_default is not None and there.get("default") is None:
            yield f"{table.name}.{column.name} has no default, and should."


def _collations(inspector: Inspector, table: Table) -> Mapping[str, str]:
    query = _COLLATIONS.get(inspector.dialect.name)
    return {row[0]: row[1] for row in _asked(inspector, query, table)} if query else {}


def _nullability(column: Column[Any]) -> str:
    return "must not be NULL, and should be allowed to" if column.nullable else "may be NULL, and should not"


def _added_columns(table: Table, found: dict[str, ReflectedColumn], known: Collection[str]) -> Iterator[str]:
    for name, column in found.items():
        if name in table.columns:
            continue
        if name in known:
            yield f"{table.name} has a column {name}, which belongs to another revision."
        elif not column["nullable"] and column.get("default") is None and "computed" not in column:
            yield f"{table.name} has a column {name}, unknown to userkit, that must not be NULL."


def _primary_key(inspector: Inspector, table: Table) -> Iterator[str]:
    found = inspector.get_pk_constraint(table.name)
    columns, wanted = found["constrained_columns"], table.primary_key.columns.keys()
    if columns != wanted:
        yield f"The primary key of {table.name} is {_listed(columns)}, not {_listed(wanted)}."
    # MariaDB and MySQL call every primary key PRIMARY.
    elif found["name"] not in (None, table.primary_key.name):
        yield f"The primary key of {table.name} is called {found['name']}, not {table.primary_key.name}."


def _uniques(inspector: Inspector, table: Table) -> Iterator[str]:
    found = {each["name"]: each["column_names"] for each in inspector.get_unique_constraints(table.name)}
    for constraint in _constraints(table, UniqueConstraint):
        wanted = constraint.columns.keys()
        if found.pop(str(constraint.name), None) != wanted:
            yield f"{table.name} has no unique constraint {constraint.name} on {_listed(wanted)}."
    for name, columns in found.items():
        yield f"{table.name} has a unique constraint {name} on {_listed(columns)}, unknown to its revision."


def _foreign_keys(inspector: Inspector, table: Table) -> Iterator[str]:
    found = {each["name"]: each for each in inspector.get_foreign_keys(table.name)}
    for constraint in _constraints(table, ForeignKeyConstraint):
        wanted, there = _defined(constraint), found.pop(str(constraint.name), None)
        if there is None or _reflected(there) != wanted:
            yield f"{table.name} has no foreign key {constraint.name} from {wanted}."
    for name, there in found.items():
        if set(there["constrained_columns"]) & set(table.columns.keys()):
            yield f"{table.name} has a foreign key {name} from {_reflected(there)}, unknown to its revision."


def _defined(key: ForeignKeyConstraint) -> str:
    columns = [element.column.name for element in key.elements]
    return _reference(key.column_keys, key.referred_table.name, columns, key.ondelete)


def _reflected(key: ReflectedForeignKeyConstraint) -> str:
    on_delete = key.get("options", {}).get("ondelete")
    return _reference(key["constrained_columns"], key["referred_table"], key["referred_columns"], on_delete)


def _reference(columns: Sequence[str], table: str, referred: Sequence[str], on_delete: str | None) -> str:
    return f"{_listed(columns)} to {table} {_listed(referred)} on delete {(on_delete or 'no action').lower()}"


def _indexes(
    inspector: Inspector, table: Table, known: Collection[str], without: Collection[str]
) -> Iterator[str]:
    constraints = {each["name"] for each in inspector.get_unique_constraints(table.name)}
    found = {
        each["name"]: each for each in inspector.get_indexes(table.name) if each["name"] not in constraints
    }
    needed = [each for each in table.indexes if each.name not in without]
    for index in sorted(needed, key=lambda each: str(each.name)):
        there, wanted = found.pop(index.name, None), index.columns.keys()
        if there is None or there["column_names"] != wanted or bool(there["unique"]) != index.unique:
            yield f"{table.name} has no index {index.name} on {_listed(wanted)}."
    for name, there in found.items():
        if there["unique"] or name in known:
            kind = "a unique index" if there["unique"] else "an index"
            yield f"{table.name} has {kind} {name}, unknown to its revision."


def _checks(inspector: Inspector, table: Table) -> Iterator[str]:
    if getattr(inspector.dialect, "is_mariadb", False):
        # SQLAlchemy does not see those that were written beside a column, as that of its JSON is.
        clauses = [row[0] for row in _asked(inspector, _MARIADB_CHECKS, table)]
    else:
        clauses = [each["sqltext"] for each in inspector.get_check_constraints(table.name)]
    for clause in clauses:
        if set(re.findall(r"\w+", clause)) & set(table.columns.keys()):
            yield f"{table.name} has a check ({clause}), unknown to its revision."


def _storage(inspector: Inspector, table: Table) -> Iterator[str]:
    dialect = inspector.dialect.name
    if dialect in MYSQL:
        wanted: str = table.dialect_options[dialect]["engine"]
        # A view has none.
        engine = inspector.get_table_options(table.name).get(f"{dialect}_engine", wanted)
        if engine != wanted:
            yield f"{table.name} is kept by the engine {engine}, not {wanted}."
    if dialect == "sqlite":
        written = " ".join(row[0] for row in _asked(inspector, _SQLITE_SQL, table))
        for column in table.columns:
            if re.search(rf"\b{column.name}\b\W?\s[^,]*\bCOLLATE\s+(?!BINARY\b)", written, re.IGNORECASE):
                yield f"{table.name}.{column.name} has a COLLATE clause: text may equal other text."


def _asked(inspector: Inspector, query: str, table: Table) -> Sequence[tuple[Any, ...]]:
    rows = cast(Connection, inspector.bind).execute(text(query), {"name": table.name})
    return [tuple(row) for row in rows]


def _spelled(kind: TypeEngine[Any], dialect: Dialect) -> str:
    if isinstance(kind, NullType):
        return "of a type that SQLAlchemy does not know"
    spelled: str = dialect.type_compiler_instance.process(kind)
    if dialect.name not in MYSQL:
        return spelled
    # The width to display, which MariaDB adds and MySQL no longer does; and a boolean is a small number.
    return re.sub(r"\b(SMALLINT|INTEGER|BIGINT)\(\d+\)", r"\1", spelled).replace("BOOL", "TINYINT(1)")


def _bare(spelled: str) -> str:
    return re.sub(r" (CHARACTER SET|COLLATE) .*", "", spelled)


def _constraints(table: Table, kind: type[C]) -> list[C]:
    found = [each for each in table.constraints if isinstance(each, kind)]
    return sorted(found, key=lambda each: str(each.name))


def _listed(columns: Sequence[str | None]) -> str:
    return f"({', '.join(str(column) for column in columns)})"
