"""The keys of the table: which item holds what, and in which partition of an index it stands."""

from typing import Any
from zlib import crc32

__all__ = [
    "LOOKUPS",
    "REALMS",
    "SETTINGS",
    "Item",
    "due",
    "entity_key",
    "everything",
    "item_key",
    "lookup",
    "marker_key",
    "realm_key",
    "shard_of",
    "word_cut",
    "word_key",
    "word_partition",
]

Item = dict[str, Any]
"""Attributes with their types, as DynamoDB writes them: ``{"pk": {"S": "…"}}``."""

LOOKUPS = 5
"""How many declared lookups a collection may have: one index of the table for each."""

REALMS = "R"
SETTINGS: Item = {"pk": {"S": "S"}, "sk": {"S": "S"}}

# A sort key has at most 1,024 bytes, and a character up to 4; the id comes after the word.
_LONGEST_WORD = 240


def item_key(pk: str, sk: str) -> Item:
    """Return the primary key of an item."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def entity_key(realm: str, collection: str, id: str) -> Item:
    """Return the key of the item that holds an entity."""
    return item_key(f"E#{realm}#{collection}#{id}", "E")


def marker_key(realm: str, collection: str, field: str, value: str) -> Item:
    """Return the key of the item that says who has a unique value."""
    return item_key(f"U#{realm}#{collection}#{field}#{value}", "U")


def realm_key(realm: str) -> Item:
    """Return the key of the item that says that there is a realm."""
    return item_key(REALMS, realm)


def word_partition(realm: str, collection: str, shard: int, word: str) -> str:
    """Return where the words stand that begin with the same character, of one shard of ids."""
    return f"W#{realm}#{collection}#{shard}#{word[0]}"


def word_key(realm: str, collection: str, shard: int, word: str, id: str) -> Item:
    """Return the key of the item that leads from a word to an entity."""
    return item_key(word_partition(realm, collection, shard, word), f"{word_cut(word)} {id}")


def word_cut(word: str) -> str:
    """Return as much of a word as fits a key; what follows is compared after reading."""
    return word[:_LONGEST_WORD]


def everything(realm: str, collection: str, shard: int) -> str:
    """Return a partition of the index ``everything``."""
    return f"{realm}#{collection}#{shard}"


def due(realm: str, collection: str, shard: int) -> str:
    """Return a partition of the index ``due``."""
    return f"{realm}#{collection}#{shard}"


def lookup(realm: str, collection: str, field: str, shard: int, value: str) -> str:
    """Return a partition of an index for lookups."""
    return f"{realm}#{collection}#{field}#{shard}#{value}"


def shard_of(id: str, shards: int) -> int:
    """Return the shard of an id, the same in every process."""
    return crc32(id.encode()) % shards
