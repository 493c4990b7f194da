"""Entities in the collections of a MongoDB database."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Self, TypeVar
from uuid import UUID

from userkit.backends.mongodb import loading, preparing
from userkit.backends.mongodb.calling import done
from userkit.backends.mongodb.connection import Connection, blocks
from userkit.backends.mongodb.forms import WORDS, Document, Form
from userkit.backends.mongodb.inspecting import inspect
from userkit.backends.mongodb.writing import Pair, carry_out
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.kernel.json import is_storable_text
from userkit.kernel.page import Page
from userkit.storage.catalogue import (
    Catalogue,
    check_after,
    check_batch,
    check_limit,
    check_moment,
    check_realm,
)
from userkit.storage.changes import Add, Change
from userkit.storage.collection import Collection
from userkit.storage.inspection import Inspection
from userkit.storage.port import DEFAULT_REALM
from userkit.storage.words import prefix_end, query_words

__all__ = ["MongoStore"]

E = TypeVar("E", bound=Entity)


class MongoStore:
    """Keep entities in MongoDB, on a replica set or a sharded cluster.

    Make a store with ``from_client``, or give the kit a URL. A commit of several changes is a
    transaction; all writes are confirmed by a majority of the servers.
    """

    def __init__(self, connection: Connection, *, keep_expired: int = 86_400) -> None:
        """Take the connection, and how many seconds to keep what has expired, or -1 for ever."""
        self._connection = connection
        self._keep_expired = keep_expired
        self._catalogue = Catalogue()
        self._forms: dict[type[Entity], Form[Any]] = {}
        self._prepared: set[str] = set()
        self._realm = DEFAULT_REALM

    @classmethod
    def from_client(
        cls,
        client: Any,
        *,
        database: str = "userkit",
        keep_expired: int = 86_400,
        concurrency: int = 10,
        read_concern: str = "majority",
    ) -> Self:
        """Use a client of the application, which stays its own: closing the store leaves it open.

        It is a MongoClient, an AsyncMongoClient, or Motor's AsyncIOMotorClient. The time-outs are
        the client's. ``concurrency``: how many calls at once make sense, for a MongoClient in an
        asynchronous kit.
        """
        connection = Connection(
            client,
            blocking=blocks(client),
            database=database,
            hosts="",
            concurrency=concurrency,
            read_concern=read_concern,
        )
        return cls(connection, keep_expired=keep_expired)

    @property
    def blocking(self) -> bool:
        """See Store.blocking: so it is over a MongoClient."""
        return self._connection.calls.blocking

    @property
    def concurrency(self) -> int:
        """See Concurrent.concurrency: the size of the pool."""
        return self._connection.concurrency

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare. Raises UnsupportedStoreError for a server without transactions."""
        self._catalogue.add(collections)
        new = [self._form(each.entity) for each in collections if each.name not in self._prepared]
        if not new:
            return
        await self._connection.check()
        async with self._connection.turn():
            keeps = self._keep_expired < 0
            await preparing.prepare(self._connection, new, create=create, keeps=keeps)
        self._prepared.update(form.collection.name for form in new)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        form = self._form(entity)
        if not is_id(id):
            return None
        async with self._connection.turn():
            which = {"_id": UUID(id), "realm": self._realm}
            document = await done(self._connection.collection(form.name).find_one(which))
        return None if document is None else form.entity(document)

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
        form = self._form(entity)
        which = self._which(form, field, value)
        if which is None:
            return Page(())
        lists = field not in form.collection.unique
        return await self._page(form, which, after, limit, newest_first=newest_first, lists=lists)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        pairs: list[Pair] = [(self._form_of(each), each) for each in self._catalogue.plan(changes)]
        if pairs:
            async with self._connection.turn():
                await carry_out(self._connection, self._realm, pairs)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search."""
        check_limit(limit)
        form = self._form(entity)
        ranges = [_range(word) for word in sorted(query_words(text))]
        if not ranges or form.collection.search is None or None in ranges:
            return Page(())
        which = {"realm": self._realm, "$and": [{WORDS: {"$elemMatch": each}} for each in ranges]}
        return await self._page(form, which, after, limit, newest_first=False, lists=True)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        form = self._form(entity)
        which = self._which(form, field, value)
        if which is None:
            return 0
        async with self._connection.turn():
            collection = self._connection.collection(form.name, lists=True)
            return int(await done(collection.count_documents(which)))

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        check_limit(limit)
        check_moment(before)
        form = self._form(entity)
        expired = {"realm": self._realm, form.records.expires: {"$lt": _rounded_up(before)}}
        async with self._connection.turn():
            collection = self._connection.collection(form.name)
            cursor = collection.find(expired, projection=["_id"], limit=limit)
            ids = [each["_id"] for each in await done(cursor.to_list(limit))]
            if not ids:
                return 0
            gone = await done(collection.delete_many({"_id": {"$in": ids}, **expired}))
        return int(gone.deleted_count)

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load; a batch is a transaction, and at most 1,000 entities."""
        check_batch(batch)
        loaded = 0
        remaining = iter(entities)
        while some := list(islice(remaining, min(batch, loading.LARGEST_BATCH))):
            await self._load(some)
            loaded += len(some)
        return loaded

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms."""
        found: set[str] = set()
        async with self._connection.turn():
            for form in list(self._forms.values()):
                collection = self._connection.collection(form.name, lists=True)
                found.update(await done(collection.distinct("realm")))
        return sorted(found)

    async def inspect(self) -> Inspection:
        """See Inspectable.inspect."""
        async with self._connection.turn():
            return await inspect(self._connection)

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _realm=check_realm(name))
        return view

    async def close(self) -> None:
        """See Store.close. A client of the application stays open."""
        await self._connection.close()
        self._prepared.clear()

    def _form(self, entity: type[E]) -> Form[E]:
        form = self._forms.get(entity)
        if form is None:
            form = Form(self._catalogue.records(entity), self._keep_expired)
            self._forms[entity] = form
        return form

    def _form_of(self, write: Any) -> Form[Any]:
        return self._form(write.records.collection.entity)

    def _which(self, form: Form[Any], field: str | None, value: str | None) -> Document | None:
        """Return the filter of a find; None when nothing can match."""
        if not form.records.by_value(field, value):
            return {"realm": self._realm}
        if not form.records.matchable(str(field), str(value)):
            return None
        return {"realm": self._realm, **form.lookup(str(field), str(value))}

    async def _page(
        self,
        form: Form[E],
        which: Document,
        after: str | None,
        limit: int,
        *,
        newest_first: bool,
        lists: bool,
    ) -> Page[E]:
        check_after(after)
        if after is not None:
            which = {**which, "_id": {"$lt" if newest_first else "$gt": UUID(after)}}
        async with self._connection.turn():
            collection = self._connection.collection(form.name, lists=lists)
            cursor = collection.find(which, sort=[("_id", -1 if newest_first else 1)], limit=limit + 1)
            documents = await done(cursor.to_list(limit + 1))
        items = tuple(form.entity(each) for each in documents[:limit])
        return Page(items, items[-1].id if len(documents) > limit else None)

    async def _load(self, entities: Sequence[Entity]) -> None:
        # One by one, since the bounds of a commit are not those of a batch.
        writes = [write for each in entities for write in self._catalogue.plan([Add(each)])]
        await loading.load(self._connection, self._realm, [(self._form_of(each), each) for each in writes])


def _range(word: str) -> Document | None:
    """Return the range of the words that begin with this; None for what no word can be."""
    if not is_storable_text(word):
        return None
    end = prefix_end(word)
    return {"$gte": word} if end is None else {"$gte": word, "$lt": end}


def _rounded_up(moment: datetime) -> datetime:
    # MongoDB cuts what is finer than a millisecond.
    return moment + timedelta(microseconds=-moment.microsecond % 1000)
