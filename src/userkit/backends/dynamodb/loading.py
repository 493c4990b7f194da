"""Many entities at once, cut into batches of which each fits into a transaction."""

from collections.abc import Iterable, Iterator

from userkit.backends.dynamodb.items import size_of
from userkit.backends.dynamodb.values import to_attribute
from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Catalogue, Write
from userkit.storage.changes import Add

__all__ = ["batches"]

_LARGEST_BATCH = 3 * 1024 * 1024
# Keys, markers and words beside the fields; what is exact is checked with the plan.
_LEAST = 4096


def batches(
    entities: Iterable[Entity], catalogue: Catalogue, *, batch: int, room: int
) -> Iterator[list[Write]]:
    """Return the writes of a load, in batches; an entity that does not fit begins the next one."""
    some: list[Write] = []
    items = size = 0
    for entity in entities:
        (write,) = catalogue.plan([Add(entity)])
        more, larger = _items(write), _size(write)
        if some and (len(some) == batch or items + more > room or size + larger > _LARGEST_BATCH):
            yield some
            some, items, size = [], 0, 0
        some.append(write)
        items, size = items + more, size + larger
        if len(some) == batch:
            yield some
            some, items, size = [], 0, 0
    if some:
        yield some


def _items(write: Write) -> int:
    record = write.after or {}
    markers = sum(record[field] is not None for field in write.records.collection.unique)
    return 1 + markers + len(write.words_after)


def _size(write: Write) -> int:
    attributes = {name: to_attribute(value) for name, value in (write.after or {}).items()}
    return _LEAST + size_of(attributes)
