"""Stores on emulators, opened in whichever process a test needs them."""

import os

from tests.servers.dynamodb import CREDENTIALS
from userkit.backends.dynamodb.opening import open_url
from userkit.backends.dynamodb.store import DynamoDBStore
from userkit.storage.threaded import ThreadedStore

__all__ = ["open_in_threads", "open_store"]


def open_store(url: str) -> DynamoDBStore:
    """Open a table with the credentials of emulators."""
    _sign_in()
    return open_url(url)


def open_in_threads(url: str) -> ThreadedStore:
    """Open a table as an asynchronous kit does."""
    return ThreadedStore(open_store(url))


def _sign_in() -> None:
    os.environ.update(CREDENTIALS)
