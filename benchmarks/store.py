"""Point reads and writes through the store, against the bare driver running the same statements."""

import asyncio
import json
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
from psycopg_pool import ConnectionPool

from benchmarks.measure import Contest, contest
from benchmarks.people import people
from benchmarks.servers import postgresql
from userkit import User
from userkit.features.users import USERS
from userkit.plugins.opening import open_store
from userkit.storage.changes import Add, Save
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore
from userkit.sync import run as step

__all__ = ["run"]

READS = 1000
WRITES = 200
REALM = "default"
COLUMNS = (
    "schema, id, version, email, email_key, email_verified_at, name, disabled_at, attributes, "
    "created_at, updated_at"
)

Finish = Callable[[Coroutine[Any, Any, int]], int]


class Ours:
    """Through the store."""

    def __init__(self, store: Store, user: User) -> None:
        self.store, self.user = store, user

    async def get(self) -> None:
        assert await self.store.get(User, self.user.id) is not None

    async def find(self) -> None:
        assert (await self.store.find(User, "email_key", self.user.email_key, limit=1)).items

    async def save(self) -> None:
        after = self.user.evolve(attributes={"seen": self.user.version})
        await self.store.commit(Save(self.user, after))
        self.user = after


class Bare(ABC):
    """Through the driver, with statements that do the same."""

    mark = "?"

    def __init__(self, user: User) -> None:
        self.id, self.key, self.version = user.id, user.email_key, user.version
        marks = [self.mark.replace("#", str(number)) for number in range(1, 7)]
        select = f"SELECT {COLUMNS} FROM userkit_users WHERE"
        self.get_text = f"{select} id = {marks[0]} AND realm = {marks[1]}"
        self.find_text = f"{select} realm = {marks[0]} AND email_key = {marks[1]}"
        self.save_text = (
            "UPDATE userkit_users SET schema = {}, version = {}, attributes = {} "
            "WHERE id = {} AND realm = {} AND version = {}"
        ).format(*marks)

    @abstractmethod
    async def rows(self, text: str, values: Sequence[Any]) -> Sequence[Any]: ...

    @abstractmethod
    async def write(self, text: str, values: Sequence[Any]) -> None: ...

    async def get(self) -> None:
        assert await self.rows(self.get_text, (self.id, REALM))

    async def find(self) -> None:
        assert await self.rows(self.find_text, (REALM, self.key))

    async def save(self) -> None:
        attributes = json.dumps({"seen": self.version})
        await self.write(self.save_text, (1, self.version + 1, attributes, self.id, REALM, self.version))
        self.version += 1


class BareSQLite(Bare):
    """One connection of the standard library, set up as the store sets up its own."""

    def __init__(self, user: User, path: Path) -> None:
        super().__init__(user)
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "busy_timeout = 5000",
        ):
            self.connection.execute(f"PRAGMA {pragma}")

    async def rows(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        return self.connection.execute(text, values).fetchall()

    async def write(self, text: str, values: Sequence[Any]) -> None:
        assert self.connection.execute(text, values).rowcount == 1


class BareSQLiteInAThread(BareSQLite):
    """The same in a thread of its own, one hop for each statement."""

    def __init__(self, user: User, path: Path) -> None:
        super().__init__(user, path)
        self.thread = ThreadPoolExecutor(1)

    async def rows(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self.thread, lambda: self.connection.execute(text, values).fetchall()
        )

    async def write(self, text: str, values: Sequence[Any]) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.thread, lambda: self.connection.execute(text, values))


