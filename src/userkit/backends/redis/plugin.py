"""Redis and Valkey as plugins: ``redis://``, and ``rediss://`` with TLS."""

from functools import partial
from typing import TYPE_CHECKING, Any

from userkit.errors import MissingExtraError
from userkit.kernel.clock import Clock
from userkit.ports.cache import CachePlugin
from userkit.ports.rate_limit import RateLimiterPlugin
from userkit.storage.plugin import StorePlugin

if TYPE_CHECKING:
    from userkit.backends.redis.cache import RedisCache
    from userkit.backends.redis.limiter import RedisRateLimiter
    from userkit.backends.redis.store import RedisStore

__all__ = ["redis", "redis_cache", "redis_limiter", "rediss", "rediss_cache", "rediss_limiter"]


def _missing(error: ModuleNotFoundError) -> MissingExtraError:
    return MissingExtraError(f"{error.name} is not installed: pip install 'userkit-sdk[redis]'")


def _open(url: str, *, blocking: bool) -> "RedisStore":
    try:
        from userkit.backends.redis.opening import open_url
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    return open_url(url, blocking=blocking)


def _settings() -> type[Any]:
    from userkit.backends.redis.settings import RedisSettings

    return RedisSettings


_store = partial(
    StorePlugin,
    api_version=1,
    factory=_open,
    settings=_settings,
    capabilities=frozenset(
        {"BulkLoadable", "Concurrent", "Countable", "Purgeable", "Searchable", "Surveyable"}
    ),
)

redis = _store(name="redis", summary="Redis or Valkey by redis-py; for what is short-lived.")
rediss = _store(name="rediss", summary="Redis or Valkey with TLS.")


def _count(url: str, *, blocking: bool, now: Clock) -> "RedisRateLimiter":
    try:
        from userkit.backends.redis.limiter import RedisRateLimiter
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    return RedisRateLimiter.from_url(url, blocking=blocking, now=now)


_limiter = partial(RateLimiterPlugin, api_version=1, factory=_count, settings=_settings)

redis_limiter = _limiter(name="redis", summary="Counts attempts in Redis or Valkey, in one round trip.")
rediss_limiter = _limiter(name="rediss", summary="Counts attempts in Redis or Valkey with TLS.")


def _keep(url: str, *, blocking: bool) -> "RedisCache":
    try:
        from userkit.backends.redis.cache import open_cache
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    return open_cache(url, blocking=blocking)


def _cache_settings() -> type[Any]:
    from userkit.backends.redis.cache_settings import RedisCacheSettings

    return RedisCacheSettings


_cache = partial(CachePlugin, api_version=1, factory=_keep, settings=_cache_settings)

redis_cache = _cache(name="redis", summary="Copies of what is read often, in Redis or Valkey.")
rediss_cache = _cache(name="rediss", summary="Copies of what is read often, in Redis or Valkey with TLS.")
