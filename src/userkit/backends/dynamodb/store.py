"""Entities in one table of Amazon DynamoDB, by boto3."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

from userkit.backends.dynamodb import loading, preparing, purging, reading, writing
from userkit.backends.dynamodb.calling import Caller
from userkit.backends.dynamodb.items import Form, entity_of
from userkit.backends.dynamodb.keys import LOOKUPS, entity_key, realm_key
from userkit.backends.dynamodb.links import GivenLink
from userkit.backends.dynamodb.template import template_of
from userkit.errors import UnsupportedStoreError, UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.kernel.page import Page
from userkit.storage.catalogue import (
    Catalogue,
    Write,
    check_after,
    check_batch,
    check_limit,
    check_moment,
    check_realm,
)
from userkit.storage.changes import Change
from userkit.storage.collection import Collection
from userkit.storage.port import DEFAULT_REALM

__all__ = ["DynamoDBStore", "Options"]

E = TypeVar("E", bound=Entity)

_DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a store uses its table; see DynamoDBSettings."""

    concurrency: int = 10
    shards: int | None = None
    keep_expired: int = _DAY
    create: bool = True
    transaction_items: int = 100
    emulated: bool = False


class DynamoDBStore:
    """Keep entities in one table of DynamoDB. It serves both kits: every call blocks.

    Give the kit a URL, ``dynamodb://TABLE?region=…``, or make a store with ``from_client``.
    """

    blocking = True

    def __init__(self, call: Caller, options: Options) -> None:
        """Take what makes requests, and how to use the table."""
        self._call = call
        self._options = options
        self._catalogue = Catalogue()
        self._known = _Known()
        self._realm = DEFAULT_REALM

    @classmethod
    def from_client(
        cls,
        client: Any,
        table: str,
        *,
        shards: int | None = None,
        keep_expired: int = _DAY,
        attempts: int = 6,
        create: bool = True,
    ) -> Self:
        """Use a client of boto3, ``boto3.client("dynamodb")``, which stays the application's own.

        Its time-outs, its pool and its credentials are the application's; closing the store leaves
        it open. Give it ``retries={"total_max_attempts": 1}``, since the store tries again itself,
        ``attempts`` times. The other options are those of the URL.
        """
        options = Options(
            concurrency=client.meta.config.max_pool_connections,
            shards=shards,
            keep_expired=keep_expired,
            create=create,
            emulated=".amazonaws.com" not in client.meta.endpoint_url,
        )
        return cls(Caller(GivenLink(client), table, attempts=attempts), options)

    @property
    def concurrency(self) -> int:
        """See Concurrent.concurrency: the size of the connection pool."""
        return self._options.concurrency

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare."""
        for collection in collections:
            _check(collection)
        self._catalogue.add(collections)
        if self._known.shards is None:
            self._known.shards = preparing.prepare(
                self._call,
                create=create and self._options.create,
                shards=self._options.shards,
                emulated=self._options.emulated,
            )

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get: one consistent read."""
        records = self._catalogue.records(entity)
        if not is_id(id):
            return None
        found = reading.item(self._call, entity_key(self._realm, records.collection.name, id))
        return None if found is None else entity_of(records, found)

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
        """See Store.find: two consistent reads by a unique field, else a query for each shard.

        What is found is as last committed. What was committed within the last moments may be
        missing from a list, but not from a find by a unique field.
        """
        check_limit(limit)
        check_after(after)
        records = self._catalogue.records(entity)
        if records.by_value(field, value) and not records.matchable(str(field), str(value)):
            return Page(())
        if field in records.collection.unique:
            found = reading.find_unique(self._call, self._form, records, str(field), str(value))
            return Page(tuple(each for each in (found,) if each and _follows(each.id, after, newest_first)))
        return reading.find(
            self._call, self._form, records, field, value, after=after, limit=limit, newest_first=newest_first
        )

    async def commit(self, *changes: Change) -> None:
        """See Store.commit: one conditional write, or one transaction."""
        self._write(self._catalogue.plan(changes))

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search. Raises InvalidInputError when more than 10,000 match."""
        check_limit(limit)
        check_after(after)
        records = self._catalogue.records(entity)
        if records.collection.search is None:
            return Page(())
        return reading.search(self._call, self._form, records, text, after=after, limit=limit)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count: an index is read for it, so it takes the longer the more there are."""
        records = self._catalogue.records(entity)
        if records.by_value(field, value) and not records.matchable(str(field), str(value)):
            return 0
        if field in records.collection.unique:
            found = reading.find_unique(self._call, self._form, records, str(field), str(value))
            return int(found is not None)
        return reading.count(self._call, reading.List.of(records, self._form, field, value))

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        check_limit(limit)
        check_moment(before)
        records = self._catalogue.records(entity)
        records.expires  # noqa: B018  # raises for what never expires
        return purging.purge(
            self._call,
            self._form,
            self._catalogue,
            records,
            before=before,
            limit=limit,
            room=self._options.transaction_items,
        )

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load: in batches of as much as fits into one transaction, at most ``batch``."""
        check_batch(batch)
        room = self._options.transaction_items
        loaded = 0
        for writes in loading.batches(entities, self._catalogue, batch=batch, room=room):
            self._write(writes)
            loaded += len(writes)
        return loaded

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms: those that were ever written to."""
        return reading.realms(self._call)

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _realm=check_realm(name))
        return view

    def template(self) -> Mapping[str, Any]:
        """Return a CloudFormation template of the table, for those who create it beforehand."""
        return template_of(self._call.table)

    async def close(self) -> None:
        """See Store.close. A client of the application stays open."""
        self._call.link.close()

    @property
    def _form(self) -> Form:
        if self._known.shards is None:
            raise UsageError("The store was not prepared: enter the kit first, or prepare it.")
        return Form(self._realm, self._known.shards, self._options.keep_expired)

    def _write(self, writes: Sequence[Write]) -> None:
        if writes:
            self._register()
            writing.carry_out(self._call, self._form, writes, room=self._options.transaction_items)

    def _register(self) -> None:
        """Note the realm before the first commit in it, once in a process."""
        if self._realm not in self._known.realms:
            self._call("put_item", Item=realm_key(self._realm))
            self._known.realms.add(self._realm)


class _Known:
    """What the views of a store have learnt together."""

    __slots__ = ("realms", "shards")

    def __init__(self) -> None:
        self.shards: int | None = None
        self.realms: set[str] = set()


def _check(collection: Collection[Any]) -> None:
    if len(collection.index) > LOOKUPS:
        raise UnsupportedStoreError(
            f"{collection.name} is indexed by {len(collection.index)} fields; DynamoDB takes {LOOKUPS} here."
        )


def _follows(id: str, after: str | None, newest_first: bool) -> bool:
    return after is None or (id < after if newest_first else id > after)
