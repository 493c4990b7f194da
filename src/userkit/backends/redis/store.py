"""Entities in Redis or Valkey: one script for each verb."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from userkit.backends.redis import scripts
from userkit.backends.redis.checking import check
from userkit.backends.redis.committing import batches, carry_out
from userkit.backends.redis.connecting import Link
from userkit.backends.redis.errors import DRIVER_ERRORS, is_unknown, translating
from userkit.backends.redis.forms import Form
from userkit.backends.redis.inspecting import inspect
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
from userkit.storage.plain import milliseconds
from userkit.storage.port import DEFAULT_REALM
from userkit.storage.words import prefix_end, query_words

__all__ = ["RedisStore"]

E = TypeVar("E", bound=Entity)


class RedisStore:
    """Keep entities in Redis or Valkey, alone, behind sentinels or as a cluster.

    Each verb is one script and one round trip. Everything of a realm is in one slot, so that a
    commit is all or nothing in a cluster as well. Make a store with ``from_client``, or give the
    kit a URL.
    """

    def __init__(self, link: Link, *, prefix: str = "userkit", keep_expired: int = 86_400) -> None:
        """Take the connection, what keys begin with, and how many seconds to keep what has expired, or -1."""
        self._link = link
        self._prefix = prefix
        self._keep = keep_expired * 1000 if keep_expired >= 0 else -1
        self._catalogue = Catalogue()
        self._forms: dict[type[Entity], Form[Any]] = {}
        self._checked: set[str] = set()
        self._known: set[str] = set()
        self._realm = DEFAULT_REALM

    @classmethod
    def from_client(
        cls, client: Any, *, prefix: str = "userkit", keep_expired: int = 86_400, concurrency: int = 10
    ) -> Self:
        """Use a client of the application, which stays its own: closing the store leaves it open.

        It is a Redis or a RedisCluster, of ``redis`` or of ``redis.asyncio``. The time-outs are the
        client's. ``concurrency``: how many calls go to it at once.
        """
        return cls(Link.over(client, pool_size=concurrency), prefix=prefix, keep_expired=keep_expired)

    @property
    def blocking(self) -> bool:
        """See Store.blocking: so it is over clients that block."""
        return self._link.blocking

    @property
    def concurrency(self) -> int:
        """See Concurrent.concurrency: the size of the pool."""
        return self._link.pool_size

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare; there is nothing to create.

        Raises UnsupportedStoreError for a server that is too old, or that may throw away what it
        was given, and StoreUnavailableError for one that does not let the store write.
        """
        self._catalogue.add(collections)
        if "server" not in self._checked:
            with translating(self._link.where):
                await check(self._link, self._tag)
            self._checked.add("server")

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        form = self._form(entity)
        if not is_id(id):
            return None
        with translating(self._link.where):
            text = await self._read(self._key(form, id), "d")
        return None if text is None else form.entity(text)

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
        check_after(after)
        by_value = form.records.by_value(field, value)
        if by_value and not form.records.matchable(str(field), str(value)):
            return Page(())
        if field in form.collection.unique:
            return await self._holder(form, str(field), str(value), after, newest_first=newest_first)
        words = (field or "", value or "", after or "", limit, int(newest_first))
        return await self._page(form, scripts.FIND, *words)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        if prepared := self._prepared(changes):
            await self._carry_out(prepared)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search; it looks at every word that matches, however many."""
        check_limit(limit)
        form = self._form(entity)
        check_after(after)
        words = sorted(query_words(text), key=len, reverse=True)
        if not words or form.collection.search is None or not all(map(is_storable_text, words)):
            return Page(())
        ranges = [end for word in words for end in _range(word)]
        return await self._page(form, scripts.SEARCH, after or "", limit, *ranges)

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        form = self._form(entity)
        if not form.records.by_value(field, value):
            how = "a"
        elif not form.records.matchable(str(field), str(value)):
            return 0
        else:
            how = "u" if field in form.collection.unique else "i"
        with translating(self._link.where):
            words = (form.collection.name, how, field or "", value or "")
            return int(await self._link.run(scripts.COUNT, self._tag, *words))

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        check_limit(limit)
        check_moment(before)
        form = self._form(entity)
        form.records.expires  # noqa: B018  # raises for what declares no time of expiry
        with translating(self._link.where):
            words = (form.collection.name, milliseconds(before), limit)
            return int(await self._link.run(scripts.PURGE, self._tag, *words))

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load; a batch is one script, and at most 1,000 entities or 2 MiB."""
        check_batch(batch)
        loaded = 0
        # One by one, since the bounds of a commit are not those of a batch.
        for part in batches((change for each in entities for change in self._prepared([Add(each)])), batch):
            await self._carry_out(part)
            loaded += len(part)
        return loaded

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms."""
        with translating(self._link.where):
            names = await self._link.call("SMEMBERS", f"{self._prefix}:realms")
        return sorted(each.decode() if isinstance(each, bytes) else each for each in names)

    async def inspect(self) -> Inspection:
        """See Inspectable.inspect."""
        with translating(self._link.where):
            return await inspect(self._link)

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _realm=check_realm(name))
        return view

    async def close(self) -> None:
        """See Store.close. A client of the application stays open."""
        await self._link.close()
        self._checked.clear()
        self._known.clear()

    @property
    def _tag(self) -> str:
        """What every key of this realm begins with; what is in braces is the same, and so is the slot."""
        return f"{{{self._prefix}:{self._realm}}}"

    def _key(self, form: Form[Any], id: str) -> str:
        return f"{self._tag}:{form.collection.name}:e:{id}"

    def _prepared(self, changes: Sequence[Change]) -> list[dict[str, str]]:
        writes = self._catalogue.plan(changes)
        return [self._form(write.records.collection.entity).change(write) for write in writes]

    def _form(self, entity: type[E]) -> Form[E]:
        form = self._forms.get(entity)
        if form is None:
            form = self._forms[entity] = Form(self._catalogue.records(entity))
        return form

    async def _read(self, key: str, field: str) -> bytes | None:
        """Read, once more where the connection may be older than the server's last restart."""
        try:
            text: bytes | None = await self._link.call("HGET", key, field)
        except DRIVER_ERRORS as error:
            if not _is_cut(error):
                raise
            text = await self._link.call("HGET", key, field)
        return text

    async def _run(self, script: Any, *arguments: Any) -> Any:
        """Run a script that only reads; see ``_read``."""
        try:
            return await self._link.run(script, self._tag, *arguments)
        except DRIVER_ERRORS as error:
            if not _is_cut(error):
                raise
            return await self._link.run(script, self._tag, *arguments)

    async def _holder(
        self, form: Form[E], field: str, value: str, after: str | None, *, newest_first: bool
    ) -> Page[E]:
        with translating(self._link.where):
            text = await self._run(scripts.UNIQUE, form.collection.name, field, value)
        if not text:
            return Page(())
        found = form.entity(text)
        passed = after is not None and (found.id >= after if newest_first else found.id <= after)
        return Page(() if passed else (found,))

    async def _page(self, form: Form[E], script: Any, *arguments: Any) -> Page[E]:
        with translating(self._link.where):
            more, texts = await self._run(script, form.collection.name, *arguments)
        items = tuple(form.entity(each) for each in texts)
        return Page(items, items[-1].id if more and items else None)

    async def _carry_out(self, changes: Sequence[dict[str, str]]) -> None:
        with translating(self._link.where):
            await self._be_known()
            await carry_out(self._link, self._tag, changes, keep=self._keep)

    async def _be_known(self) -> None:
        """Add the realm to those that there are, once for each process."""
        if self._realm not in self._known:
            await self._link.call("SADD", f"{self._prefix}:realms", self._realm)
            self._known.add(self._realm)


def _is_cut(error: Exception) -> bool:
    return is_unknown(error) and not isinstance(error, TimeoutError) and "imeout" not in type(error).__name__


def _range(word: str) -> tuple[bytes, bytes]:
    """Return the first and the last member of the words that begin with this, as ZRANGE takes them."""
    end = prefix_end(word)
    return b"[" + word.encode(), b"+" if end is None else b"(" + end.encode()
