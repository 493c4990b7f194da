"""Records as documents of MongoDB, with its own types, and back."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from bson.int64 import Int64

from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Write
from userkit.storage.fields import Kind
from userkit.storage.records import Record, Records

__all__ = ["EXPIRY", "WORDS", "Document", "Form"]

E = TypeVar("E", bound=Entity)

Document = dict[str, Any]

WORDS = "_words"
EXPIRY = "_gone_at"

# MongoDB keeps times until the end of this year.
_LAST_TIME = datetime.max.replace(microsecond=999_000, tzinfo=UTC)


class Form(Generic[E]):
    """The form that entities of one collection have in MongoDB.

    The id is ``_id``, ids are UUIDs, times are dates, and JSON is a document, unless it has keys
    that mean something to MongoDB: then it is text.
    """

    def __init__(self, records: Records[E], keep_expired: int) -> None:
        """Take how records are made, and how many seconds to keep what has expired, or -1."""
        self.records = records
        self.collection = records.collection
        self._keep = None if keep_expired < 0 else timedelta(seconds=keep_expired)
        kinds = {field.name: field.kind for field in records.collection.fields}
        self.ids = {name for name, kind in kinds.items() if kind is Kind.ID}
        self._whole = {name for name, kind in kinds.items() if kind is Kind.INT}
        self._json = {name for name, kind in kinds.items() if kind is Kind.JSON}
        self._expires = records.collection.expires
        self.texts = {name: self._type_of(kinds.get(name)) for name in records.collection.lookups}

    @property
    def name(self) -> str:
        """Return the name of the collection in the database."""
        return f"userkit_{self.collection.name}"

    @staticmethod
    def _type_of(kind: Kind | None) -> str:
        return "binData" if kind is Kind.ID else "string"

    def added(self, write: Write, realm: str) -> Document:
        """Return the whole document of a write."""
        values = self._values(write.after or {})
        return {
            "_id": values.pop("id"),
            "realm": realm,
            "schema": self.collection.schema,
            **values,
            **self._beside(write),
        }

    def changed(self, write: Write) -> Document:
        """Return what an update sets: only what differs, so that fields of newer versions stay."""
        # A record of an older form is written anew as a whole: its unchanged fields were upgraded, too.
        values = self._values(write.changed if self.collection.upgrade is None else write.after or {})
        values.pop("id", None)
        return {"schema": self.collection.schema, **values, **self._beside(write)}

    def entity(self, document: Document) -> E:
        """Return the entity of a document."""
        record = dict(document)
        record["id"] = str(record.pop("_id"))
        for name in self.ids:
            if isinstance(record.get(name), UUID):
                record[name] = str(record[name])
        for name in self._whole:
            if record.get(name) is not None:
                record[name] = int(record[name])  # what needs 64 bits comes as a type of its own
        for name in self._json:
            if name in record:
                value = record[name]
                record[name] = json.loads(value) if isinstance(value, str) else _plain(value)
        return self.records.decode(record, schema=record.get("schema"))

    @staticmethod
    def id_of(id: str) -> UUID:
        """Return an id as MongoDB keeps it."""
        return UUID(id)

    def revision(self, write: Write, realm: str) -> Document:
        """Return a filter for the revision that a write must find."""
        return {"_id": UUID(write.id), "realm": realm, "version": write.version}

    def lookup(self, field: str, value: str) -> Document:
        """Return a filter for a value; it can be nothing but a value, whoever sent it."""
        typed = UUID(value) if self.texts[field] == "binData" else value
        # The type is what makes MongoDB use an index that leaves out documents without a value.
        return {field: {"$eq": typed, "$type": self.texts[field]}}

    def _values(self, record: Record) -> Document:
        values: Document = dict(record)
        for name in ("id", *self.ids):
            if isinstance(values.get(name), str):
                values[name] = UUID(values[name])
        for name in self._json & values.keys():
            if values[name] is not None and not _is_plain(values[name]):
                values[name] = json.dumps(values[name])
        return values

    def _beside(self, write: Write) -> Document:
        beside: Document = {}
        if self.collection.search is not None and write.words_before != write.words_after:
            beside[WORDS] = sorted(write.words_after)
        if self._expires is not None:
            # Also where nothing is to be deleted: what another store has set would no longer be true.
            beside[EXPIRY] = _later((write.after or {}).get(self._expires), self._keep)
        return beside


def _later(moment: datetime | None, keep: timedelta | None) -> datetime | None:
    if moment is None or keep is None:
        return None
    return _LAST_TIME if _LAST_TIME - moment < keep else moment + keep


def _plain(value: Any) -> Any:
    """Return JSON without the types of BSON: what needs 64 bits comes as one of its own."""
    if isinstance(value, Int64):
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _is_plain(value: Any) -> bool:
    """Tell whether MongoDB takes JSON for what it is, as it does unless a key holds ``$`` or a dot."""
    if isinstance(value, dict):
        return all("$" not in key and "." not in key and _is_plain(item) for key, item in value.items())
    return all(map(_is_plain, value)) if isinstance(value, list) else True
