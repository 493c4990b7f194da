"""Settings of the connections to a SQL database."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["SQLAlchemySettings"]


# What a client waits on top of what the server was told, so that the server is the one to speak.
_GRACE = 2.0


class SQLAlchemySettings(BaseSettings):
    """What the options of a store URL are called, and their defaults. Times are in seconds.

    They are read from ``USERKIT_SQL_POOL_SIZE`` and so on; an option in the URL wins.
    """

    model_config = SettingsConfigDict(env_prefix="USERKIT_SQL_", extra="forbid", frozen=True)

    pool_size: int = Field(10, ge=1, le=1000)
    """How many connections are kept open; they are opened when they are needed."""

    max_overflow: int = Field(0, ge=0, le=1000)
    """How many more are opened while all of those are in use, and closed after it.

    Under load each of them serves one call, and opening it costs more than waiting for another.
    """

    pool_timeout: float = Field(10, gt=0, le=3600)
    """How long to wait for a connection of the pool."""

    pool_recycle: int = Field(1800, ge=-1)
    """After what time a connection is replaced, for firewalls that forget; -1 for never."""

    pre_ping: bool = False
    """Ask whether a connection is alive whenever it is taken from the pool.

    It costs a round trip each time and is not needed for correctness: reads on a connection that
    turns out dead are tried again, and commits are looked up.
    """

    connect_timeout: float = Field(5, gt=0, le=3600)
    """How long to wait for a server to answer at first."""

    statement_timeout: float = Field(30, ge=0, le=86400)
    """After what time a server ends a statement; 0 for never. MySQL ends only reads."""

    lock_timeout: float = Field(10, ge=0, le=86400)
    """How long a statement waits for a lock on a server; 0 for ever, but 1 on MariaDB and MySQL."""

    busy_timeout: float = Field(5, ge=0, le=3600)
    """How long to wait for other programs that write to the SQLite file."""

    synchronous: Literal["OFF", "NORMAL", "FULL", "EXTRA"] = "FULL"
    """How hard SQLite tries to keep what was committed: FULL survives the loss of power."""

    mode: Literal["ro", "rw", "rwc"] = "rwc"
    """Read the SQLite file only, write to it, or make it as well."""

    @property
    def longest_answer(self) -> float | None:
        """Return how long to wait for what the server should have ended before; None is for ever."""
        return self.statement_timeout + _GRACE if self.statement_timeout else None

    @property
    def longest_call(self) -> float | None:
        """Return how long a call may take: to get a connection, and to run its statements."""
        answer = self.longest_answer
        return None if answer is None else self.pool_timeout + self.connect_timeout + answer
