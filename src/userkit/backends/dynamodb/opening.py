"""Stores by URL: a client of our own, with bounded waiting everywhere."""

from userkit.backends.dynamodb.addresses import Address
from userkit.backends.dynamodb.calling import Caller
from userkit.backends.dynamodb.links import OwnLink
from userkit.backends.dynamodb.settings import DynamoDBSettings
from userkit.backends.dynamodb.store import DynamoDBStore, Options

__all__ = ["open_url"]


def open_url(url: str, *, settings: DynamoDBSettings | None = None) -> DynamoDBStore:
    """Make a store for ``dynamodb://TABLE?region=…``; it connects in ``prepare``.

    ``settings`` hold what the options of the URL do not say. Raises InvalidURLError.
    """
    address = Address.read(url, settings=settings)
    chosen = address.settings
    options = Options(
        concurrency=chosen.pool_size,
        shards=chosen.shards,
        keep_expired=chosen.keep_expired,
        create=chosen.create,
        transaction_items=chosen.transaction_items,
        emulated=chosen.endpoint_url is not None,
    )
    return DynamoDBStore(Caller(OwnLink(chosen), address.table, attempts=chosen.attempts), options)
