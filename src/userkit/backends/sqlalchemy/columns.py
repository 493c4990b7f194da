"""Column types that keep every value exactly, on every database."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CHAR,
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Dialect,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from userkit.storage.fields import Field, Kind
from userkit.storage.records import LONGEST_LOOKUP

__all__ = [
    "MYSQL",
    "AsciiText",
    "ExactText",
    "IdText",
    "JSONText",
    "LongText",
    "UTCDateTime",
    "column_type",
    "to_driver",
]

MYSQL = ("mysql", "mariadb")
"""The names that SQLAlchemy gives to the dialects of one family."""

_TWO = [f"{number:02}" for number in range(100)]
_THREE = [f"{number:03}" for number in range(1000)]


class IdText(TypeDecorator[str]):
    """A UUID, as text in Python: the native type on PostgreSQL, CHAR(36) elsewhere."""

    impl = CHAR(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        if dialect.name == "postgresql":
            return postgresql.UUID(as_uuid=False)
        if dialect.name in MYSQL:
            return mysql.CHAR(36, charset="ascii", collation="ascii_bin")
        return CHAR(36)


class AsciiText(TypeDecorator[str]):
    """Short text of ASCII characters that is compared byte by byte, such as the name of a realm."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        """Take the number of characters."""
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        if dialect.name == "postgresql":
            return postgresql.VARCHAR(self.length, collation="C")
        if dialect.name in MYSQL:
            return mysql.VARCHAR(self.length, charset="ascii", collation="ascii_bin")
        return String(self.length)


class ExactText(TypeDecorator[str]):
    """Text to look things up by: equal only when every character is, ordered by code point."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        """Take the number of characters."""
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        if dialect.name == "postgresql":
            return postgresql.VARCHAR(self.length, collation="C")
        if dialect.name in MYSQL:
            return mysql.VARCHAR(self.length, charset="utf8mb4", collation=_mysql_collation(dialect))
        return String(self.length)


class LongText(TypeDecorator[str]):
    """Text of any length that nothing is looked up by."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        if dialect.name in MYSQL:
            return mysql.MEDIUMTEXT(charset="utf8mb4", collation=_mysql_collation(dialect))
        return Text()


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in whole milliseconds, always aware and in UTC in Python.

    It is ``timestamptz`` on PostgreSQL, ``DATETIME(3)`` in UTC on MariaDB and MySQL, and text like
    ``2026-01-31T23:59:59.999Z`` elsewhere, which sorts by time.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        if dialect.name == "postgresql":
            return postgresql.TIMESTAMP(timezone=True)
        if dialect.name in MYSQL:
            return mysql.DATETIME(fsp=3)
        return String(24)

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what turns a value of Python's into what the driver takes."""
        if dialect.name == "postgresql":
            return _aware
        return _naive if dialect.name in MYSQL else _to_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Return what turns what the driver gives into a value of Python's."""
        return _from_database if dialect.name == "postgresql" or dialect.name in MYSQL else _from_text


class JSONText(TypeDecorator[Any]):
    """JSON: JSONB on PostgreSQL, the type by that name elsewhere, on MariaDB the text that it is there.

    MariaDB's own name for it comes with a check that refuses what is nested 32 deep.
    """

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        if dialect.name == "postgresql":
            return postgresql.JSONB(none_as_null=True)
        if _is_mariadb(dialect):
            return mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin")
        return JSON(none_as_null=True)

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what turns a value of Python's into what the driver takes."""
        if _is_mariadb(dialect):
            return _readable
        # psycopg would do the same by a wrapper around each value, which costs more than the JSON.
        return _compact if dialect.name == "postgresql" else super().bind_processor(dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Turn what the driver gives into a value of Python's."""
        return json.loads(value) if _is_mariadb(dialect) and value is not None else value


def column_type(field: Field, *, lookup: bool) -> TypeEngine[Any]:
    """Return the type of the column for a field; lookups are short enough for an index."""
    if field.kind is Kind.TEXT and not lookup:
        return LongText()
    return _TYPES[field.kind]


def to_driver(columns: Iterable[tuple[TypeEngine[Any], list[Any]]], dialect: Dialect) -> list[list[Any]]:
    """Return columns of values as the driver takes them."""
    converted: list[list[Any]] = []
    moments: list[Any] = []
    for kind, values in columns:
        # What was never changed has the same times in two columns.
        again = isinstance(kind, UTCDateTime) and values == moments
        converted.append(converted[-1] if again else _converted(kind, dialect, values))
        moments = values if isinstance(kind, UTCDateTime) else []
    return converted


_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.ID: IdText(),
    Kind.TEXT: ExactText(LONGEST_LOOKUP),
    Kind.ENUM: ExactText(LONGEST_LOOKUP),
    Kind.INT: BigInteger(),
    Kind.BOOL: Boolean(),
    Kind.DATETIME: UTCDateTime(),
    Kind.BYTES: LargeBinary().with_variant(mysql.MEDIUMBLOB(), *MYSQL),
    Kind.TEXT_SET: JSONText(),
    Kind.TEXT_TUPLE: JSONText(),
    Kind.JSON: JSONText(),
}


def _compact(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _readable(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError("a time without a zone; give an aware one, such as datetime.now(UTC)")
    return moment


def _in_utc(moment: datetime | None) -> datetime | None:
    aware = _aware(moment)
    return aware if aware is None or aware.tzinfo is UTC else aware.astimezone(UTC)


def _naive(moment: datetime | None) -> datetime | None:
    aware = _in_utc(moment)
    return None if aware is None else aware.replace(tzinfo=None)


def _to_text(moment: datetime | None) -> str | None:
    it = _in_utc(moment)
    if it is None:
        return None
    # A third of what isoformat costs.
    date = f"{_TWO[it.year // 100]}{_TWO[it.year % 100]}-{_TWO[it.month]}-{_TWO[it.day]}"
    return f"{date}T{_TWO[it.hour]}:{_TWO[it.minute]}:{_TWO[it.second]}.{_THREE[it.microsecond // 1000]}Z"


def _converted(kind: TypeEngine[Any], dialect: Dialect, values: list[Any]) -> list[Any]:
    if isinstance(kind, JSONText) and dialect.name == "sqlite" and set(map(type, values)) == {dict}:
        return _json_texts(values)
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    return values if convert is None else list(map(convert, values))


def _json_texts(objects: list[dict[str, Any]]) -> list[str]:
    # One call for all of them costs a quarter of one for each.
    texts = json.dumps(objects)[2:-2].split("}, {")
    # Each end but the last is followed by a beginning, so that it is clear when there are no others.
    whole = len(texts) == len(objects)
    return [f"{{{text}}}" for text in texts] if whole else list(map(json.dumps, objects))


def _from_database(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is UTC:
        return moment
    # MariaDB has no zones; and the first moment of year 1 comes from asyncpg without one.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _mysql_collation(dialect: Dialect) -> str:
    # The older binary collations pad with spaces, so that "a" would equal "a ".
    return "utf8mb4_nopad_bin" if _is_mariadb(dialect) else "utf8mb4_0900_bin"


def _is_mariadb(dialect: Dialect) -> bool:
    # SQLAlchemy knows for sure once it has connected: a URL may say mysql and mean MariaDB.
    return getattr(dialect, "is_mariadb", False)
