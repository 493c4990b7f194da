"""Records as JSON: times as milliseconds since 1970, bytes as base64, and back."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from userkit.kernel.entity import Entity
from userkit.kernel.json import JSONObject
from userkit.storage.fields import Kind
from userkit.storage.records import Record, Records

__all__ = ["Plain", "milliseconds"]

E = TypeVar("E", bound=Entity)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Return a time as the number of whole milliseconds since 1970, rounded up."""
    return -((_EPOCH - moment) // _MILLISECOND)


class Plain(Generic[E]):
    """The JSON form of the entities of one collection. It holds the fields, and nothing derived."""

    def __init__(self, records: Records[E]) -> None:
        """Take how records are made."""
        self.records = records
        kinds = {field.name: field.kind for field in records.collection.fields}
        self._times = [name for name, kind in kinds.items() if kind is Kind.DATETIME]
        self._bytes = [name for name, kind in kinds.items() if kind is Kind.BYTES]

    def write(self, record: Record) -> JSONObject:
        """Return the JSON of a record."""
        values: Record = {name: record[name] for name in self.records.fields}
        for name in self._times:
            if values[name] is not None:
                values[name] = milliseconds(values[name])
        for name in self._bytes:
            if values[name] is not None:
                values[name] = b64encode(values[name]).decode()
        return values

    def read(self, values: Mapping[str, Any], *, schema: int | None = None) -> E:
        """Return the entity of what ``write`` made, which may be of an older schema."""
        record = dict(values)
        for name in self._times:
            if record.get(name) is not None:
                record[name] = _EPOCH + record[name] * _MILLISECOND
        for name in self._bytes:
            if record.get(name) is not None:
                record[name] = b64decode(record[name])
        return self.records.decode(record, schema=schema)
