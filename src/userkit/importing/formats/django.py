"""Django: ``manage.py dumpdata auth.user``, and its table auth_user."""

from collections.abc import Iterator, Mapping
from typing import Any

from userkit.importing.person import Person, Row, RowRefusedError
from userkit.importing.reading import Source, people, table_records
from userkit.importing.values import flag, full_name, moment, text

__all__ = ["read"]

# Django's way to say that there is no password.
_UNUSABLE = "!"


def read(source: Source) -> Iterator[Row]:
    """Read what dumpdata writes as json or jsonl, or auth_user as CSV, JSON Lines or SQLite."""
    return people(table_records(source, table="auth_user"), _person)


def _person(record: Mapping[str, Any]) -> Person | None:
    if "model" not in record:
        return _of_columns(record, text(record, "id"))
    fields = record.get("fields")
    if not isinstance(fields, Mapping):
        raise RowRefusedError("malformed", "The object has no fields.")
    # A dump may hold other models; those of users are called as the application likes.
    return _of_columns(fields, text(record, "pk")) if "password" in fields else None


def _of_columns(record: Mapping[str, Any], source_id: str | None) -> Person:
    encoded = text(record, "password")
    username = text(record, "username")
    return Person(
        email=text(record, "email") or "",
        name=full_name(text(record, "first_name"), text(record, "last_name")),
        disabled=not flag(record, "is_active", default=True),
        password_hash=None if encoded is None or encoded.startswith(_UNUSABLE) else encoded,
        created_at=moment(record, "date_joined"),
        attributes={} if username is None else {"username": username},
        source_id=source_id,
    )
