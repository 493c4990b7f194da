"""What a reader makes of each row: a person, or the reason why it is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from userkit.errors import InvalidInputError

__all__ = ["Person", "Record", "Row", "RowRefusedError"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody as another system knows them.

    ``name``, ``created_at`` and ``password_hash`` are None where that system says nothing. The hash is
    in a form that ``kit.passwords.import_hash`` reads, or in none that anybody here understands.
    """

    email: str
    name: str | None = None
    verified: bool = False
    disabled: bool = False
    password_hash: str | None = field(default=None, repr=False)
    created_at: datetime | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    source_id: str | None = None


class RowRefusedError(InvalidInputError):
    """A row is not a person; ``reason`` is a stable word for it. The text repeats nothing of the row."""

    def __init__(self, reason: str, detail: str, *, source_id: str | None = None) -> None:
        """Take the word, and a sentence for people."""
        super().__init__(detail)
        self.reason = reason
        self.source_id = source_id


class Record(NamedTuple):
    """The raw fields of a row, or why they cannot be read."""

    line: int
    content: Mapping[str, Any] | RowRefusedError


class Row(NamedTuple):
    """A row of a file by the line on which it begins, and what it says.

    In a table of SQLite the line is the number of the row. ``content`` is None for a row that is
    about something else than a person.
    """

    line: int
    content: Person | RowRefusedError | None
