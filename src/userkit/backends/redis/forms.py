"""Records as text for Redis, and back."""

import json
from typing import Any, Generic, TypeVar

from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Verb, Write
from userkit.storage.plain import Plain, milliseconds
from userkit.storage.records import Record, Records

__all__ = ["Form"]

E = TypeVar("E", bound=Entity)

_VERBS = {Verb.ADD: "add", Verb.SAVE: "save", Verb.REMOVE: "remove"}


class Form(Generic[E]):
    """The form that entities of one collection have in Redis: JSON, times as numbers, bytes as base64."""

    def __init__(self, records: Records[E]) -> None:
        """Take how records are made."""
        self.records = records
        self.collection = records.collection
        self._plain = Plain(records)

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
        values = json.loads(text)
        return self._plain.read(values, schema=values.pop("schema"))

    def _text(self, record: Record) -> str:
        values = {"schema": self.collection.schema, **self._plain.write(record)}
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