class BarePsycopg(Bare):
    """psycopg with its own pool, in autocommit."""

    mark = "%s"

    def __init__(self, user: User, url: str) -> None:
        super().__init__(user)
        self.pool = ConnectionPool[psycopg.Connection[Any]](
            url, kwargs={"autocommit": True}, min_size=1, max_size=5, open=True
        )

    async def rows(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        with self.pool.connection() as connection:
            return connection.execute(text, values).fetchall()

    async def write(self, text: str, values: Sequence[Any]) -> None:
        with self.pool.connection() as connection:
            assert connection.execute(text, values).rowcount == 1


class BareAsyncpg(Bare):
    """asyncpg with its own pool."""

    mark = "$#"

    def __init__(self, user: User, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        super().__init__(user)
        self.pool = pool

    async def rows(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        return await self.pool.fetch(text, *values)

    async def write(self, text: str, values: Sequence[Any]) -> None:
        assert await self.pool.execute(text, *values) == "UPDATE 1"


def run() -> Iterator[Contest | str]:
    """Compare on SQLite (blocking, and in a thread) and on PostgreSQL (psycopg, asyncpg)."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _sqlite(Path(folder))
        with asyncio.Runner() as runner:
            yield from _sqlite_in_a_thread(Path(folder), runner)
    with postgresql() as url:
        yield from _psycopg(url)
        with asyncio.Runner() as runner:
            yield from _asyncpg(url, runner)


def _sqlite(folder: Path) -> Iterator[Contest]:
    path = folder / "blocking.db"
    store = open_store(f"sqlite:///{path}", blocking=True)
    mine, other = step(_two_people(store))
    bare = BareSQLite(other, path)
    yield from _three("SQLite", "sqlite3", Ours(store, mine), bare, step)
    bare.connection.close()
    step(store.close())


def _sqlite_in_a_thread(folder: Path, runner: asyncio.Runner) -> Iterator[Contest]:
    path = folder / "threaded.db"
    store = ThreadedStore(open_store(f"sqlite:///{path}", blocking=False))
    mine, other = runner.run(_two_people(store))
    bare = BareSQLiteInAThread(other, path)
    yield from _three("SQLite, asynchronous", "sqlite3 in a thread", Ours(store, mine), bare, runner.run)
    bare.thread.shutdown()
    bare.connection.close()
    runner.run(store.close())


def _psycopg(url: str) -> Iterator[Contest]:
    store = open_store(url, blocking=True)
    mine, other = step(_two_people(store))
    bare = BarePsycopg(other, url)
    yield from _three("PostgreSQL, psycopg", "psycopg's pool", Ours(store, mine), bare, step)
    bare.pool.close()
    step(store.close())


def _asyncpg(url: str, runner: asyncio.Runner) -> Iterator[Contest]:
    store = open_store(url.replace("postgresql:", "postgresql+asyncpg:"), blocking=False)
    mine, other = runner.run(_two_people(store))
    pool = runner.run(_asyncpg_pool(url))
    bare = BareAsyncpg(other, pool)
    yield from _three("PostgreSQL, asyncpg", "asyncpg's pool", Ours(store, mine), bare, runner.run)
    runner.run(pool.close())
    runner.run(store.close())


async def _asyncpg_pool(url: str) -> "asyncpg.Pool[asyncpg.Record]":
    return await asyncpg.create_pool(url, min_size=1, max_size=5)


async def _two_people(store: Store) -> tuple[User, User]:
    """Fill a store with a thousand people, and return one for each side."""
    await store.prepare([USERS])
    everybody = list(people(1000, prefix=f"{id(store)}-"))
    for start in range(0, len(everybody), 25):
        await store.commit(*map(Add, everybody[start : start + 25]))
    return everybody[500], everybody[501]


def _three(name: str, rival: str, ours: Ours, bare: Bare, finish: Finish) -> Iterator[Contest]:
    for verb, times in (("get", READS), ("find", READS), ("save", WRITES)):
        mine, theirs = getattr(ours, verb), getattr(bare, verb)
        yield contest(
            f"{name}: {verb}",
            rival,
            lambda operation=mine, count=times: finish(_repeat(operation, count)),
            lambda operation=theirs, count=times: finish(_repeat(operation, count)),
        )


async def _repeat(operation: Callable[[], Awaitable[None]], times: int) -> int:
    for _ in range(times):
        await operation()
    return times
