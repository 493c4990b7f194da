"""The keys of a realm, and the values under them.

========================================  ==========================================
``PREFIX/REALM/COLLECTION/e/ID``          the entity: revision, then its fields as JSON
``PREFIX/REALM/COLLECTION/u/FIELD/VALUE`` the id of who holds this unique value
``PREFIX/REALM/COLLECTION/i/FIELD/VALUE␀ID`` nothing; in the order of the ids
``PREFIX/REALM/COLLECTION/t/TIME␀ID``     nothing; in the order of the times of expiry
========================================  ==========================================

Names of realms, collections and fields hold no ``/``, and no value holds a NUL, so that no key means
two things. Ids and numbers are as long as each other, so that their order as text is theirs.
"""

import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from userkit.storage import Entity, Plain, Record, Records, milliseconds

__all__ = ["Kind", "number", "revision_end", "revision_of"]

E = TypeVar("E", bound=Entity)

_DIGITS = 16
_AFTER_NUL = b"\1"


@dataclass(frozen=True, slots=True)
class Kind(Generic[E]):
    """The entities of one collection in one realm."""

    records: Records[E]
    tag: str

    @classmethod
    def of(cls, records: Records[E], prefix: str, realm: str) -> "Kind[E]":
        """Return the entities of a collection in a realm, below a prefix."""
        return cls(records, f"{prefix}/{realm}/{records.collection.name}")

    def entity_key(self, id: str) -> bytes:
        """Return the key of an entity; of ``""`` what all of them begin with."""
        return f"{self.tag}/e/{id}".encode()

    def marker_key(self, field: str, value: str) -> bytes:
        """Return the key that says who holds a unique value."""
        return f"{self.tag}/u/{field}/{value}".encode()

    def index_key(self, field: str, value: str, id: str = "") -> bytes:
        """Return the key that says that an entity has an indexed value."""
        return f"{self.tag}/i/{field}/{value}\0{id}".encode()

    def expiry_key(self, moment: str, id: str) -> bytes:
        """Return the key that says when an entity expires; without id, what those of a time begin with."""
        return f"{self.tag}/t/{moment}{id and chr(0)}{id}".encode()

    def list_keys(self, record: Record | None) -> set[bytes]:
        """Return the keys of a record in the lists that are in order: by indexed values and by expiry."""
        if record is None:
            return set()
        collection, id = self.records.collection, record["id"]
        keys = {
            self.index_key(name, record[name], id) for name in collection.index if record[name] is not None
        }
        if collection.expires is not None and record[collection.expires] is not None:
            keys.add(self.expiry_key(number(milliseconds(record[collection.expires])), id))
        return keys

    def value(self, record: Record) -> bytes:
        """Return what is stored of a record."""
        fields = {"schema": self.records.collection.schema, **Plain(self.records).write(record)}
        text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        return (number(record["version"]) + text).encode()

    def entity(self, value: bytes) -> E:
        """Return the entity of what was stored."""
        fields: dict[str, Any] = json.loads(value[_DIGITS:])
        return Plain(self.records).read(fields, schema=fields.pop("schema"))


def number(value: int) -> str:
    """Return an integer of 64 bits as text that is in the same order."""
    return f"{value + (1 << 63):0{_DIGITS}x}"


def revision_of(version: int) -> bytes:
    """Return what the stored value of this revision begins with: it is greater than that."""
    return number(version).encode()


def revision_end(version: int) -> bytes:
    """Return what the stored value of this revision is less than: JSON begins with ``{``."""
    return revision_of(version) + b"~"
