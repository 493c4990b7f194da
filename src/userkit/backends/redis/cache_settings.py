"""Settings of a cache in Redis or Valkey: shorter times than those of a store."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from userkit.backends.redis.settings import RedisSettings

__all__ = ["RedisCacheSettings"]


class RedisCacheSettings(RedisSettings):
    """The options of the URL of a cache. Times are in seconds.

    They are read from ``USERKIT_REDIS_CACHE_OPERATION_TIMEOUT`` and so on; an option in the URL
    wins. Whoever waits for a cache longer than for the database has no use of it.
    """

    model_config = SettingsConfigDict(env_prefix="USERKIT_REDIS_CACHE_", extra="forbid", frozen=True)

    pool_timeout: float = Field(0.25, gt=0, le=3600)
    """How long to wait for others to be done."""

    connect_timeout: float = Field(0.25, gt=0, le=3600)
    """How long to wait for a server to answer at first."""

    operation_timeout: float = Field(0.25, gt=0, le=3600)
    """How long to wait for each answer."""
