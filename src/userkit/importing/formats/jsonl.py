"""JSON Lines with the keys that userkit names."""

from collections.abc import Iterator, Mapping
from typing import Any

from userkit.importing.person import Person, Row, RowRefusedError
from userkit.importing.reading import Source, people
from userkit.importing.records import json_lines
from userkit.importing.values import flag, json_object, moment, text

__all__ = ["COLUMNS", "of_columns", "read"]

COLUMNS = frozenset(
    {"attributes", "created_at", "disabled", "email", "name", "password_hash", "source_id", "verified"}
)
"""What a row may say; ``email`` is the only one that it must."""

_PLAIN = frozenset({"password", "plaintext_password", "password_plaintext", "plain_password"})


def read(source: Source) -> Iterator[Row]:
    """Read one JSON object a line."""
    return people(source.through(json_lines), of_columns)


def of_columns(record: Mapping[str, Any]) -> Person:
    """Make a person of a row in userkit's own words. Raises RowRefusedError."""
    source_id = text(record, "source_id")
    if not record.keys().isdisjoint(_PLAIN):
        raise RowRefusedError(
            "plain_text",
            "Passwords are taken as hashes only, in password_hash.",
            source_id=source_id,
        )
    if not record.keys() <= COLUMNS:
        known = ", ".join(sorted(COLUMNS))
        raise RowRefusedError(
            "unknown_column", f"The row says something besides {known}.", source_id=source_id
        )
    return Person(
        email=text(record, "email") or "",
        name=text(record, "name"),
        verified=flag(record, "verified", default=False),
        disabled=flag(record, "disabled", default=False),
        password_hash=text(record, "password_hash"),
        created_at=moment(record, "created_at"),
        attributes=json_object(record, "attributes"),
        source_id=source_id,
    )
