"""Tables derived from collections, whatever their names and databases."""

from dataclasses import dataclass

import pytest
from sqlalchemy import Dialect, MetaData
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.schema import CreateTable

from userkit.backends.sqlalchemy.tables import tables_of
from userkit.kernel.entity import Entity
from userkit.storage.collection import Collection
from userkit.testing.specimens import COLLECTIONS, EVERYTHING, PERSONS, TICKETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordy(Entity):
    """A thing with a name that no database takes together with its table's."""

    the_name_by_which_the_provider_knows_it: str


def created(collection: Collection[Entity], dialect: Dialect) -> str:
    return str(CreateTable(tables_of(collection, MetaData()).main).compile(dialect=dialect))


def mariadb() -> Dialect:
    dialect = MySQLDialect_pymysql()
    dialect.is_mariadb = True
    return dialect


def test_names_are_short_enough_for_every_database() -> None:
    """Cut ones end in a digest, so that two of them differ; 63 characters is PostgreSQL's limit."""
    name = "the_name_by_which_the_provider_knows_it"
    collection = Collection("a" * 40, Wordy, unique=(name,))
    tables = tables_of(collection, MetaData())
    names = [str(each.name) for each in (*tables.main.constraints, *tables.main.indexes)]
    assert len(set(names)) == len(names) == 3
    assert all(len(each) <= 63 for each in names)
    assert tables.unique == {next(each for each in names if each.startswith("uq_")): name}


def test_tables_are_made_once_in_a_metadata() -> None:
    """Asking again gives the same."""
    metadata = MetaData()
    first, again = (tables_of(PERSONS, metadata) for _ in range(2))
    assert (first.main, first.words, dict(first.unique)) == (again.main, again.words, dict(again.unique))
    assert [table.name for table in first] == ["userkit_specimen_persons", "userkit_specimen_persons_words"]
    assert [table.name for table in tables_of(TICKETS, metadata)] == ["userkit_specimen_tickets"]


@pytest.mark.parametrize(
    ("dialect", "types"),
    [
        (
            PGDialect_psycopg(),
            [
                "id UUID",
                "moment TIMESTAMP WITH TIME ZONE",
                "labels JSONB",
                "blob BYTEA",
                "flag BOOLEAN",
                'realm VARCHAR(63) COLLATE "C"',
            ],
        ),
        (
            mariadb(),
            [
                "id CHAR(36) CHARACTER SET ascii",
                "moment DATETIME(3)",
                "labels LONGTEXT",
                "`blob` MEDIUMBLOB",
                "text MEDIUMTEXT",
            ],
        ),
        (
            MySQLDialect_pymysql(),
            [
                "moment DATETIME(3)",
                "labels JSON",
                "mood VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
            ],
        ),
        (
            SQLiteDialect_pysqlite(),
            ["id CHAR(36)", "moment VARCHAR(24)", "labels JSON", "blob BLOB", "whole BIGINT"],
        ),
    ],
    ids=["postgresql", "mariadb", "mysql", "sqlite"],
)
def test_columns_have_the_types_of_their_database(dialect: Dialect, types: list[str]) -> None:
    """Native ones, where there are any."""
    statement = created(EVERYTHING, dialect)
    assert [each for each in types if each not in statement] == []


def test_every_collection_of_ours_fits_every_database() -> None:
    """No name of a column is refused where it is not quoted."""
    for dialect in (PGDialect_psycopg(), mariadb(), MySQLDialect_pymysql(), SQLiteDialect_pysqlite()):
        for collection in COLLECTIONS:
            assert created(collection, dialect)
