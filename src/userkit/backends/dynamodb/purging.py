"""Taking out what has expired: looked up by the hour, read, and removed as any commit would."""

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from userkit.backends.dynamodb import keys, reading
from userkit.backends.dynamodb.calling import Caller
from userkit.backends.dynamodb.items import Form, entity_of, hour_of
from userkit.backends.dynamodb.writing import carry_out
from userkit.errors import StaleError
from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Remove
from userkit.storage.port import LARGEST_COMMIT
from userkit.storage.records import Records

__all__ = ["purge"]


def purge(
    call: Caller,
    form: Form,
    catalogue: Catalogue,
    records: Records[Any],
    *,
    before: datetime,
    limit: int,
    room: int,
) -> int:
    """Remove at most ``limit`` entities that expired before a time; return how many."""
    expired = _expired(call, form, records, before, limit)
    purged = 0
    # An entity, its markers and its words fit into one transaction for so many at least.
    at_once = max(1, min(LARGEST_COMMIT, room // (1 + len(records.collection.unique))))
    while some := list(islice(expired, min(at_once, limit - purged))):
        purged += _remove(call, form, catalogue, some, room)
    return purged


def _remove(call: Caller, form: Form, catalogue: Catalogue, entities: list[Entity], room: int) -> int:
    try:
        carry_out(call, form, catalogue.plan([Remove(each) for each in entities]), room=room)
    except StaleError:
        if len(entities) == 1:
            return 0  # somebody has just given it more time, or removed it
        return sum(_remove(call, form, catalogue, [each], room) for each in entities)
    return len(entities)


def _expired(
    call: Caller, form: Form, records: Records[Any], before: datetime, limit: int
) -> Iterator[Entity]:
    name = records.collection.name
    shards = [_due(call, form, records, shard, before, limit) for shard in range(form.shards)]
    ids = (id for _, id in merge(*shards))
    while some := list(islice(ids, min(limit, 100))):
        wanted = [keys.entity_key(form.realm, name, id) for id in some]
        found = {each["id"]["S"]: each for each in reading.items(call, wanted)}
        for entity in (entity_of(records, found[id]) for id in some if id in found):
            at = getattr(entity, records.expires)
            if at is not None and at < before:
                yield entity


def _due(
    call: Caller, form: Form, records: Records[Any], shard: int, before: datetime, limit: int
) -> Iterator[tuple[int, str]]:
    place = reading.List("due", [])
    query = place.query(keys.due(form.realm, records.collection.name, shard))
    query["KeyConditionExpression"] += " AND due_at <= :before"
    query["ExpressionAttributeValues"][":before"] = {"N": str(hour_of(before))}
    for answer in call.pages("query", **query, Limit=limit, ProjectionExpression="due_at, pk"):
        for each in answer["Items"]:
            yield int(each["due_at"]["N"]), each["pk"]["S"].rpartition("#")[2]
