"""Entities in etcd: one transaction for each commit."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from userkit.errors import StaleError, StoreUnavailableError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.kernel.page import Page
from userkit.storage.catalogue import Catalogue, check_after, check_limit, check_moment, check_realm
from userkit.storage.changes import Change, Remove
from userkit.storage.collection import Collection
from userkit.storage.outcome import has_happened
from userkit.storage.plain import milliseconds
from userkit.storage.port import DEFAULT_REALM, LARGEST_COMMIT
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
        keys = _place(kind, field, value)
        if keys is None:
            return Page(())
        if field in kind.records.collection.unique:
            found = _patiently(lambda: self._reader.holder(kind, keys))
            is_next = found is not None and _follows(found.id, after, newest_first=newest_first)
            return Page((found,) if found is not None and is_next else ())
        return _patiently(
            lambda: self._reader.page(kind, keys, limit=limit, after=after, newest_first=newest_first)
        )

    async def commit(self, *changes: Change) -> None:
        """See Store.commit. Raises UsageError for more than fits into one transaction of etcd."""
        self._carry_out(changes)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        kind = self._kind(entity)
        keys = _place(kind, field, value)
        if keys is None:
            return 0
        return self._reader.count(keys if field in kind.records.collection.unique else Range.under(keys))

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        check_limit(limit)
        check_moment(before)
        kind = self._kind(entity)
        kind.records.expires  # noqa: B018  # raises for what declares no time of expiry
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


def _place(kind: Kind[Any], field: str | None, value: str | None) -> bytes | None:
    """Return where entities with a value are listed, or all of them; None where nothing can have it."""
    records = kind.records
    if not records.by_value(field, value):
        return kind.entity_key("")
    name, text = str(field), str(value)
    if not records.matchable(name, text):
        return None
    return kind.marker_key(name, text) if name in records.collection.unique else kind.index_key(name, text)


def _follows(id: str, after: str | None, *, newest_first: bool) -> bool:
    return after is None or (id < after if newest_first else id > after)


def _patiently(read: Callable[[], T]) -> T:
    """Read again when etcd has forgotten the moment of which it was asked."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return read()
        except CompactedError:
            continue
    return read()
