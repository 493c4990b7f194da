"""What the tests ask a database for, in the words of each system."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, inspect

from userkit.backends.sqlalchemy.migrations.upgrading import SQLMigrations
from userkit.backends.sqlalchemy.schema import metadata as todays

KINDS = {"sqlite": "sqlite", "postgres16": "postgresql", "postgres18": "postgresql", "mariadb": "mariadb"}
"""Where each test is run, and what SQLAlchemy calls the system there."""

REVISIONS = Path(__file__).parent / "revisions"
"""Those of userkit, and then some that are made up."""

NEWEST = "0002"
"""The newest revision of userkit itself."""

ADA = {"id": "01890000-0000-7000-8000-000000000001", "name": "Ada"}

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), l.collname, a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relname LIKE 'userkit%%' AND c.relkind = 'r'
"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
"""
_INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"


def on(kind: str, *values: Any) -> Any:
    """Return a parameter that asks for one of KINDS, and is marked when that is a server."""
    return pytest.param(kind, *values, marks=[] if kind == "sqlite" else [pytest.mark.server])


@dataclass(frozen=True)
class Database:
    """A database of a test, empty at first."""

    url: str
    engine: Engine

    @property
    def kind(self) -> str:
        """Return sqlite, postgresql or mariadb."""
        return self.engine.dialect.name

    def migrations(self, *, of_tests: bool = False) -> SQLMigrations:
        """Return userkit's own migrations, or those of the tests, which go on to 9003."""
        return SQLMigrations(self.engine, versions=REVISIONS) if of_tests else SQLMigrations(self.engine)

    def create(self, metadata: MetaData = todays) -> None:
        """Create tables as entering a kit does: without a version row."""
        metadata.create_all(self.engine)

    def forget(self) -> None:
        """Take away the version table."""
        self.run("DROP TABLE userkit_alembic_version")

    def run(self, *statements: str) -> None:
        """Run statements in one transaction."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def add_ada(self) -> None:
        """Put a user and two search words into the tables of the first revision."""
        at = "2026-01-31 23:59:59.999" if self.kind == "mariadb" else "2026-01-31T23:59:59.999Z"
        schema = "`schema`" if self.kind == "mariadb" else "schema"
        self.run(
            f"INSERT INTO userkit_users (id, realm, {schema}, version, email, email_key, name, attributes, "
            f"created_at, updated_at) VALUES ('{ADA['id']}', 'default', 1, 1, 'Ada@example.com', "
            f"'ada@example.com', '{ADA['name']}', '{{}}', '{at}', '{at}')",
            f"INSERT INTO userkit_users_words VALUES ('default', 'ada', '{ADA['id']}')",
            f"INSERT INTO userkit_users_words VALUES ('default', 'ada@example.com', '{ADA['id']}')",
        )

    def by_hand(self, script: str) -> None:
        """Run a script as the system's own client does, without SQLAlchemy."""
        borrowed = self.engine.raw_connection()
        driver: Any = borrowed.driver_connection
        borrowed.detach()
        if isinstance(driver, sqlite3.Connection):
            driver.executescript(script)
        else:
            driver.autocommit = True if self.kind == "postgresql" else driver.autocommit(True)
            with driver.cursor() as cursor:
                for statement in _statements(script):
                    cursor.execute(statement)
        driver.close()

    def catalogue(self) -> Any:
        """Return everything that the system itself keeps about the tables of userkit."""
        if self.kind == "sqlite":
            found = self.rows("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
            return [(*names, " ".join((sql or "").split())) for *names, sql in found]
        if self.kind == "postgresql":
            return [sorted(self.rows(query)) for query in (_COLUMNS, _CONSTRAINTS, _INDEXES)]
        tables = sorted(inspect(self.engine).get_table_names())
        return [self.rows(f"SHOW CREATE TABLE {name}")[0] for name in tables]

    def tables(self) -> Any:
        """Return the catalogue without the version table and without the order of columns."""
        return _unordered(_without(self.catalogue(), "userkit_alembic_version"))


def _without(thing: Any, name: str) -> Any:
    if isinstance(thing, list):
        return [_without(each, name) for each in thing if not (isinstance(each, tuple) and name in each)]
    return thing


def _unordered(thing: Any) -> Any:
    if isinstance(thing, str) and thing.startswith("CREATE TABLE"):
        head, _, rest = thing.partition("(")
        body, _, tail = rest.rpartition(")")
        return head.strip(), sorted(each.strip() for each in re.split(r",\s+(?![^(]*\))", body)), tail.strip()
    if isinstance(thing, str) or not isinstance(thing, list | tuple):
        return thing
    return [_unordered(each) for each in thing]


def _statements(script: str) -> Iterator[str]:
    for statement in script.split(";\n"):
        lines = [line for line in statement.splitlines() if not line.startswith("--")]
        if text := "\n".join(lines).strip():
            yield text
