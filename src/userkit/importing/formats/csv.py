"""CSV with the columns that userkit names."""

from collections.abc import Iterator

from userkit.importing.formats.jsonl import COLUMNS, of_columns
from userkit.importing.person import Record, Row, RowRefusedError
from userkit.importing.reading import Source, people
from userkit.importing.records import csv_records

__all__ = ["read"]


def read(source: Source) -> Iterator[Row]:
    """Read CSV whose first row names the columns, of which ``email`` must be one."""
    return people(map(_filled, source.through(csv_records)), of_columns)


def _filled(record: Record) -> Record:
    """Leave out what is empty; CSV knows no other way to say that there is nothing."""
    line, content = record
    if isinstance(content, RowRefusedError):
        return record
    return Record(line, {name: value for name, value in content.items() if value or name not in COLUMNS})
