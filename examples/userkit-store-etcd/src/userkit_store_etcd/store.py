"""Entities in etcd: one transaction for each commit."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from userkit.errors import StaleError, StoreUnavailableError
from userkit.storage import (
    DEFAULT_REALM,
    LARGEST_COMMIT,
    Catalogue,
    Change,
    Collection,
    Entity,
    Lookup,
    Page,
    Remove,
    check_after,
    check_limit,
    check_moment,
    check_realm,
    has_happened,
    is_id,
    milliseconds,
    page_of_one,
)
from userkit_store_etcd.address import Address
from userkit_store_etcd.gateway import AnswerLostError, CompactedError, Gateway
from userkit_store_etcd.keys import Kind, number
from userkit_store_etcd.planning import Plan
from userkit_store_etcd.reading import Range, Reader, pairs

__all__ = ["EtcdStore"]

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

_ATTEMPTS = 3


class EtcdStore:
    """Keep entities in etcd 3.4 or later. It serves both kits: every call blocks."""

    blocking = True

    def __init__(self, address: Address) -> None:
        """Take where etcd is; ``prepare`` connects."""
        self._address = address
        self._gateway = Gateway(address)
        self._reader = Reader(self._gateway, most=address.max_txn_ops)
        self._catalogue = Catalogue()
        self._realm = DEFAULT_REALM

    @property
    def concurrency(self) -> int:
        """See Concurrent.concurrency: the size of the connection pool."""
        return self._address.pool_size

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare: there is nothing to create, and one read shows that etcd answers."""
        self._catalogue.add(collections)
        self._reader.read(f"{self._address.prefix}/".encode())

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        kind = self._kind(entity)
        value = self._reader.value(kind.entity_key(id)) if is_id(id) else None
        return None if value is None else kind.entity(value)

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
        """See Store.find. Every page is as last committed, also by an indexed field."""
        check_limit(limit)
        check_after(after)
        kind = self._kind(entity)
        lookup = kind.records.lookup(field, value)
        if lookup.hopeless:
            return Page(())
        keys = _place(kind, lookup)
        if lookup.unique:
            found = _patiently(lambda: self._reader.holder(kind, keys))
            return page_of_one(found, after=after, newest_first=newest_first)
        return _patiently(
            lambda: self._reader.page(kind, keys, limit=limit, after=after, newest_first=newest_first)
        )

    async def commit(self, *changes: Change) -> None:
        """See Store.commit. Raises UsageError for more than fits into one transaction of etcd."""
        self._carry_out(changes)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        kind = self._kind(entity)
        lookup = kind.records.lookup(field, value)
        if lookup.hopeless:
            return 0
        keys = _place(kind, lookup)
        return self._reader.count(keys if lookup.unique else Range.under(keys))

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        check_limit(limit)
        check_moment(before)
        kind = self._kind(entity)
        kind.records.check_expires()
        due = Range(kind.expiry_key("", ""), kind.expiry_key(number(milliseconds(before)), ""))
        gone = _patiently(lambda: self._reader.listed(kind, due, limit))
        parts = (gone[start : start + LARGEST_COMMIT] for start in range(0, len(gone), LARGEST_COMMIT))
        return sum(self._remove(part) for part in parts)

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms: those where something is; one read finds the next."""
        first = f"{self._address.prefix}/".encode()
        names, keys = list[str](), Range.under(first)
        while found := pairs([self._reader.read(keys, limit="1", keys_only=True)]):
            name = next(iter(found))[len(first) :].partition(b"/")[0]
            names.append(name.decode())
            keys = Range(first + name + b"0", keys.end)  # the character after the slash
        return sorted(names)

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _realm=check_realm(name))
        return view

    async def close(self) -> None:
        """See Store.close."""
        self._gateway.close()

    def _kind(self, entity: type[E]) -> Kind[E]:
        return Kind.of(self._catalogue.records(entity), self._address.prefix, self._realm)

    def _carry_out(self, changes: Sequence[Change]) -> None:
        writes = self._catalogue.plan(changes)
        kinds = [self._kind(write.records.collection.entity) for write in writes]
        plan = Plan.of(list(zip(kinds, writes, strict=True)), most=self._address.max_txn_ops)
        lost: AnswerLostError | None = None
        for _ in range(_ATTEMPTS if writes else 0):
            try:
                answer = self._gateway.call("kv/txn", **plan.body)
            except AnswerLostError as error:
                # Sent again it does no harm: what was done already is refused, and shown.
                lost = error
                continue
            if answer.get("succeeded"):
                return
            found = pairs([each["response_range"] for each in answer["responses"]])
            if lost is not None and has_happened(plan.stored(found), writes):
                return
            raise plan.refusal(found)
        if lost is not None:
            raise StoreUnavailableError(str(lost)) from lost

    def _remove(self, entities: Sequence[Entity]) -> int:
        """Take entities out, those that nobody changes meanwhile, and return how many."""
        try:
            self._carry_out([Remove(each) for each in entities])
        except StaleError:
            return sum(self._remove([each]) for each in entities) if len(entities) > 1 else 0
        return len(entities)


def _place(kind: Kind[Any], lookup: Lookup) -> bytes:
    """Return where the entities are listed that a find looks for, or who holds a unique value."""
    if lookup.everything:
        return kind.entity_key("")
    key = kind.marker_key if lookup.unique else kind.index_key
    return key(lookup.field, lookup.value)


def _patiently(read: Callable[[], T]) -> T:
    """Read again when etcd has forgotten the moment of which it was asked."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return read()
        except CompactedError:
            continue
    return read()
