"""What the store is compared with: drivers running the same statements, and SQLAlchemy's ORM."""

import asyncio
import json
import queue
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
from psycopg_pool import ConnectionPool
from sqlalchemy import Select, create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from userkit import User
from userkit.backends.sqlalchemy import UserRow

__all__ = [
    "AsyncORM",
    "Bare",
    "BareAsyncpg",
    "BarePsycopg",
    "BareSQLite",
    "BareSQLiteInAThread",
    "BlockingORM",
    "QueuedSQLite",
]

REALM = "default"
COLUMNS = (
    "schema, id, version, email, email_key, email_verified_at, name, disabled_at, attributes, "
    "created_at, updated_at"
)


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


class QueuedSQLite(BareSQLite):
    """The same taken out of a queue and put back, as whoever has threads must."""

    def __init__(self, user: User, path: Path) -> None:
        super().__init__(user, path)
        self.queue: queue.Queue[sqlite3.Connection] = queue.Queue()
        self.queue.put(self.connection)

    async def rows(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        connection = self.queue.get()
        try:
            return connection.execute(text, values).fetchall()
        finally:
            self.queue.put(connection)

    async def write(self, text: str, values: Sequence[Any]) -> None:
        connection = self.queue.get()
        try:
            assert connection.execute(text, values).rowcount == 1
        finally:
            self.queue.put(connection)


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


class BlockingORM:
    """Through SQLAlchemy's ORM as its documentation shows it: a session for each operation."""

    def __init__(self, user: User, url: str) -> None:
        self.id, self.key, self.seen = user.id, user.email_key, 0
        self.engine = create_engine(url)
        self.session = sessionmaker[Session](self.engine)

    async def get(self) -> None:
        with self.session() as session:
            assert session.get(UserRow, self.id) is not None

    async def find(self) -> None:
        with self.session() as session:
            assert session.scalars(_by_address(self.key)).one().id

    async def save(self) -> None:
        with self.session() as session:
            row = session.get_one(UserRow, self.id)
            row.attributes, row.version, self.seen = {"seen": self.seen}, row.version + 1, self.seen + 1
            session.commit()


class AsyncORM:
    """The same through the asynchronous session."""

    def __init__(self, user: User, url: str) -> None:
        self.id, self.key, self.seen = user.id, user.email_key, 0
        self.engine = create_async_engine(url)
        self.session = async_sessionmaker[AsyncSession](self.engine)

    async def get(self) -> None:
        async with self.session() as session:
            assert await session.get(UserRow, self.id) is not None

    async def find(self) -> None:
        async with self.session() as session:
            assert (await session.scalars(_by_address(self.key))).one().id

    async def save(self) -> None:
        async with self.session() as session:
            row = await session.get_one(UserRow, self.id)
            row.attributes, row.version, self.seen = {"seen": self.seen}, row.version + 1, self.seen + 1
            await session.commit()


def _by_address(key: str) -> Select[tuple[UserRow]]:
    return select(UserRow).where(UserRow.realm == REALM, UserRow.email_key == key)
