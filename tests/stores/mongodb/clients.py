"""Stores on clients of each of the three drivers, for tests that need no URL of ours."""

from typing import Any

from pymongo import AsyncMongoClient, MongoClient

from userkit.backends.mongodb import MongoStore
from userkit.backends.mongodb.calling import done

__all__ = ["DRIVERS", "OwningStore", "store_over"]

DRIVERS = ("pymongo", "pymongo-asynchronous", "motor")


class OwningStore(MongoStore):
    """A store that closes the client it was given, since nobody else will."""

    async def close(self) -> None:
        """Close the client as well."""
        client = self._connection.client
        await super().close()
        await done(client.close())


def store_over(driver: str, url: str, database: str) -> MongoStore:
    """Return a store on a client that was made as an application makes it."""
    return OwningStore.from_client(_client(driver, url), database=database, keep_expired=-1)


def _client(driver: str, url: str) -> Any:
    if driver == "motor":
        from motor.motor_asyncio import AsyncIOMotorClient

        return AsyncIOMotorClient(url)
    return MongoClient[Any](url) if driver == "pymongo" else AsyncMongoClient[Any](url)
