"""Entities in SQL tables, over blocking and asynchronous engines and sessions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import Engine, MetaData
from sqlalchemy.orm import Session

from userkit.backends.sqlalchemy import inspecting, outcome, preparing, reading, writing
from userkit.backends.sqlalchemy.runners import (
    AsyncEngineRunner,
    AsyncSessionRunner,
    EngineRunner,
    Lost,
    Runner,
    SessionRunner,
    Work,
)
from userkit.backends.sqlalchemy.tables import tables_of
from userkit.backends.sqlalchemy.translation import Translation
from userkit.errors import UnsupportedStoreError, UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.kernel.page import Page
from userkit.storage.catalogue import (
    Catalogue,
    check_after,
    check_batch,
    check_limit,
    check_moment,
    check_realm,
)
from userkit.storage.changes import Change
from userkit.storage.collection import Collection
from userkit.storage.inspection import Inspection
from userkit.storage.migrations import Migrations
from userkit.storage.port import DEFAULT_REALM

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

__all__ = ["SQLAlchemyStore"]

E = TypeVar("E", bound=Entity)
T = TypeVar("T")


class SQLAlchemyStore:
    """Keep entities in the tables of a SQL database: SQLite, PostgreSQL, MariaDB or MySQL.

    Each verb is one plain function of a connection, run as it is over a blocking driver and in a
    greenlet over an asynchronous one. Make a store with ``from_engine`` or ``from_session``, or
    give the kit a URL.
    """

    def __init__(self, runner: Runner, *, catalogue: Catalogue | None = None, cascades: bool = False) -> None:
        """Take where connections come from.

        ``cascades``: foreign keys are switched on, should this be SQLite.
        """
        self._runner = runner
        self._errors = Translation(runner)
        self._catalogue = catalogue or Catalogue()
        self._cascades = cascades
        self._realm = DEFAULT_REALM
        self._prepared: set[str] = set()

    @classmethod
    def from_engine(cls, engine: "Engine | AsyncEngine") -> Self:
        """Use the engine of an application, which stays its own: closing the store leaves it open.

        Connections are used in autocommit mode, and their settings (time-outs, pragmas) are the
        application's.
        """
        runner = (
            EngineRunner(engine, own=False)
            if isinstance(engine, Engine)
            else AsyncEngineRunner(engine, own=False)
        )
        return cls(runner)

    @classmethod
    def from_session(cls, session: "Session | AsyncSession") -> Self:
        """Join the transaction of an application's session, which alone commits it or rolls it back.

        The built-in collections need no ``prepare``. Each commit of the store is a savepoint, so
        that what it refuses leaves the rows of the application as they are.
        """
        from userkit.backends.sqlalchemy.schema import COLLECTIONS

        runner = SessionRunner(session) if isinstance(session, Session) else AsyncSessionRunner(session)
        return cls(runner, catalogue=Catalogue(COLLECTIONS))

    @property
    def blocking(self) -> bool:
        """See Store.blocking: so it is over blocking engines and sessions."""
        return self._runner.blocking

    @property
    def concurrency(self) -> int:
        """See Concurrent.concurrency: the size of the pool; on SQLite at most 4, 1 on engines given to it."""
        return self._runner.concurrency

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare. On a session it only learns: its tables are the application's to make."""
        self._catalogue.add(collections)
        new = [each for each in collections if each.name not in self._prepared]
        if new and not self._runner.joins:
            metadata = MetaData()
            tables = [table for collection in new for table in tables_of(collection, metadata)]
            await self._write_again(partial(preparing.prepare, tables=tables, create=create))
            self._prepared.update(each.name for each in new)

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        collection = self._catalogue.records(entity).collection
        if not is_id(id):
            return None
        return await self._read(partial(reading.get, collection=collection, realm=self._realm, id=id))

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
        check_after(after)
        records = self._catalogue.records(entity)
        if records.by_value(field, value) and not records.matchable(str(field), str(value)):
            return Page(())
        work = partial(
            reading.find, collection=records.collection, realm=self._realm, field=field, value=value
        )
        return await self._read(partial(work, after=after, limit=limit, newest_first=newest_first))

    async def commit(self, *changes: Change) -> None:
        """See Store.commit. On a session it is a savepoint, and permanent when the application commits."""
        writes = self._catalogue.plan(changes)
        if writes:
            with self._errors:
                await outcome.carry_out(self._runner, self._realm, writes, cascades=self._cascades)

    async def search(
        self, entity: type[E], text: str, *, after: str | None = None, limit: int = 100
    ) -> Page[E]:
        """See Searchable.search."""
        check_limit(limit)
        check_after(after)
        collection = self._catalogue.records(entity).collection
        words = reading.ranges(text)
        if words is None or collection.search is None:
            return Page(())
        work = partial(reading.search, collection=collection, realm=self._realm, words=words)
        return await self._read(partial(work, after=after, limit=limit))

    async def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int:
        """See Countable.count."""
        records = self._catalogue.records(entity)
        if records.by_value(field, value) and not records.matchable(str(field), str(value)):
            return 0
        work = partial(reading.count, collection=records.collection, realm=self._realm)
        return await self._read(partial(work, field=field, value=value))

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        check_limit(limit)
        check_moment(before)
        work = partial(
            writing.purge,
            records=self._catalogue.records(entity),
            realm=self._realm,
            before=_next_millisecond(before),
            limit=limit,
            cascades=self._cascades,
        )
        return await self._write_again(work)

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load."""
        check_batch(batch)
        # A batch that was lost is not tried again, so connections of yesterday are found out before.
        await self._read(reading.ping)
        loaded = 0
        remaining = iter(entities)
        while some := list(islice(remaining, batch)):
            rows = writing.rows_of(some, self._catalogue, self._realm)
            await self._write(partial(writing.insert_all, rows=rows))
            loaded += len(some)
        return loaded

    async def realms(self) -> Sequence[str]:
        """See Surveyable.realms; on a session they are those of the built-in collections."""
        return await self._read(partial(reading.realms, collections=self._catalogue.collections))

    async def inspect(self) -> Inspection:
        """See Inspectable.inspect."""
        return await self._read(inspecting.inspect)

    def realm(self, name: str) -> Self:
        """See Store.realm."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _realm=check_realm(name))
        return view

    def migrations(self) -> Migrations:
        """See Migratable.migrations."""
        from userkit.backends.sqlalchemy.migrations import migrations_of

        if not isinstance(self._runner, EngineRunner) or not self._runner.blocking:
            raise UnsupportedStoreError(
                "Migrations need a blocking engine of their own, not a session or an asynchronous engine."
            )
        return migrations_of(self._runner.engine)

    async def close(self) -> None:
        """See Store.close. Engines and sessions of the application stay open."""
        await self._runner.close()

    async def _read(self, work: Work[T]) -> T:
        with self._errors:
            try:
                return await self._runner.run(work)
            except Lost as lost:
                # A pooled connection may be older than the server's last restart.
                if self._runner.joins or lost.waited_long:
                    raise
            return await self._runner.run(work)

    async def _write(self, work: Work[T]) -> T:
        with self._errors:
            return await outcome.retrying(self._runner, work)

    async def _write_again(self, work: Work[T]) -> T:
        """Write what does no harm when it is written twice."""
        with self._errors:
            try:
                return await outcome.retrying(self._runner, work)
            except Lost as lost:
                if self._runner.joins or lost.waited_long:
                    raise
            return await outcome.retrying(self._runner, work)


def _next_millisecond(moment: datetime) -> datetime:
    # Databases cut or round what is finer, each in its way.
    if moment.tzinfo is None:
        raise UsageError("before is an aware time, such as datetime.now(UTC).")
    return moment + timedelta(microseconds=-moment.microsecond % 1000)
