"""Rows as entities, by position."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Dialect

from userkit.kernel.entity import Entity
from userkit.storage.collection import Collection
from userkit.storage.fields import Field, Kind
from userkit.storage.records import Records

__all__ = ["Reader"]

E = TypeVar("E", bound=Entity)

_Convert = Callable[[Any], Any]


class Reader(Generic[E]):
    """Make entities of rows. Which values must be converted, and how, is found out once."""

    def __init__(self, collection: Collection[E], columns: Sequence[Column[Any]], dialect: Dialect) -> None:
        """Take the columns that the rows have: the number of the schema, then the fields in their order."""
        self._collection = collection
        self._records = Records(collection)
        self._names = [field.name for field in collection.fields]
        core = [_from_driver(column, dialect) for column in columns[1:]]
        ours = [_from_record(field) for field in collection.fields]
        self._core = [(at, convert) for at, convert in enumerate(core, 1) if convert is not None]
        self._ours = [(at, convert) for at, convert in enumerate(ours, 1) if convert is not None]
        # Every entity has an id and a version, so there are two at least, and this makes a tuple.
        self._required = itemgetter(
            *(at for at, field in enumerate(collection.fields, 1) if not field.optional)
        )

    def __call__(self, row: Sequence[Any]) -> E:
        """Return the entity of a row. Raises InvalidEntityError for what this version cannot read."""
        values = list(row)
        _convert(values, self._core)
        if values[0] != self._collection.schema or None in self._required(values):
            return self._read_old(values)
        try:
            _convert(values, self._ours)
        except KeyError:
            return self._read_old(values)
        return self._collection.entity(**dict(zip(self._names, values[1:], strict=True)))

    def _read_old(self, values: Sequence[Any]) -> E:
        fields = zip(self._collection.fields, values[1:], strict=True)
        # A column that was added later is empty in old rows; the field has a default then.
        record = {field.name: value for field, value in fields if field.optional or value is not None}
        return self._records.decode(record, schema=values[0])


def _convert(values: list[Any], converters: Sequence[tuple[int, _Convert]]) -> None:
    for at, convert in converters:
        value = values[at]
        if value is not None:
            values[at] = convert(value)


def _from_driver(column: Column[Any], dialect: Dialect) -> _Convert | None:
    convert: _Convert | None = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return convert


def _from_record(field: Field) -> _Convert | None:
    if field.enum is not None:
        return {item.value: item for item in field.enum}.__getitem__
    return {Kind.TEXT_SET: frozenset, Kind.TEXT_TUPLE: tuple}.get(field.kind)
