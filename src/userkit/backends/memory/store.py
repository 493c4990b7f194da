"""Entities in dictionaries behind a lock."""

import threading
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, Self, TypeVar

from userkit.errors import DuplicateError, StaleError
from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.catalogue import (
    Catalogue,
    Verb,
    Write,
    check_batch,
    check_limit,
    check_moment,
    check_realm,
)
from userkit.storage.changes import Add, Change
from userkit.storage.collection import Collection
from userkit.storage.port import DEFAULT_REALM
from userkit.storage.records import Record, Records
from userkit.storage.words import prefix_end, query_words

__all__ = ["MemoryStore"]

E = TypeVar("E", bound=Entity)


class MemoryStore:
    """Keep entities in this process, safely between threads and between tasks.

    It serves both kits: no call ever waits for more than the lock. What it holds is gone when the
    process ends; closing it changes nothing.
    """

    blocking = True
    in_process = True

    def __init__(self) -> None:
        """Begin empty."""
        self._realm = DEFAULT_REALM
        self._catalogue = Catalogue()
        self._tables: dict[tuple[str, str], _Table] = {}
        self._lock = threading.Lock()

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare; there is nothing to connect to or to create."""
        with self._lock:
            self._catalogue.add(collections)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        records = self._catalogue.records(entity)
        with self._lock:
            row = self._table(records).rows.get(id)
        # Rows are replaced and never changed, so they may be read after the lock is released.
        return None if row is None else records.decode(row.record)

    async def find(
        self,
        entity: type[E],
        field: str | None = None,
        value: str | None = None,
        *,
        after: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Page[E]:
        """See Store.find."""
        check_limit(limit)
        records = self._catalogue.records(entity)
        with self._lock:
            table = self._table(records)
            ids = table.matching(records, field, value)
            if newest_first:
                end = len(ids) if after is None else bisect_left(ids, after)
                chosen = ids[max(0, end - limit - 1) : end][::-1]
            else:
                start = 0 if after is None else bisect_right(ids, after)
                chosen = ids[start : start + limit + 1]
            rows = [table.rows[id] for id in chosen]
        return _page(records, rows, limit)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        writes = self._catalogue.plan(changes)
        with self._lock:
            self._apply(writes)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search."""
        check_limit(limit)
        records = self._catalogue.records(entity)
        with self._lock:
            table = self._table(records)
            matches = [table.ids_by_prefix(word) for word in query_words(text)]
            ids = sorted(set.intersection(*matches)) if matches else []
            start = 0 if after is None else bisect_right(ids, after)
            rows = [table.rows[id] for id in ids[start : start + limit + 1]]
        return _page(records, rows, limit)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        records = self._catalogue.records(entity)
        with self._lock:
            return len(self._table(records).matching(records, field, value))

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        check_limit(limit)
        check_moment(before)
        records = self._catalogue.records(entity)
        expires = records.expires
        with self._lock:
            table = self._table(records)
            times = ((id, row.record[expires]) for id, row in table.rows.items())
            gone = list(islice((id for id, at in times if at is not None and at < before), limit))
            for id in gone:
                table.replace(id, None)
        return len(gone)

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load."""
        check_batch(batch)
        loaded = 0
        remaining = iter(entities)
        while some := list(islice(remaining, batch)):
            # One by one, since the bounds of a commit are not those of a batch.
            writes = [write for each in some for write in self._catalogue.plan([Add(each)])]
            with self._lock:
                self._apply(writes)
            loaded += len(some)
        return loaded

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms."""
        with self._lock:
            return sorted({realm for (realm, _), table in self._tables.items() if table.rows})

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _realm=check_realm(name))
        return view

    async def close(self) -> None:
        """Do nothing: what a memory store holds lives as long as the object."""

    def _table(self, records: Records[Any]) -> "_Table":
        key = (self._realm, records.collection.name)
        if key not in self._tables:
            self._tables[key] = _Table(records.collection)
        return self._tables[key]

    def _apply(self, writes: Sequence[Write]) -> None:
        done: list[tuple[_Table, str, _Row | None]] = []
        try:
            for write in writes:
                table = self._table(write.records)
                done.append((table, write.id, table.apply(write)))
        except (DuplicateError, StaleError):
            for table, id, row in reversed(done):
                table.replace(id, row)
            raise


class _Row(NamedTuple):
    record: Record
    words: frozenset[str]


class _Table:
    """The records of one collection in one realm, with what they are found by."""

    def __init__(self, collection: Collection[Any]) -> None:
        self.collection = collection
        self.rows: dict[str, _Row] = {}
        self._ids: list[str] = []
        self._ids_by_value: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._words: list[tuple[str, str]] = []

    def matching(self, records: Records[Any], field: str | None, value: str | None) -> list[str]:
        if not records.by_value(field, value):
            return self._ids
        return self._ids_by_value.get((str(field), str(value)), [])

    def ids_by_prefix(self, prefix: str) -> set[str]:
        end = prefix_end(prefix)
        start = bisect_left(self._words, (prefix, ""))
        stop = len(self._words) if end is None else bisect_left(self._words, (end, ""))
        return {id for _, id in self._words[start:stop]}

    def apply(self, write: Write) -> _Row | None:
        """Carry out a write and return the row it replaced, or raise and change nothing."""
        stored = self.rows.get(write.id)
        if write.verb is Verb.ADD and stored is not None:
            raise DuplicateError("id")
        if write.verb is not Verb.ADD and (stored is None or stored.record["version"] != write.version):
            raise StaleError
        if write.after is None:
            self.replace(write.id, None)
            return stored
        for field in self.collection.unique:
            if any(id != write.id for id in self._ids_by_value.get((field, write.after[field]), ())):
                raise DuplicateError(field)
        self.replace(write.id, _Row(write.after, write.words_after))
        return stored

    def replace(self, id: str, row: _Row | None) -> None:
        """Put a row in the place of what is stored under its id; None only takes that out."""
        stored = self.rows.pop(id, None)
        if stored is not None:
            _discard(self._ids, id)
            self._forget(id, stored)
        if row is not None:
            self.rows[id] = row
            insort(self._ids, id)
            self._learn(id, row)

    def _learn(self, id: str, row: _Row) -> None:
        for field in self.collection.lookups:
            if row.record[field] is not None:
                insort(self._ids_by_value[field, row.record[field]], id)
        for word in row.words:
            insort(self._words, (word, id))

    def _forget(self, id: str, row: _Row) -> None:
        for key in ((field, row.record[field]) for field in self.collection.lookups):
            if key in self._ids_by_value:
                _discard(self._ids_by_value[key], id)
                if not self._ids_by_value[key]:
                    del self._ids_by_value[key]
        for word in row.words:
            _discard(self._words, (word, id))


def _discard(ordered: list[Any], item: Any) -> None:
    del ordered[bisect_left(ordered, item)]


def _page(records: Records[E], rows: Sequence[_Row], limit: int) -> Page[E]:
    items = tuple(records.decode(row.record) for row in rows[:limit])
    return Page(items, items[-1].id if len(rows) > limit else None)
