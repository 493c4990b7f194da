"""The column types of the first revisions, frozen: what ``columns.py`` becomes must not change the past."""

from typing import Any

from sqlalchemy import (
    CHAR,
    JSON,
    BigInteger,
    Boolean,
    Dialect,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

__all__ = ["BIG", "BYTES", "DOCUMENT", "FLAG", "ID", "LONG_TEXT", "MOMENT", "REALM", "SMALL", "WORD"]

_MYSQL = ("mysql", "mariadb")


class _Exact(TypeDecorator[str]):
    """Text in the collation of its server in which only equal text is equal."""

    impl = Text
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in _MYSQL:
            collation = "utf8mb4_nopad_bin" if _is_mariadb(dialect) else "utf8mb4_0900_bin"
            exact = {"charset": "utf8mb4", "collation": collation}
            return mysql.MEDIUMTEXT(**exact) if self.length is None else mysql.VARCHAR(self.length, **exact)
        if self.length is None:
            return Text()
        return String(self.length, collation="C" if dialect.name == "postgresql" else None)


class _Document(TypeDecorator[Any]):
    """JSON, on MariaDB as text: the check that its own type has refuses deep nesting."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return postgresql.JSONB()
        if _is_mariadb(dialect):
            return mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin")
        return JSON()


def _is_mariadb(dialect: Dialect) -> bool:
    return getattr(dialect, "is_mariadb", False)


SMALL = SmallInteger()
BIG = BigInteger()
FLAG = Boolean()
LONG_TEXT = _Exact()
WORD = _Exact(255)
DOCUMENT = _Document()

ID: TypeEngine[Any] = (
    CHAR(36)
    .with_variant(postgresql.UUID(as_uuid=False), "postgresql")
    .with_variant(mysql.CHAR(36, charset="ascii", collation="ascii_bin"), *_MYSQL)
)
REALM: TypeEngine[Any] = (
    String(63)
    .with_variant(postgresql.VARCHAR(63, collation="C"), "postgresql")
    .with_variant(mysql.VARCHAR(63, charset="ascii", collation="ascii_bin"), *_MYSQL)
)
MOMENT: TypeEngine[Any] = (
    String(24)
    .with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
    .with_variant(mysql.DATETIME(fsp=3), *_MYSQL)
)
BYTES: TypeEngine[Any] = LargeBinary().with_variant(mysql.MEDIUMBLOB(), *_MYSQL)
