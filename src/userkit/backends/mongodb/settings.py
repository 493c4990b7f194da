"""Settings of the connections to MongoDB."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["MongoSettings"]


class MongoSettings(BaseSettings):
    """What the options of a MongoDB URL are called, and their defaults. Times are in seconds.

    They are read from ``USERKIT_MONGODB_POOL_SIZE`` and so on; an option in the URL wins.
    """

    model_config = SettingsConfigDict(env_prefix="USERKIT_MONGODB_", extra="forbid", frozen=True)

    pool_size: int = Field(10, ge=1, le=1000)
    """How many connections are opened to a server at most."""

    pool_timeout: float = Field(10, gt=0, le=3600)
    """How long to wait for a connection of the pool."""

    connect_timeout: float = Field(5, gt=0, le=3600)
    """How long to wait for a server to answer at first."""

    selection_timeout: float = Field(10, gt=0, le=3600)
    """How long to wait for a primary, as after one was lost and another is being elected."""

    operation_timeout: float = Field(30, gt=0, le=3600)
    """How long an operation may take on the wire."""

    read_concern: Literal["majority", "linearizable"] = "majority"
    """How sure a read that decides is.

    ``majority`` sees every commit that was acknowledged, asked of the primary. ``linearizable``
    also excludes a server that does not know yet that it is no longer the primary, and waits for
    a majority of the servers in each read.
    """

    keep_expired: int = Field(86_400, ge=-1)
    """How long after it has expired MongoDB deletes a document by itself; -1 for never."""
