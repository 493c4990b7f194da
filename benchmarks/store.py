"""Point reads and writes through the store, against the bare driver running the same statements."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Contest, contest
from benchmarks.people import people
from benchmarks.servers import postgresql
from userkit import User
from userkit.features.users import USERS
from userkit.plugins.opening import open_store
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.changes import Save
from userkit.storage.port import Store
from userkit.sync import run as step

__all__ = ["run"]

OPERATIONS = 500
PEOPLE = 1000

_COLUMNS = "id, version, email, email_key, email_verified_at, name, disabled_at, attributes, created_at, updated_at"
_GET = f"SELECT {_COLUMNS} FROM userkit_users WHERE id = {{0}} AND realm = {{1}}"
_FIND = f"SELECT {_COLUMNS} FROM userkit_users WHERE realm = {{0}} AND email_key = {{1}} LIMIT 2"
_SAVE = (
    "UPDATE userkit_users SET version = {0}, attributes = {1}, updated_at = {2} "
    "WHERE id = {3} AND realm = {4} AND version = {5}"
)

Do = Callable[[Callable[[], Awaitable[None]]], Callable[[], int]]


def run() -> Iterator[Contest | str]:
    """Compare on SQLite and, where its server can start, on PostgreSQL."""
    yield from _sqlite()
    with postgresql() as url:
        yield from _psycopg(url)
        yield from asyncio.Runner().run(_collect(_asyncpg, url))
