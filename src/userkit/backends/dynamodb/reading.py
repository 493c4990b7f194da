"""Reads: items as last committed, and lists merged from the shards of an index."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

from userkit.backends.dynamodb import keys
from userkit.backends.dynamodb.calling import Caller
from userkit.backends.dynamodb.items import Form, entity_of
from userkit.backends.dynamodb.keys import Item
from userkit.backends.dynamodb.layout import lookup_index
from userkit.errors import InvalidInputError, StoreUnavailableError
from userkit.kernel.entity import Entity
from userkit.kernel.json import is_storable_text
from userkit.kernel.page import Page
from userkit.storage.records import LONGEST_LOOKUP, Records
from userkit.storage.words import query_words

__all__ = ["List", "count", "find", "find_unique", "item", "items", "realms", "search", "value_of"]

E = TypeVar("E", bound=Entity)
Matches = Callable[[Any], bool]

_LARGEST_BATCH = 100
_MOST_WORDS = 3
_MOST_MATCHES = 10_000


class List:
    """Where a list stands: an index, and the partitions over which it is spread."""

    def __init__(self, index: str, partitions: Sequence[str]) -> None:
        """Take them."""
        self.index = index
        self.partitions = partitions

    @classmethod
    def of(cls, records: Records[Any], form: Form, field: str | None, value: str | None) -> "List":
        """Return the list of everything of a kind, or of what has a value."""
        realm, name = form.realm, records.collection.name
        if field is None:
            return cls("everything", [keys.everything(realm, name, shard) for shard in range(form.shards)])
        shards = range(form.lookup_shards(records, field))
        partitions = [keys.lookup(realm, name, field, shard, str(value)) for shard in shards]
        return cls(lookup_index(records.collection.index.index(field)), partitions)

    def query(self, partition: str) -> dict[str, Any]:
        """Return the part of a request that asks for one partition."""
        return {
            "IndexName": self.index,
            "KeyConditionExpression": "#partition = :partition",
            "ExpressionAttributeNames": {"#partition": self.index},
            "ExpressionAttributeValues": {":partition": {"S": partition}},
        }


def item(call: Caller, key: Item) -> Item | None:
    """Return an item as last committed."""
    found: Item | None = call("get_item", Key=key, ConsistentRead=True).get("Item")
    return found


def items(call: Caller, wanted: Sequence[Item]) -> Iterator[Item]:
    """Return those of up to 100 items that are there, as last committed, in any order."""
    left: Any = {call.table: {"Keys": list(wanted), "ConsistentRead": True}}
    attempt = 0
    while left:
        answer = call.bare("batch_get_item", RequestItems=left)
        found = answer.get("Responses", {}).get(call.table, [])
        yield from found
        left = answer.get("UnprocessedKeys")
        attempt = 0 if found else attempt + 1
        if left and attempt >= call.attempts:
            raise StoreUnavailableError(f"{call.place} is busy: DynamoDB reads nothing more; try later.")
        if left:
            call.wait(attempt)


def find_unique(call: Caller, form: Form, records: Records[E], field: str, value: str) -> E | None:
    """Return the entity with a unique value as last committed: its marker is read, then itself."""
    name = records.collection.name
    for _ in range(2):
        marker = item(call, keys.marker_key(form.realm, name, field, value))
        if marker is None:
            return None
        found = item(call, keys.entity_key(form.realm, name, marker["holder"]["S"]))
        if found is not None and value_of(entity := entity_of(records, found), field) == value:
            return entity
        # A commit came between the two reads, or nobody has it any more.
    return None


def find(
    call: Caller,
    form: Form,
    records: Records[E],
    field: str | None,
    value: str | None,
    *,
    after: str | None,
    limit: int,
    newest_first: bool,
) -> Page[E]:
    """Return a page of a list: one query for each shard, and the entities as last committed."""
    ids = _ids(call, List.of(records, form, field, value), after, limit, newest_first)
    return _page(
        call, form, records, ids, limit, lambda each: field is None or value_of(each, field) == value
    )


def count(call: Caller, place: List) -> int:
    """Return how many an index holds in these partitions."""
    return sum(
        answer["Count"]
        for partition in place.partitions
        for answer in call.pages("query", **place.query(partition), Select="COUNT")
    )


def search(
    call: Caller, form: Form, records: Records[E], text: str, *, after: str | None, limit: int
) -> Page[E]:
    """Return a page of the entities that match every word."""
    words = query_words(text)
    if not words or not all(is_storable_text(word) and len(word) <= LONGEST_LOOKUP for word in words):
        return Page(())
    # The longest words say most; the others are compared with what is found by these.
    chosen = sorted(words, key=lambda word: (-len(word), word))[:_MOST_WORDS]
    matches = set.intersection(*(_with_word(call, form, records, word) for word in chosen))
    ids = iter(sorted(id for id in matches if after is None or id > after))

    def fits(entity: Any) -> bool:
        held = records.words(entity)
        return all(any(each.startswith(word) for each in held) for word in words)

    return _page(call, form, records, ids, limit, fits)


def realms(call: Caller) -> Sequence[str]:
    """Return the realms that were written to."""
    values = {":partition": {"S": keys.REALMS}}
    pages = call.pages(
        "query",
        KeyConditionExpression="pk = :partition",
        ExpressionAttributeValues=values,
        ConsistentRead=True,
    )
    return sorted(each["sk"]["S"] for answer in pages for each in answer["Items"])


def value_of(entity: Any, field: str) -> str | None:
    """Return the text of a lookup of an entity, or None."""
    value = getattr(entity, field)
    return None if value is None else str(getattr(value, "value", value))


def _ids(call: Caller, place: List, after: str | None, limit: int, newest_first: bool) -> Iterator[str]:
    shards = [_ids_of_shard(call, place, each, after, limit, newest_first) for each in place.partitions]
    return merge(*shards, reverse=newest_first)


def _ids_of_shard(
    call: Caller, place: List, partition: str, after: str | None, limit: int, newest_first: bool
) -> Iterator[str]:
    query = place.query(partition)
    if after is not None:
        query["KeyConditionExpression"] += f" AND id {'<' if newest_first else '>'} :after"
        query["ExpressionAttributeValues"][":after"] = {"S": after}
    pages = call.pages(
        "query", **query, ProjectionExpression="id", ScanIndexForward=not newest_first, Limit=limit + 1
    )
    return (each["id"]["S"] for answer in pages for each in answer["Items"])


def _page(
    call: Caller, form: Form, records: Records[E], ids: Iterable[str], limit: int, matches: Matches
) -> Page[E]:
    remaining = iter(ids)
    chosen: list[E] = []
    while len(chosen) <= limit:
        some = list(islice(remaining, min(_LARGEST_BATCH, limit + 1 - len(chosen))))
        if not some:
            break
        chosen += (each for each in _entities(call, form, records, some) if matches(each))
    return Page(tuple(chosen[:limit]), chosen[limit - 1].id if len(chosen) > limit else None)


def _entities(call: Caller, form: Form, records: Records[E], ids: Sequence[str]) -> Iterator[E]:
    name = records.collection.name
    found = items(call, [keys.entity_key(form.realm, name, id) for id in ids])
    by_id = {each["id"]["S"]: each for each in found}
    return (entity_of(records, by_id[id]) for id in ids if id in by_id)


def _with_word(call: Caller, form: Form, records: Records[Any], word: str) -> set[str]:
    found: set[str] = set()
    for shard in range(form.shards):
        partition = keys.word_partition(form.realm, records.collection.name, shard, word)
        values = {":partition": {"S": partition}, ":prefix": {"S": keys.word_cut(word)}}
        for answer in call.pages(
            "query",
            KeyConditionExpression="pk = :partition AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=values,
            ProjectionExpression="id",
        ):
            found.update(each["id"]["S"] for each in answer["Items"])
            if len(found) > _MOST_MATCHES:
                raise InvalidInputError("More than 10,000 records match: type more letters.")
    return found
