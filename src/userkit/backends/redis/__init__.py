"""Redis and Valkey: a store, a rate limiter and a cache, each usable alone."""

from userkit.backends.redis.limiter import RedisRateLimiter
from userkit.backends.redis.settings import RedisSettings
from userkit.backends.redis.store import RedisStore

__all__ = ["RedisRateLimiter", "RedisSettings", "RedisStore"]
