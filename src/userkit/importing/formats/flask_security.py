"""Flask-Security: its table of users."""

from collections.abc import Iterator, Mapping
from typing import Any

from userkit.importing.person import Person, Row
from userkit.importing.reading import Source, people, table_records
from userkit.importing.values import flag, moment, text

__all__ = ["read"]

# So begins what is hashed after an HMAC; the forms of Django are not (SECURITY_PASSWORD_SINGLE_HASH).
_AFTER_AN_HMAC = "$"


def read(source: Source) -> Iterator[Row]:
    """Read the table ``user`` as CSV, JSON Lines or SQLite."""
    return people(table_records(source, table="user"), _person)


def _person(record: Mapping[str, Any]) -> Person:
    username = text(record, "username")
    return Person(
        email=text(record, "email") or "",
        verified=moment(record, "confirmed_at") is not None,
        disabled=not flag(record, "active", default=True),
        password_hash=_marked(text(record, "password")),
        created_at=moment(record, "create_datetime"),
        attributes={} if username is None else {"username": username},
        source_id=text(record, "id"),
    )


def _marked(encoded: str | None) -> str | None:
    if encoded is None or not encoded.startswith(_AFTER_AN_HMAC):
        return encoded
    return f"flask-security${encoded}"
