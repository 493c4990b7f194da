"""The client of a store: made when it is needed, anew after a fork, and shared by the views of all realms."""

import os
from collections.abc import Callable
from datetime import UTC
from typing import Any
from weakref import WeakSet

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import MongoClient, ReadPreference
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from userkit.backends.mongodb.calling import MAJORITY, Calls, done
from userkit.backends.mongodb.errors import translated
from userkit.errors import UnsupportedStoreError, UsageError

__all__ = ["Connection", "blocks"]

_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
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
    ) -> None:
        """Take a client of the application, or what makes one."""
        self.calls = Calls(blocking=blocking)
        self.database_name = database
        self.where = f"The MongoDB database {database}{f' at {hosts}' if hosts else ''}"
        self.concurrency = concurrency
        self._make, self._client = make, client
        self._concern = ReadConcern(read_concern)
        if make is not None:
            _all.add(self)

    @property
    def client(self) -> Any:
        """Return the client, made now if there is none."""
        if self._client is None:
            if self._make is None:
                raise UsageError("The store is closed.")
            self._client = self._make()
        return self._client

    @property
    def database(self) -> Any:
        """Return the database as userkit reads and writes it: native types, and only what is sure to stay."""
        return self.client.get_database(
            self.database_name,
            codec_options=_CODEC,
            read_preference=ReadPreference.PRIMARY,
            write_concern=MAJORITY,
            read_concern=self._concern,
        )

    def collection(self, name: str, *, lists: bool = False) -> Any:
        """Return a collection; with ``lists`` for reads that no decision rests on."""
        concern = ReadConcern("majority") if lists else self._concern
        return self.database.get_collection(name, read_concern=concern)

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

    async def close(self) -> None:
        """Close a client of our own."""
        client, self._client = self._client, self._client if self._make is None else None
        if client is not None and self._make is not None:
            await done(client.close())

    def leave_behind(self) -> None:
        """Begin with a fresh client in a process that was forked: the connections are the parent's."""
        if self._make is not None:
            _inherited.append(self._client)  # closing it here would speak on the parent's connections
            self._client = None


_all: "WeakSet[Connection]" = WeakSet()
_inherited: list[Any] = []


def _leave_all_behind() -> None:
    for each in list(_all):
        each.leave_behind()


def blocks(client: object) -> bool:
    """Tell whether a client is PyMongo's synchronous one."""
    return isinstance(client, MongoClient)


# Not every system can fork.
getattr(os, "register_at_fork", dict)(after_in_child=_leave_all_behind)
