"""Records as text for Redis, and back."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Verb, Write
from userkit.storage.fields import Kind
from userkit.storage.records import Record, Records

__all__ = ["Form", "milliseconds"]

E = TypeVar("E", bound=Entity)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERBS = {Verb.ADD: "add", Verb.SAVE: "save", Verb.REMOVE: "remove"}


def milliseconds(moment: datetime) -> int:
    """Return a time as the number of whole milliseconds since 1970, rounded up."""
    return -((_EPOCH - moment) // _MILLISECOND)


class Form(Generic[E]):
    """The form that entities of one collection have in Redis: JSON, times as numbers, bytes as base64."""

    def __init__(self, records: Records[E]) -> None:
        """Take how records are made."""
        self.records = records
        self.collection = records.collection
        kinds = {field.name: field.kind for field in records.collection.fields}
        self._times = [name for name, kind in kinds.items() if kind is Kind.DATETIME]
        self._bytes = [name for name, kind in kinds.items() if kind is Kind.BYTES]

    def change(self, write: Write) -> dict[str, str]:
        """Return a write as the script takes it; versions are text, since Lua has no integers."""
        change = {
            "op": _VERBS[write.verb],
            "c": self.collection.name,
            "id": write.id,
            "v": str(write.version),
        }
        if write.after is not None:
            change["n"] = str(write.after["version"])
            change["d"] = self._text(write.after)
            change["x"] = json.dumps(self._entries(write, write.after))
        return change

    def entity(self, text: bytes | str) -> E:
        """Return the entity of a text."""
        record = json.loads(text)
        schema = record.pop("schema")
        for name in self._times:
            if record.get(name) is not None:
                record[name] = _EPOCH + record[name] * _MILLISECOND
        for name in self._bytes:
            if record.get(name) is not None:
                record[name] = base64.b64decode(record[name])
        return self.records.decode(record, schema=schema)

    def _text(self, record: Record) -> str:
        values: dict[str, Any] = {"schema": self.collection.schema, **record}
        for name in self.collection.derived:
            values.pop(name, None)
        for name in self._times:
            if values.get(name) is not None:
                values[name] = milliseconds(values[name])
        for name in self._bytes:
            if values.get(name) is not None:
                values[name] = base64.b64encode(values[name]).decode()
        return json.dumps(values, separators=(",", ":"))

    def _entries(self, write: Write, record: Record) -> dict[str, Any]:
        """Return what an entity is found by: unique values, indexed ones, words, and when it expires."""
        expires = self.collection.expires and record[self.collection.expires]
        return {
            "u": [[name, record[name]] for name in self.collection.unique if record[name] is not None],
            "i": [[name, record[name]] for name in self.collection.index if record[name] is not None],
            "w": sorted(write.words_after),
            "t": str(milliseconds(expires)) if expires else "",
        }
