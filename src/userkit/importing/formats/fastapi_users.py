"""The table of users of fastapi-users."""

from collections.abc import Iterator, Mapping
from typing import Any

from userkit.importing.person import Person, Row
from userkit.importing.reading import Source, people, table_records
from userkit.importing.values import flag, text

__all__ = ["read"]


def read(source: Source) -> Iterator[Row]:
    """Read the table ``user`` as CSV, JSON Lines or SQLite."""
    return people(table_records(source, table="user"), _person)


def _person(record: Mapping[str, Any]) -> Person:
    return Person(
        email=text(record, "email") or "",
        verified=flag(record, "is_verified", default=False),
        disabled=not flag(record, "is_active", default=True),
        password_hash=text(record, "hashed_password"),
        source_id=text(record, "id"),
    )
