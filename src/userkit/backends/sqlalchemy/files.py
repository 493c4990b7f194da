"""Engines for SQLite files, set up for safe writing and bounded waiting."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from userkit.backends.sqlalchemy.addresses import Address
from userkit.backends.sqlalchemy.settings import SQLAlchemySettings
from userkit.errors import InvalidURLError

__all__ = ["file_engine"]

_MEMORY = ":memory:"


def file_engine(address: Address, **options: Any) -> Engine:
    """Return an engine for a SQLite file, or for a database in memory, which has one connection."""
    settings, name = address.settings, address.url.database or _MEMORY
    in_memory = name == _MEMORY
    # With its only connection a database in memory would go, so that is never replaced.
    pool = {"pool_size": 1, "max_overflow": 0, "pool_recycle": -1} if in_memory else {}
    target = f"file:{_MEMORY}" if in_memory else f"{_path(name).as_uri()}?mode={settings.mode}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            target,
            uri=True,
            timeout=settings.busy_timeout,
            isolation_level=None,
            # A connection is used by one thread at a time, but by several in turn.
            check_same_thread=False,
        )

    engine = create_engine(address.url, creator=connect, poolclass=QueuePool, **{**options, **pool})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA synchronous = {settings.synchronous}")
        if not in_memory and settings.mode != "ro":
            _use_wal(connection, settings)

    return engine


def _path(name: str) -> Path:
    if name.startswith("file:"):
        raise InvalidURLError(
            "A SQLite URL names a path, not a URI: mode=ro and the like are options of their own."
        )
    return Path(os.path.abspath(name))  # noqa: PTH100  # resolve() would follow links, which SQLite does itself


def _use_wal(connection: sqlite3.Connection, settings: SQLAlchemySettings) -> None:
    # Readers and a writer do not block each other then. It is kept in the file, so it is mostly there;
    # and the switch is the one thing that SQLite does not wait for while others are at work.
    deadline = time.monotonic() + settings.busy_timeout
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
