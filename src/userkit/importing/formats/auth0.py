"""Auth0: the bulk export of users, and the export of password hashes that its support makes."""

from collections.abc import Iterator, Mapping
from typing import Any

from userkit.importing.person import Person, Row
from userkit.importing.reading import Source, people, table_records
from userkit.importing.values import flag, json_object, moment, text

__all__ = ["read"]


def read(source: Source) -> Iterator[Row]:
    """Read one JSON object a line: profiles, or addresses with hashes of bcrypt."""
    return people(table_records(source, table="users"), _person)


def _person(record: Mapping[str, Any]) -> Person:
    metadata = json_object(record, "user_metadata")
    name = text(record, "name")
    email = text(record, "email") or ""
    return Person(
        email=email,
        # Where nobody has said it, Auth0 takes the address for the name.
        name=None if name == email else name,
        verified=flag(record, "email_verified", default=False),
        disabled=flag(record, "blocked", default=False),
        password_hash=text(record, "passwordHash"),
        created_at=moment(record, "created_at"),
        attributes={"user_metadata": metadata} if metadata else {},
        source_id=text(record, "user_id") or _id(record),
    )


def _id(record: Mapping[str, Any]) -> str | None:
    """Return the id of a row of hashes in the form in which profiles have it."""
    id = record.get("_id")
    found = text(id, "$oid") if isinstance(id, Mapping) else text(record, "_id")
    return None if found is None else f"auth0|{found}"
