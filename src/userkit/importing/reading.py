"""What readers have in common: opening a file of any shape, and making people of its rows."""

import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from userkit.errors import ConfigurationError
from userkit.importing.person import Person, Record, Row, RowRefusedError
from userkit.importing.records import csv_records, json_lines, json_members

__all__ = ["MakePerson", "Reader", "Source", "people", "table_records"]

MakePerson = Callable[[Mapping[str, Any]], Person | None]
"""Makes a person of a row; None for a row about something else. Raises RowRefusedError."""

_SQLITE = b"SQLite format 3\0"
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)


def _unadvanced(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to import, and what its reader has to know besides.

    ``table`` is the table of users in a file of SQLite. ``parameters`` is the text with which a project
    of Firebase describes its hashes; it holds a key. ``advance`` is told how many bytes of how many are
    read.
    """

    path: Path
    table: str | None = None
    parameters: str | None = field(default=None, repr=False)
    advance: Callable[[int, int], object] = field(default=_unadvanced, repr=False)

    @contextmanager
    def opened(self) -> Generator[IO[bytes], None, None]:
        """Open the file. Raises ConfigurationError when it cannot be opened."""
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise ConfigurationError(f"The file cannot be read: {error.strerror}.") from error
        with file:
            yield file

    def beginning(self, size: int = 4096) -> bytes:
        """Return the first bytes of the file."""
        with self.opened() as file:
            return file.read(size)

    def through(self, read: Callable[[IO[bytes]], Iterator[Record]]) -> Iterator[Record]:
        """Return the records that a function reads from the file."""
        with self.opened() as file:
            total = os.fstat(file.fileno()).st_size
            for record in read(file):
                self.advance(file.tell(), total)
                yield record


Reader = Callable[[Source], Iterator[Row]]
"""Returns each row of a file in one format, in flat memory; a bad one never stops the rest.

Raises ConfigurationError when the file is of another kind altogether."""


def people(records: Iterable[Record], make: MakePerson) -> Iterator[Row]:
    """Make people of records."""
    for line, content in records:
        yield Row(line, content if isinstance(content, RowRefusedError) else _made(content, make))


def _made(content: Mapping[str, Any], make: MakePerson) -> Person | RowRefusedError | None:
    try:
        return make(content)
    except RowRefusedError as error:
        return error


def table_records(source: Source, *, table: str) -> Iterator[Record]:
    """Return the rows of a table, from a file of SQLite, JSON Lines, a JSON array or CSV."""
    beginning = source.beginning()
    if beginning.startswith(_SQLITE):
        return _sqlite_records(source, source.table or table)
    first = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    readers = {b"{": json_lines, b"[": json_members}
    return source.through(readers.get(first, csv_records))


def _sqlite_records(source: Source, table: str) -> Iterator[Record]:
    import sqlite3

    if not _TABLE.fullmatch(table):
        raise ConfigurationError("A table is named with letters, digits and underscores.")
    try:
        connection = sqlite3.connect(f"{source.path.absolute().as_uri()}?mode=ro", uri=True)
        connection.text_factory = lambda content: content.decode(errors="surrogateescape")
        try:
            (total,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608  # it is a name
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            names = [column[0] for column in rows.description]
            for number, row in enumerate(rows, 1):
                source.advance(number, total)
                yield Record(number, dict(zip(names, row, strict=True)))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"The table {table} cannot be read: {error}. Another one is named with --table."
        ) from error
