"""Entities as items of the table, with the attributes that put them into its indexes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from userkit.backends.dynamodb import keys
from userkit.backends.dynamodb.keys import Item
from userkit.backends.dynamodb.layout import TTL, lookup_index
from userkit.backends.dynamodb.values import from_attribute, milliseconds, to_attribute
from userkit.kernel.entity import Entity
from userkit.storage.collection import Collection
from userkit.storage.fields import Kind
from userkit.storage.records import Record, Records

__all__ = ["Form", "entity_of", "hour_of", "size_of"]

E = TypeVar("E", bound=Entity)

_HOUR = 3_600_000
# DynamoDB deletes days later, in any order: what leads to an entity is to outlive it.
_GRACE = 7 * 86400


@dataclass(frozen=True, slots=True)
class Form:
    """What items look like in one realm of a table."""

    realm: str
    shards: int
    keep_expired: int

    def entity(self, records: Records[Any], record: Record, token: str) -> Item:
        """Return the item of a record. ``token`` names the commit that writes it."""
        collection = records.collection
        id, name = record["id"], collection.name
        shard = keys.shard_of(id, self.shards)
        fields = (field.name for field in collection.fields if field.name not in ("id", "version"))
        return {
            **keys.entity_key(self.realm, name, id),
            "id": {"S": id},
            "version": {"N": str(record["version"])},
            "schema": {"N": str(collection.schema)},
            "token": {"S": token},
            "data": {"M": {field: to_attribute(record[field]) for field in fields}},
            "everything": {"S": keys.everything(self.realm, name, shard)},
            **self._lookups(collection, record, shard),
            **self._due(collection, record, shard),
        }

    def lookup_shards(self, records: Records[Any], field: str) -> int:
        """Return over how many partitions the entities with one value of a field are spread.

        An enumeration has few values and many entities for each; of any other lookup it is the
        other way round.
        """
        declared = records.fields.get(field)
        return self.shards if declared is not None and declared.kind is Kind.ENUM else 1

    def expiry(self, collection: Collection[Any], record: Record, *, grace: bool) -> Item:
        """Return the attribute by which DynamoDB deletes an item; with ``grace`` some days later."""
        at = _expires(collection, record)
        if at is None or self.keep_expired < 0:
            return {}
        seconds = -(-milliseconds(at) // 1000) + self.keep_expired + (_GRACE if grace else 0)
        return {TTL: {"N": str(seconds)}}

    def _lookups(self, collection: Collection[Any], record: Record, shard: int) -> Item:
        item: Item = {}
        kinds = {field.name: field.kind for field in collection.fields}
        for slot, field in enumerate(collection.index):
            if record[field] is not None:
                spread = shard if kinds.get(field) is Kind.ENUM else 0
                value = keys.lookup(self.realm, collection.name, field, spread, record[field])
                item[lookup_index(slot)] = {"S": value}
        return item

    def _due(self, collection: Collection[Any], record: Record, shard: int) -> Item:
        at = _expires(collection, record)
        if at is None:
            return {}
        return {
            "due": {"S": keys.due(self.realm, collection.name, shard)},
            "due_at": {"N": str(hour_of(at))},
            **self.expiry(collection, record, grace=False),
        }


def entity_of(records: Records[E], item: Item) -> E:
    """Return the entity that an item holds."""
    record = {name: from_attribute(attribute) for name, attribute in item["data"]["M"].items()}
    record |= {"id": item["id"]["S"], "version": int(item["version"]["N"])}
    return records.decode(record, schema=int(item["schema"]["N"]))


def hour_of(moment: datetime) -> int:
    """Return the beginning of the hour, in milliseconds.

    The index is by the hour, so that a session whose end moves on with every use does not move in
    the index with it.
    """
    return milliseconds(moment) // _HOUR * _HOUR


def size_of(item: Item) -> int:
    """Return about how many bytes an item counts."""
    return sum(len(name.encode()) + sum(_sizes(attribute)) for name, attribute in item.items())


def _sizes(attribute: dict[str, Any]) -> Iterator[int]:
    for kind, held in attribute.items():
        if kind == "M":
            yield 3 + len(held) + size_of(held)
        else:
            yield len(held.encode()) if isinstance(held, str) else len(held) if kind == "B" else 1


def _expires(collection: Collection[Any], record: Record) -> datetime | None:
    return None if collection.expires is None else record[collection.expires]
