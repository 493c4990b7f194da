"""The client of a store: made when it is needed, anew after a fork, and shared by the views of all realms."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from threading import Lock
from typing import Any
from weakref import WeakSet

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, MongoClient, ReadPreference
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from userkit.backends.mongodb.calling import MAJORITY, Calls, done
from userkit.backends.mongodb.errors import translated, translating
from userkit.errors import StoreUnavailableError, UnsupportedStoreError, UsageError

__all__ = ["CODEC", "Connection", "blocks"]

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD, tz_aware=True, tzinfo=UTC
)


class Connection:
    """A client and the database that it is used for.

    ``own`` says whether it is the store's, to be closed with it, or the application's.
    """

    def __init__(
        self,
        client: Any = None,
        *,
        make: Callable[[], Any] | None = None,
        blocking: bool,
        database: str,
        hosts: str,
        concurrency: int,
        read_concern: str,
        patience: float = 15.0,
        pool_timeout: float = 10.0,
    ) -> None:
        """Take a client of the application, or what makes one."""
        self.calls = Calls(blocking=blocking, patience=patience)
        self.database_name = database
        self.where = f"The MongoDB database {database}{f' at {hosts}' if hosts else ''}"
        self.concurrency = concurrency
        self._make, self._client, self._lock = make, client, Lock()
        self._concern = ReadConcern(read_concern)
        self._pool_timeout = pool_timeout
        self._turnstile = self._new_turnstile()
        _all.add(self)

    @property
    def client(self) -> Any:
        """Return the client, made now if there is none."""
        if self._client is None:
            with self._lock:
                # Threads that meet here are to share one.
                if self._client is None and self._make is not None:
                    self._client = self._make()
        return self._client

    @property
    def database(self) -> Any:
        """Return the database as userkit reads and writes it: native types, and only what is sure to stay."""
        return self.client.get_database(
            self.database_name,
            codec_options=CODEC,
            read_preference=ReadPreference.PRIMARY,
            write_concern=MAJORITY,
            read_concern=self._concern,
        )

    def collection(self, name: str, *, lists: bool = False) -> Any:
        """Return a collection; with ``lists`` for reads that no decision rests on."""
        concern = ReadConcern("majority") if lists else self._concern
        return self.database.get_collection(name, read_concern=concern)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for one of the connections, for a whole call; raise errors of ours for PyMongo's.

        Without it, writes that wait at the server for a transaction would hold every connection of the
        pool, and the transaction would get none to end with.
        """
        turnstile = self._turnstile
        if not await self._passed(turnstile):
            raise StoreUnavailableError(
                f"{self.where} has no free connection in the pool: none came free within pool_timeout."
            )
        try:
            with translating(self.where):
                yield
        finally:
            turnstile.release()

    async def _passed(self, turnstile: Any) -> bool:
        if self.calls.blocking:
            return bool(turnstile.acquire(timeout=self._pool_timeout))
        try:
            async with asyncio.timeout(self._pool_timeout):
                return bool(await turnstile.acquire())
        except TimeoutError:
            return False

    def _new_turnstile(self) -> Any:
        kind: Any = threading.BoundedSemaphore if self.calls.blocking else asyncio.BoundedSemaphore
        return kind(self.concurrency)

    async def check(self) -> None:
        """Raise UnsupportedStoreError for a server that has no transactions, and what else keeps us away."""
        try:
            hello = await done(self.client.admin.command("hello"))
        except PyMongoError as error:
            raise translated(error, self.where) from error
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise UnsupportedStoreError(
                f"{self.where} is a standalone server, which has no transactions: start it with --replSet, "
                "even if it is the only one, and run rs.initiate() once."
            )
        if self._is_direct and len(hello.get("hosts", ())) > 1:
            raise UnsupportedStoreError(
                f"{self.where} is one of several servers: leave directConnection out of the URL, for the one "
                "that it names need not be the primary."
            )

    @property
    def _is_direct(self) -> bool:
        return bool(self.client.topology_description.topology_type_name == "Single")

    async def close(self) -> None:
        """Close a client of our own."""
        if not self.calls.blocking:
            self._turnstile = self._new_turnstile()  # the next event loop may be another
        if self._make is None:
            return
        client, self._client = self._client, None
        if client is not None:
            await done(client.close())

    def leave_behind(self) -> None:
        """Begin with a fresh client in a process that was forked: the connections are the parent's."""
        self._turnstile = self._new_turnstile()
        if self._make is not None:
            _inherited.append(self._client)  # closing it here would speak on the parent's connections
            self._client, self._lock = None, Lock()


_all: "WeakSet[Connection]" = WeakSet()
_inherited: list[Any] = []


def _leave_all_behind() -> None:
    for each in list(_all):
        each.leave_behind()


def blocks(client: object) -> bool:
    """Tell whether a client is PyMongo's synchronous one. Raises UsageError for what is no client.

    Motor's is recognised by its name, since it may not be installed.
    """
    if isinstance(client, (MongoClient, AsyncMongoClient)):
        return isinstance(client, MongoClient)
    if any(
        each.__module__.startswith("motor.") and "Client" in each.__name__ for each in type(client).__mro__
    ):
        return False
    raise UsageError(
        "A client is a MongoClient, an AsyncMongoClient or an AsyncIOMotorClient, "
        f"not {type(client).__name__}."
    )


# Not every system can fork.
getattr(os, "register_at_fork", dict)(after_in_child=_leave_all_behind)
