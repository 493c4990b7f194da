"""Point reads and writes through the store, against the bare driver and SQLAlchemy's ORM doing the same.

A driver is used as an application with threads must use it: with its own pool, or with a queue of one
connection where it has none (sqlite3). What a connection costs that nobody else may use is told besides.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.measure import Contest, contest
from benchmarks.people import people
from benchmarks.servers import postgresql
from benchmarks.statements import (
    AsyncORM,
    Bare,
    BareAsyncpg,
    BarePsycopg,
    BareSQLite,
    BareSQLiteInAThread,
    BlockingORM,
    QueuedSQLite,
)
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
GOAL = "P7"
DRIVER, ORM = 1.5, 0.4

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


Rival = Bare | BlockingORM | AsyncORM


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
    mine, other, third, fourth = step(_some_people(store))
    ours = Ours(store, mine)
    bare, queued = BareSQLite(other, path), QueuedSQLite(fourth, path)
    orm = BlockingORM(third, f"sqlite:///{path}")
    yield from _three("SQLite", "sqlite3 and a queue", ours, queued, step, at_most=DRIVER)
    queued.connection.close()
    yield from _three("SQLite", "sqlite3, one connection, no threads", ours, bare, step)
    yield from _three("SQLite", "SQLAlchemy's ORM", ours, orm, step, at_most=ORM)
    bare.connection.close()
    orm.engine.dispose()
    step(store.close())


def _sqlite_in_a_thread(folder: Path, runner: asyncio.Runner) -> Iterator[Contest]:
    path, name = folder / "threaded.db", "SQLite, asynchronous"
    store = ThreadedStore(open_store(f"sqlite:///{path}", blocking=False))
    mine, other, third, _ = runner.run(_some_people(store))
    ours, bare = Ours(store, mine), BareSQLiteInAThread(other, path)
    yield from _three(name, "sqlite3 in a thread", ours, bare, runner.run, at_most=DRIVER)
    bare.thread.shutdown()
    bare.connection.close()
    orm = AsyncORM(third, f"sqlite+aiosqlite:///{path}")
    yield from _three(name, "SQLAlchemy's ORM", ours, orm, runner.run, at_most=ORM)
    runner.run(orm.engine.dispose())
    runner.run(store.close())


def _psycopg(url: str) -> Iterator[Contest]:
    store = open_store(url, blocking=True)
    mine, other, third, _ = step(_some_people(store))
    ours, bare = Ours(store, mine), BarePsycopg(other, url)
    orm = BlockingORM(third, url.replace("postgresql:", "postgresql+psycopg:"))
    yield from _three("PostgreSQL, psycopg", "psycopg's pool", ours, bare, step, at_most=DRIVER)
    yield from _three("PostgreSQL, psycopg", "SQLAlchemy's ORM", ours, orm, step, at_most=ORM)
    bare.pool.close()
    orm.engine.dispose()
    step(store.close())


def _asyncpg(url: str, runner: asyncio.Runner) -> Iterator[Contest]:
    address = url.replace("postgresql:", "postgresql+asyncpg:")
    store = open_store(address, blocking=False)
    mine, other, third, _ = runner.run(_some_people(store))
    pool = runner.run(_asyncpg_pool(url))
    ours, bare, orm = Ours(store, mine), BareAsyncpg(other, pool), AsyncORM(third, address)
    yield from _three("PostgreSQL, asyncpg", "asyncpg's pool", ours, bare, runner.run, at_most=DRIVER)
    yield from _three("PostgreSQL, asyncpg", "SQLAlchemy's ORM", ours, orm, runner.run, at_most=ORM)
    runner.run(orm.engine.dispose())
    runner.run(pool.close())
    runner.run(store.close())


async def _asyncpg_pool(url: str) -> "asyncpg.Pool[asyncpg.Record]":
    return await asyncpg.create_pool(url, min_size=1, max_size=5)


async def _some_people(store: Store) -> Sequence[User]:
    """Fill a store with a thousand people, and return some of them."""
    await store.prepare([USERS])
    everybody = list(people(1000, prefix=f"{id(store)}-"))
    for start in range(0, len(everybody), 25):
        await store.commit(*map(Add, everybody[start : start + 25]))
    return everybody[500:504]


def _three(
    name: str, rival: str, ours: Ours, theirs: Rival, finish: Finish, *, at_most: float | None = None
) -> Iterator[Contest]:
    for verb, times in (("get", READS), ("find", READS), ("save", WRITES)):
        mine, other = getattr(ours, verb), getattr(theirs, verb)
        yield contest(
            f"{name}: {verb}",
            rival,
            lambda operation=mine, count=times: finish(_repeat(operation, count)),
            lambda operation=other, count=times: finish(_repeat(operation, count)),
            goal=GOAL if at_most else "",
            at_most=at_most,
        )


async def _repeat(operation: Callable[[], Awaitable[None]], times: int) -> int:
    for _ in range(times):
        await operation()
    return times
