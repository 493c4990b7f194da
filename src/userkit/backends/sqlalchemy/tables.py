"""Tables derived from collections, with named constraints and indexes."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from userkit.backends.sqlalchemy.columns import AsciiText, ExactText, IdText, column_type
from userkit.storage.collection import Collection
from userkit.storage.records import LONGEST_LOOKUP

__all__ = ["PREFIX", "Tables", "tables_of"]

PREFIX = "userkit_"
_LONGEST_REALM = 63
# PostgreSQL cuts longer names, MariaDB and MySQL refuse those past 64.
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one collection. ``unique`` tells which field a constraint by this name guards."""

    main: Table
    words: Table | None
    unique: Mapping[str, str]

    def __iter__(self) -> Iterator[Table]:
        """Go through the tables, those that others refer to first."""
        yield self.main
        if self.words is not None:
            yield self.words


def tables_of(collection: Collection[Any], metadata: MetaData) -> Tables:
    """Return the tables of a collection, made in ``metadata`` if it has none by their names.

    ``userkit_<name>`` has the columns id, realm, schema (the number of the record's form), one for
    each field and one for each derived lookup; ``userkit_<name>_words`` has what is searched by.
    """
    name = PREFIX + collection.name
    unique = {_named("uq", name, "realm", field): field for field in collection.unique}
    if name in metadata.tables:
        return Tables(metadata.tables[name], metadata.tables.get(f"{name}_words"), unique)
    main = _main(name, collection, metadata)
    return Tables(main, _words(main, metadata) if collection.search else None, unique)


def _main(name: str, collection: Collection[Any], metadata: MetaData) -> Table:
    return Table(
        name,
        metadata,
        *_columns(collection),
        PrimaryKeyConstraint("id", name=_named("pk", name)),
        *(
            UniqueConstraint("realm", field, name=_named("uq", name, "realm", field))
            for field in collection.unique
        ),
        *(Index(_named("ix", name, *columns), *columns) for columns in _indexes(collection)),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )


def _columns(collection: Collection[Any]) -> Iterator[Column[Any]]:
    defaults = {field.name: _default(field.default) for field in dataclasses.fields(collection.entity)}
    yield Column("id", IdText(), nullable=False)
    yield Column("realm", AsciiText(_LONGEST_REALM), nullable=False)
    yield Column("schema", SmallInteger(), nullable=False)
    yield Column("version", BigInteger(), nullable=False)
    for field in collection.fields:
        if field.name not in ("id", "version"):
            kind = column_type(field, lookup=field.name in collection.lookups)
            yield Column(field.name, kind, nullable=field.optional, server_default=defaults[field.name])
    for name in collection.derived:
        yield Column(name, ExactText(LONGEST_LOOKUP), nullable=True)


def _default(value: object) -> str | None:
    # A version of userkit that does not know the column yet goes on writing rows while another upgrades.
    if isinstance(value, int):
        return str(int(value))
    return str(value.value) if isinstance(value, Enum) else None


def _indexes(collection: Collection[Any]) -> Iterator[tuple[str, ...]]:
    yield "realm", "id"
    for field in collection.index:
        yield "realm", field, "id"
    if collection.expires is not None:
        yield "realm", collection.expires


def _words(main: Table, metadata: MetaData) -> Table:
    name = f"{main.name}_words"
    return Table(
        name,
        metadata,
        Column("realm", AsciiText(_LONGEST_REALM), nullable=False),
        Column("word", ExactText(LONGEST_LOOKUP), nullable=False),
        Column("id", IdText(), nullable=False),
        PrimaryKeyConstraint("realm", "word", "id", name=_named("pk", name)),
        ForeignKeyConstraint(["id"], [main.c.id], name=_named("fk", name, "id"), ondelete="CASCADE"),
        # The word is in it because a search of several words checks the others by it.
        Index(_named("ix", name, "id", "word"), "id", "word"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def _named(kind: str, *parts: str) -> str:
    name = "_".join((kind, *parts))
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
